/**
 * The messages in the queues: events as EventBridge delivers them, and Trailseal's own messages, JSON objects with a
 * `trailseal` member. This module parses all of them.
 */
import { type Canary, canaryIn } from '../../aws/canary.ts';
import type { Control, Resource, ResourceType, TrailEvent } from '../../core/control.ts';
import { at, isObject, list, text } from '../../core/json.ts';
import { hasArn, isResourceType } from '../../services/catalogue.ts';
import { parseRecord } from '../../trail/parse.ts';

/** The version of Trailseal's own messages. */
export const messageVersion = 1;

export type Message =
  /** A CloudTrail event; `attempt` counts the evaluations of its resources, from 1. */
  | { readonly kind: 'event'; readonly event: TrailEvent; readonly attempt: number; readonly body: unknown }
  /** Resources to evaluate now, for a scheduled scan or an operator. */
  | { readonly kind: 're-evaluate'; readonly resources: readonly Recheck[] }
  /** Findings that are pending publication to Security Hub. */
  | { readonly kind: 'publish'; readonly findings: readonly string[]; readonly attempt: number }
  /** A scheduled scan to run: of everything, or of one type of resource from where an earlier message stopped. */
  | { readonly kind: 'scan'; readonly part: ScheduledScanPart | undefined }
  /** A canary: the event of the tag by which the watchdog tests the way from CloudTrail to here. */
  | { readonly kind: 'canary'; readonly canary: Canary }
  | { readonly kind: 'malformed'; readonly reason: string };

/** One resource to evaluate by these controls, or by all controls of its type. */
export interface Recheck {
  readonly resource: Resource;
  readonly controls?: readonly Control['id'][];
}

/** What one message of a scheduled scan covers: the resources of a type as AWS lists them, or the findings in the state table. */
export interface ScheduledScanPart {
  readonly of: ResourceType | 'stateTable';
  /** Where to continue: AWS's or DynamoDB's own token. */
  readonly token?: string;
}

/**
 * Parses the body of a message from a queue.
 * @param body the text of the message.
 * @returns the message; `malformed`, with a reason for people, for a body that is not JSON or not a known message.
 * @example parseBody('no JSON').kind // 'malformed'
 */
export function parseBody(body: string): Message {
  try {
    return parseMessage(JSON.parse(body));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return malformed(`it is no JSON: ${error.message}`);
  }
}

/**
 * Parses a message whose JSON is parsed already.
 * @param value the message's body, parsed from JSON.
 * @returns the message; `malformed`, with a reason for people, for a value that is neither an event nor Trailseal's
 *   own message.
 * @example parseMessage({ trailseal: { version: 1, kind: 'scan' } }) // { kind: 'scan', part: undefined }
 */
export function parseMessage(value: unknown): Message {
  const own = at(value, 'trailseal');
  if (own !== undefined && !isObject(own)) return malformed('its "trailseal" is no object');
  const kind = text(own, 'kind');
  if (own !== undefined && at(own, 'version') !== messageVersion) {
    return malformed(`its version is ${described(at(own, 'version'))}, not ${messageVersion}`);
  }
  switch (kind) {
    case 're-evaluate': {
      const resources = list(own, 'resources').map(recheckIn);
      return resources.length > 0 && resources.every((recheck) => recheck !== undefined)
        ? { kind, resources }
        : malformed(
            'a re-evaluation names a resource without a known type, id, account or Region, without its ARN, or none',
          );
    }
    case 'publish': {
      const findings = list(own, 'findings').filter(
        (id): id is string => typeof id === 'string' && id !== '',
      );
      return findings.length > 0
        ? { kind, findings, attempt: attemptIn(own) }
        : malformed('a publication names no finding');
    }
    case 'scan': {
      const of = text(own, 'of');
      const token = text(own, 'token');
      if (of === undefined) return { kind, part: undefined };
      if (of !== 'stateTable' && !isResourceType(of)) {
        return malformed(`a scheduled scan is of ${described(of)}, which is no type of resource`);
      }
      return { kind, part: { of, ...(token === undefined ? {} : { token }) } };
    }
    case undefined:
    case 'again': {
      const canary = canaryIn(value);
      if (canary !== undefined) return { kind: 'canary', canary };
      const parsed = parseRecord(value);
      if (!parsed.ok) return malformed(parsed.reason);
      return {
        kind: 'event',
        event: parsed.event,
        attempt: attemptIn(own),
        body: value,
      };
    }
    default:
      return malformed(`its kind is ${described(kind)}, which is none`);
  }
}

