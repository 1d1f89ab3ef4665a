/** The messages in the queue of the notify function: events of Trailseal's own bus, as EventBridge delivers them. */
import { at, isObject, list, text } from '../core/json.ts';
import { messageVersion } from '../pipeline/live/message.ts';
import { actionDetailTypes, actionEventSchema } from '../remediation/events/action-event.ts';
import type { EventName } from '../remediation/events/event-record.ts';
import { detailTypes, transitionSchema } from '../remediation/events/transition.ts';

export type NotifyMessage =
  | {
      readonly kind: 'event';
      /** What it names; what it says of that is not believed. */
      readonly name: EventName;
      readonly body: unknown;
      /** Which attempt to notify of it this is, from 1. */
      readonly attempt: number;
      /** The names of the targets that are still to be notified; `undefined` for all. */
      readonly targets: readonly string[] | undefined;
    }
  /** A message that no attempt will make readable; the reason is a sentence for people. */
  | { readonly kind: 'unreadable'; readonly reason: string };

const transitionTypes: ReadonlySet<string> = new Set(Object.values(detailTypes));
const actionTypes: ReadonlySet<string> = new Set(Object.values(actionDetailTypes));

/**
 * Parses a message of the queue.
 * @param body JSON, as EventBridge delivered it, or as `retryBody` made it.
 * @example
 * parseMessage('{"detail-type":"Other"}').kind; // 'unreadable'
 */
export function parseMessage(body: string): NotifyMessage {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return { kind: 'unreadable', reason: `The message is not valid JSON: ${error.message}` };
  }
  const type = text(value, 'detail-type') ?? '';
  const detail = at(value, 'detail');
  if (actionTypes.has(type)) {
    const action = actionEventSchema.safeParse(detail);
    return action.success ? read(value, 'action', action.data) : unreadable(type, action.error);
  }
  if (transitionTypes.has(type)) {
    const transition = transitionSchema.safeParse(detail);
    return transition.success
      ? read(value, 'transition', transition.data)
      : unreadable(type, transition.error);
  }
  return {
    kind: 'unreadable',
    reason: `The message is not an event of Trailseal's bus: its detail-type is ${JSON.stringify(type)}.`,
  };
}

function read(
  body: unknown,
  kind: EventName['kind'],
  { id, finding }: Omit<EventName, 'kind'>,
): NotifyMessage {
  const own = at(body, 'trailseal');
  const attempt = at(own, 'attempt');
  const targets = list(own, 'targets').filter((name) => typeof name === 'string');
  return {
    kind: 'event',
    name: { kind, id, finding },
    body,
    attempt: typeof attempt === 'number' && Number.isSafeInteger(attempt) && attempt > 0 ? attempt : 1,
    targets: targets.length === 0 ? undefined : targets,
  };
}

function unreadable(
  type: string,
  {
    issues,
  }: { readonly issues: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[] },
): NotifyMessage {
  const [first] = issues;
  const where =
    first === undefined ? '' : ` at ${first.path.map(String).join('.') || 'the top'}: ${first.message}`;
  return {
    kind: 'unreadable',
    reason: `The detail of the event "${type}" does not match this version's schema${where}.`,
  };
}

/**
 * The body of an event of which only some targets are still to be notified, later or when it is redriven.
 * @param attempt that of the next time.
 * @example
 * parseMessage(JSON.stringify(retryBody(body, ['webhook /trailseal/dev/hook'], 2)));
 */
export function retryBody(body: unknown, targets: readonly string[], attempt: number): unknown {
  const own = { version: messageVersion, kind: 'notify', targets, attempt };
  return { ...(isObject(body) ? body : {}), trailseal: own };
}
