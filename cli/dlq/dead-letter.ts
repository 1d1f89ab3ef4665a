/** A message in a DLQ: what it is about, and why it failed. Pure. */
import type { Message as SqsMessage } from '@aws-sdk/client-sqs';
import { functionName, type ListenerName, type QueueName, type Stage } from '../../lib/aws/names.ts';
import { list, text } from '../../lib/core/json.ts';
import { type Message, parseBody } from '../../lib/pipeline/live/message.ts';
import type { Matcher } from '../../lib/pipeline/match.ts';
import { customActionDetailType } from '../../lib/remediation/custom-actions/message.ts';
import { transitionSource } from '../../lib/remediation/events/transition.ts';

export interface DeadLetter {
  /** The queue whose DLQ it is in. */
  readonly queue: QueueName | ListenerName;
  readonly id: string;
  /** The receipt handle, by which it is deleted or made visible again. */
  readonly receipt: string;
  /** Epoch milliseconds: when it was sent, to its first queue where SQS itself moved it here. */
  readonly sentAt: number | undefined;
  /** How often it was received, by anybody, including by `dlq list`. */
  readonly received: number;
  readonly origin: DeadLetterOrigin;
  /** Why it failed: a sentence for people, not escaped yet. */
  readonly reason: string;
  /** What it is about, in a few words, not escaped yet. */
  readonly about: string;
  readonly body: string;
}

/** Who sent it here: Trailseal's function, with a reason; EventBridge or Scheduler; SQS itself after many attempts. */
export type DeadLetterOrigin = 'function' | 'eventbridge' | 'scheduler' | 'sqs';

/** @param message as ReceiveMessage gives it, with all its attributes. */
export function deadLetterOf(
  message: SqsMessage,
  queue: QueueName | ListenerName,
  stage: Stage,
  matcher: Pick<Matcher, 'match'>,
): DeadLetter {
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

function originOf(message: SqsMessage): DeadLetterOrigin {
  if (attribute(message, 'reason') !== undefined) return 'function';
  if (attribute(message, 'SCHEDULE_ARN') !== undefined) return 'scheduler';
  return attribute(message, 'RULE_ARN') === undefined ? 'sqs' : 'eventbridge';
}

/**
 * Source: Amazon EventBridge User Guide, "Using dead-letter queues to process undelivered events"; EventBridge
 * Scheduler User Guide, "Configuring a schedule's dead-letter queue" (the attributes of both).
 */
function reasonOf(message: SqsMessage, origin: DeadLetterOrigin, functionCalled: string): string {
  const code = attribute(message, 'ERROR_CODE') ?? 'no error code';
  const errorMessage = attribute(message, 'ERROR_MESSAGE');
  const error = errorMessage === undefined ? code : `${code}: ${errorMessage}`;
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
        `no reason was recorded: the function ${functionCalled} timed out, ran out of memory or crashed each time; ` +
        `received ${received === '1' ? 'once' : `${received} times`}, including by dlq list; see the log group /aws/lambda/${functionCalled}`
      );
    }
  }
}

/** A message of `remediate`, `notify` or `operator` in a few words; `undefined` for any other. */
function aboutBus(body: string): string | undefined {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    // Not JSON: `parseBody` says so.
    return undefined;
  }
  if (text(value, 'source') === transitionSource) {
    return `event ${text(value, 'detail-type') ?? 'without a type'} of ${text(value, 'detail', 'finding') ?? 'no finding'}`;
  }
  if (text(value, 'detail-type') === customActionDetailType) {
    const ids = list(value, 'detail', 'findings').flatMap((finding) => text(finding, 'Id') ?? []);
    return `custom action "${text(value, 'detail', 'actionName') ?? 'without a name'}" for ${ids.length === 0 ? 'no finding' : listed(ids)}`;
  }
  const requested = text(value, 'trailseal', 'requestedAction', 'finding');
  if (requested !== undefined) {
    return `requested action ${text(value, 'trailseal', 'requestedAction', 'action') ?? 'without a name'} for ${requested}`;
  }
  const finding = text(value, 'trailseal', 'remediation', 'finding');
  if (finding !== undefined) return `end of the grace period of ${finding}`;
  return text(value, 'trailseal', 'kind') === 'notify' ? 'notifications that were not delivered' : undefined;
}

function aboutOf(message: Message, matcher: Pick<Matcher, 'match'>): string {
  switch (message.kind) {
    case 'event': {
      const { event, attempt } = message;
      const { triggered, deleted } = matcher.match(event);
      const ids = [...new Set([...triggered, ...deleted].map(({ resource }) => resource.id))];
      const of = ids.length === 0 ? '' : ` of ${listed(ids)}`;
      const again = attempt > 1 ? `, attempt ${attempt}` : '';
      return `${event.eventName}${of}${event.id === undefined ? '' : `, event ${event.id}`}${again}`;
    }
    case 're-evaluate':
      return `re-check of ${listed(message.resources.map(({ resource }) => resource.id))}`;
    case 'publish':
      return `publication of ${listed(message.findings)}`;
    case 'scan':
      return `scheduled scan of ${message.part?.of ?? 'everything'}`;
    case 'canary':
      return `canary of ${new Date(message.canary.sentAt).toISOString()}`;
    case 'malformed':
      return `not a message of Trailseal: ${message.reason}`;
  }
}

function listed(ids: readonly string[]): string {
  return ids.length > 3 ? `${ids.slice(0, 3).join(', ')} and ${ids.length - 3} more` : ids.join(', ');
}

/**
 * The body to send, so that the message is handled again: its original one. Scheduler may store the call that it could
 * not make (SendMessage of SQS) in place of the message.
 */
export function bodyAgain({ body, origin }: Pick<DeadLetter, 'body' | 'origin'>): string {
  if (origin !== 'scheduler' || parseBody(body).kind !== 'malformed') return body;
  try {
    return text(JSON.parse(body), 'MessageBody') ?? body;
  } catch {
    // Not JSON, therefore no call either: it is sent as it is, and fails again.
    return body;
  }
}
