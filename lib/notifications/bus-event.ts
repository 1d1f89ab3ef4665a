/** What the queue of the notify function holds: events of Trailseal's own bus, as EventBridge delivers them. */
import { at, isObject, list, text } from '../core/json.ts';
import { messageVersion } from '../pipeline/live/message.ts';
import { actionDetailType, actionEventSchema } from '../remediation/events/action-event.ts';
import { detailTypes, transitionSchema } from '../remediation/events/transition.ts';
import { type Occasion, occasionOfAction, occasionOfTransition } from './occasion.ts';

export type BusEvent =
  | {
      readonly kind: 'event';
      /** `undefined` where nobody is told of it. */
      readonly occasion: Occasion | undefined;
      readonly body: unknown;
      /** Counts the tries to tell of it, from 1. */
      readonly attempt: number;
      /** The names of the targets that are yet to be told; `undefined` for all. */
      readonly targets: readonly string[] | undefined;
    }
  /** It never can be read: a sentence for people. */
  | { readonly kind: 'unreadable'; readonly reason: string };

const transitionTypes: ReadonlySet<string> = new Set(Object.values(detailTypes));

export function busEventIn(body: string): BusEvent {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return { kind: 'unreadable', reason: `It is no JSON: ${error.message}` };
  }
  const type = text(value, 'detail-type') ?? '';
  const detail = at(value, 'detail');
  if (type === actionDetailType) {
    const action = actionEventSchema.safeParse(detail);
    return action.success ? read(value, occasionOfAction(action.data)) : unreadable(type, action.error);
  }
  if (transitionTypes.has(type)) {
    const transition = transitionSchema.safeParse(detail);
    return transition.success
      ? read(value, occasionOfTransition(transition.data))
      : unreadable(type, transition.error);
  }
  return {
    kind: 'unreadable',
    reason: `It is no event of Trailseal's bus: its detail-type is ${JSON.stringify(type)}.`,
  };
}

function read(body: unknown, occasion: Occasion | undefined): BusEvent {
  const own = at(body, 'trailseal');
  const attempt = at(own, 'attempt');
  const targets = list(own, 'targets').filter((name) => typeof name === 'string');
  return {
    kind: 'event',
    occasion,
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
): BusEvent {
  const [first] = issues;
  const where =
    first === undefined ? '' : ` at ${first.path.map(String).join('.') || 'the top'}: ${first.message}`;
  return { kind: 'unreadable', reason: `A detail of ${type} is not as this version knows it${where}.` };
}

/** The body of an event of which only these targets are to be told, the next time or when it is redriven. */
export function restBody(body: unknown, targets: readonly string[], attempt: number): unknown {
  const own = { version: messageVersion, kind: 'notify', targets, attempt };
  return { ...(isObject(body) ? body : {}), trailseal: own };
}
