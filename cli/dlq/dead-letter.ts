/** A dead letter: what it is, and why it lies where it does. Pure. */
import type { Message as SqsMessage } from '@aws-sdk/client-sqs';
import { functionName, type ListenerName, type QueueName, type Stage } from '../../lib/aws/names.ts';
import { list, text } from '../../lib/core/json.ts';
import { type Message, parseBody } from '../../lib/pipeline/live/message.ts';
import type { Matcher } from '../../lib/pipeline/match.ts';
import { customActionDetailType } from '../../lib/remediation/custom-actions/message.ts';
import { transitionSource } from '../../lib/remediation/events/transition.ts';

export interface Letter {
  /** Whose dead letter it is. */
  readonly queue: QueueName | ListenerName;
  readonly id: string;
  /** What it has to be deleted, or shown again, by. */
  readonly receipt: string;
  /** Epoch milliseconds: when it was sent, to the queue it was first meant for where SQS itself moved it here. */
  readonly sentAt: number | undefined;
  /** How often it was received, by anybody, these looks at it included. */
  readonly received: number;
  readonly origin: Origin;
  /** A sentence for people, not escaped yet. */
  readonly reason: string;
  /** What it is about, in a few words, not escaped yet. */
  readonly about: string;
  readonly body: string;
}

/** Who put it here: Trailseal's function, with its reason; EventBridge or Scheduler; SQS itself after many tries. */
export type Origin = 'function' | 'eventbridge' | 'scheduler' | 'sqs';

/** @param message as ReceiveMessage gives it, with all its attributes. */
export function letterOf(
  message: SqsMessage,
  queue: QueueName | ListenerName,
  stage: Stage,
  matcher: Pick<Matcher, 'match'>,
): Letter {
  const { MessageId = '', ReceiptHandle = '', Body = '', Attributes = {} } = message;
  const sent = Number(Attributes.SentTimestamp);
  const origin = originOf(message);
  return {
    queue,
    id: MessageId,
    receipt: ReceiptHandle,
    sentAt: Number.isSafeInteger(sent) && sent > 0 ? sent : undefined,
    received: Number(Attributes.ApproximateReceiveCount ?? 0),
    origin,
    reason: reasonOf(message, origin, functionName(stage, queue)),
    about: aboutBus(Body) ?? aboutOf(parseBody(Body), matcher),
    body: Body,
  };
}

function attribute(message: SqsMessage, name: string): string | undefined {
  return message.MessageAttributes?.[name]?.StringValue;
}

function originOf(message: SqsMessage): Origin {
  if (attribute(message, 'reason') !== undefined) return 'function';
  if (attribute(message, 'SCHEDULE_ARN') !== undefined) return 'scheduler';
  return attribute(message, 'RULE_ARN') === undefined ? 'sqs' : 'eventbridge';
}

/**
 * Source: Amazon EventBridge User Guide, "Using dead-letter queues to process undelivered events"; EventBridge
 * Scheduler User Guide, "Configuring a schedule's dead-letter queue" (the attributes of both).
 */
function reasonOf(message: SqsMessage, origin: Origin, called: string): string {
  const code = attribute(message, 'ERROR_CODE') ?? 'no error code';
  const told = attribute(message, 'ERROR_MESSAGE');
  const error = told === undefined ? code : `${code}: ${told}`;
  switch (origin) {
    case 'function':
      return attribute(message, 'reason') ?? '';
    case 'eventbridge':
      return `EventBridge could not deliver it (${error})`;
    case 'scheduler':
      return `EventBridge Scheduler could not deliver it (${error})`;
    case 'sqs': {
      const received = message.Attributes?.ApproximateReceiveCount ?? 'several';
      return (
        `no reason was given: the function ${called} was ended (time-out, memory) or failed each time; ` +
        `received ${received === '1' ? 'once' : `${received} times`}, looks such as this included; see /aws/lambda/${called}`
      );
    }
  }
}

/** What a message of a listener is; `undefined` for any other. */
function aboutBus(body: string): string | undefined {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    // No JSON: `parseBody` says so.
    return undefined;
  }
  if (text(value, 'source') === transitionSource) {
    return `${text(value, 'detail-type') ?? 'event'} of ${text(value, 'detail', 'finding') ?? 'no finding'}`;
  }
  if (text(value, 'detail-type') === customActionDetailType) {
    const ids = list(value, 'detail', 'findings').flatMap((finding) => text(finding, 'Id') ?? []);
    return `order "${text(value, 'detail', 'actionName') ?? 'of no name'}" for ${ids.length === 0 ? 'no finding' : some(ids)}`;
  }
  const requested = text(value, 'trailseal', 'requestedAction', 'finding');
  if (requested !== undefined) {
    return `order of an operator (${text(value, 'trailseal', 'requestedAction', 'action') ?? 'of nothing'}) for ${requested}`;
  }
  const finding = text(value, 'trailseal', 'remediation', 'finding');
  if (finding !== undefined) return `end of the grace period of ${finding}`;
  return text(value, 'trailseal', 'kind') === 'notify' ? 'notices that were not delivered' : undefined;
}

function aboutOf(message: Message, matcher: Pick<Matcher, 'match'>): string {
  switch (message.kind) {
    case 'event': {
      const { event, attempt } = message;
      const { triggered, deleted } = matcher.match(event);
      const ids = [...new Set([...triggered, ...deleted].map(({ resource }) => resource.id))];
      const of = ids.length === 0 ? '' : ` of ${some(ids)}`;
      const look = attempt > 1 ? `, look ${attempt}` : '';
      return `${event.eventName}${of}${event.id === undefined ? '' : `, event ${event.id}`}${look}`;
    }
    case 'look':
      return `look at ${some(message.looks.map(({ resource }) => resource.id))}`;
    case 'publish':
      return `publish ${some(message.findings)}`;
    case 'scan':
      return `scheduled scan of ${message.part?.of ?? 'everything'}`;
    case 'malformed':
      return `no message of Trailseal's: ${message.reason}`;
  }
}

function some(ids: readonly string[]): string {
  return ids.length > 3 ? `${ids.slice(0, 3).join(', ')} and ${ids.length - 3} more` : ids.join(', ');
}

/**
 * What has to be sent for the letter to be handled again: what was sent first. Scheduler writes the call that it
 * could not make (SendMessage of SQS) where the message was all of it.
 */
export function bodyAgain({ body, origin }: Pick<Letter, 'body' | 'origin'>): string {
  if (origin !== 'scheduler' || parseBody(body).kind !== 'malformed') return body;
  try {
    return text(JSON.parse(body), 'MessageBody') ?? body;
  } catch {
    // No JSON, so no call either: it is sent as it is, and said to be malformed again.
    return body;
  }
}
