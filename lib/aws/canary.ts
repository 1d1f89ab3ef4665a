/**
 * The canary: a tag that is written on a function of the stack every hour. CloudTrail records the call as it records every
 * other, EventBridge delivers the record, and each evaluator has to receive it: what no event reaches any more, for whatever
 * reason, is noticed by that.
 *
 * Sources: AWS Lambda API Reference, "TagResource"; AWS Lambda Developer Guide, "Logging AWS Lambda API calls using AWS
 * CloudTrail" (management events, whose names may end in the version of the API); Amazon EventBridge User Guide, "AWS
 * service events delivered via AWS CloudTrail".
 */
import { at, text } from '../core/json.ts';

/** The key of the tag. */
export const canaryTag = 'trailseal-canary';

/** The names that CloudTrail has given the call. */
const eventNames = ['TagResource20170331v2', 'TagResource20170331', 'TagResource'] as const;

const source = 'aws.lambda';
const detailType = 'AWS API Call via CloudTrail';

/** `2026-11-30T22:00:00.000Z/0b5c…`: when it was sent, and what nobody can guess. Every character is allowed in a tag's value. */
const form = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)\/[0-9a-f-]{36}$/;

/** One canary. */
export interface Canary {
  /** The tag's value, by which it is known again. */
  readonly nonce: string;
  /** Epoch milliseconds. */
  readonly sentAt: number;
}

/**
 * @param now epoch milliseconds.
 * @param id a random UUID, so that a canary can't be forged.
 * @example newCanary(Date.now(), randomUUID()).nonce // '2026-11-30T22:00:00.000Z/0b5c…'
 */
export function newCanary(now: number, id: string): Canary {
  return { nonce: `${new Date(now).toISOString()}/${id}`, sentAt: now };
}

/**
 * The pattern of the events of successful calls that wrote this tag on this function, and of no other event.
 * @param functionArn its ARN, or what CloudFormation makes it of.
 * @example canaryPattern('arn:aws:lambda:…:function:trailseal-dev-watchdog').detail.requestParameters.resource
 */
export function canaryPattern<Arn>(functionArn: Arn) {
  return {
    source: [source],
    'detail-type': [detailType],
    detail: {
      eventName: [...eventNames],
      errorCode: [{ exists: false }],
      requestParameters: { resource: [functionArn], tags: { [canaryTag]: [{ exists: true }] } },
    },
  };
}

/**
 * The canary in an event, as far as an event can tell: whether it was sent, only the state table knows.
 * @param event as EventBridge delivers it.
 * @returns `undefined` for every other event.
 */
export function canaryIn(event: unknown): Canary | undefined {
  if (text(event, 'source') !== source) return undefined;
  const nonce = at(event, 'detail', 'requestParameters', 'tags', canaryTag);
  const [, sent] = (typeof nonce === 'string' ? form.exec(nonce) : null) ?? [];
  const sentAt = Date.parse(sent ?? '');
  return typeof nonce === 'string' && !Number.isNaN(sentAt) ? { nonce, sentAt } : undefined;
}