function attemptIn(own: unknown): number {
  const attempt = at(own, 'attempt');
  return typeof attempt === 'number' && Number.isSafeInteger(attempt) && attempt > 0 ? attempt : 1;
}

function malformed(reason: string): Message {
  return { kind: 'malformed', reason };
}

/** An unexpected value, for people: shortened, because it may be as large and as deep as a message. */
function described(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (isObject(value)) return 'an object';
  const said = JSON.stringify(value) ?? 'missing';
  return said.length > 100 ? `${said.slice(0, 100).toWellFormed()}…` : said;
}

function recheckIn(value: unknown): Recheck | undefined {
  const named = resourceIn(at(value, 'resource'));
  if (named === undefined) return undefined;
  const controls = at(value, 'controls');
  return {
    resource: named,
    ...(Array.isArray(controls)
      ? { controls: controls.filter((control) => typeof control === 'string') }
      : {}),
  };
}

/** A resource without its tags; `undefined` where it has no ARN although its type has ARNs. */
function resourceIn(value: unknown): Resource | undefined {
  const [type, id, arn, account, region, partOf] = ['type', 'id', 'arn', 'account', 'region', 'partOf'].map(
    (field) => text(value, field),
  );
  if (!type || !isResourceType(type) || !id || !account || !region) return undefined;
  const identity = { id, account, region, ...(partOf === undefined ? {} : { partOf }) };
  if (!hasArn(type)) return { type, ...identity };
  return arn ? { type, arn, ...identity } : undefined;
}

/**
 * The body of a message that requests the evaluation of resources. Tags are left out, because the evaluator reads
 * them anew.
 * @returns the body as an object, to be written as JSON.
 * @example recheckBody([{ resource }]) // { trailseal: { version: 1, kind: 're-evaluate', resources: [{ resource }] } }
 */
export function recheckBody(rechecks: readonly Recheck[]): unknown {
  return own({
    kind: 're-evaluate',
    resources: rechecks.map(({ resource: { tags: _tags, ...resource }, controls }) => ({
      resource,
      ...(controls === undefined ? {} : { controls }),
    })),
  });
}

/**
 * The body of a message that requests another evaluation of an event's resources.
 * @param body the event's own message, parsed from JSON.
 * @param attempt the number of the evaluation that it requests, from 2.
 * @example againBody({ detail: {} }, 2) // { detail: {}, trailseal: { version: 1, kind: 'again', attempt: 2 } }
 */
export function againBody(body: unknown, attempt: number): unknown {
  return { ...(isObject(body) ? body : {}), ...own({ kind: 'again', attempt }) };
}

/**
 * The body of a message that requests the publication of findings to Security Hub.
 * @param findings their ids.
 * @param attempt the number of the attempt, from 1.
 * @example publishBody(['f1']) // { trailseal: { version: 1, kind: 'publish', findings: ['f1'], attempt: 1 } }
 */
export function publishBody(findings: readonly string[], attempt = 1): unknown {
  return own({ kind: 'publish', findings, attempt });
}

/**
 * The body of a message that requests a scheduled scan.
 * @param part the part to scan; the whole where left out.
 * @example scheduledScanBody({ of: 'AwsKmsKey' }) // { trailseal: { version: 1, kind: 'scan', of: 'AwsKmsKey' } }
 */
export function scheduledScanBody(part?: ScheduledScanPart): unknown {
  return own({ kind: 'scan', ...part });
}

function own(said: Readonly<Record<string, unknown>>): { readonly trailseal: unknown } {
  return { trailseal: { version: messageVersion, ...said } };
}
