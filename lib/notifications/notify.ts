/**
 * Notifies every target of a batch of events. An event is handled when each target has accepted its notification, or it was
 * put into the DLQ for that target with the reason. An event that a target did not accept is retried for that target alone,
 * later each time and a limited number of times, so that nobody is notified twice because another target failed.
 */
import type { Delivery } from '../pipeline/live/batch.ts';
import { type EventName, keyTextOf, type PublishedEvent } from '../remediation/events/event-record.ts';
import { type NotifyMessage, parseMessage, retryBody } from './bus-event.ts';
import { compose, type Notification } from './compose.ts';
import type { ControlAdvice } from './content.ts';
import {
  DeliveryError,
  type DeliveryLog,
  type DeliveryTarget,
  emptyLog,
  wasNotified,
  withNotified,
} from './delivery.ts';
import { type NotificationTrigger, triggerOfAction, triggerOfTransition } from './trigger.ts';

export interface NotifyDeps {
  readonly targets: readonly DeliveryTarget[];
  /** The events with these names that Trailseal published, by `keyTextOf` them. */
  readonly published: (names: readonly EventName[]) => Promise<ReadonlyMap<string, PublishedEvent>>;
  readonly adviceFor: (control: string) => ControlAdvice | undefined;
  /** The deployment's name, for the commands in notifications. */
  readonly stage: string;
  /** Sends a body to the function's own queue again. */
  readonly retry: (body: unknown, delaySeconds: number) => Promise<void>;
  /** Puts a body into the DLQ, with a reason for people. */
  readonly deadLetter: (body: string, reason: string) => Promise<void>;
}

export interface NotifyResult {
  /** Notifications that a target accepted. */
  readonly sent: readonly { readonly target: string; readonly id: string; readonly subject: string }[];
  /** Notifications that a target did not accept. */
  readonly failed: readonly { readonly target: string; readonly id: string; readonly error: DeliveryError }[];
  /** The number of events of which nobody is notified. */
  readonly ignored: number;
  /** The number of events that will be retried. */
  readonly retried: number;
  readonly deadLetters: readonly { readonly delivery: string; readonly reason: string }[];
  /** The ids of deliveries that are not handled: the queue has to deliver them again. */
  readonly unhandled: readonly { readonly delivery: string; readonly error: unknown }[];
  /** Who was notified of what, these events included: for the next batch of the same process. */
  readonly log: DeliveryLog;
}

export interface NotifyOptions {
  /** Who was notified of what by earlier batches; events in it that come again are not sent again. */
  readonly log?: DeliveryLog;
  /** Milliseconds until the caller must have its answer; events that there is no time for are retried. */
  readonly remaining?: () => number;
}

/** Seconds before the second attempt, the third, …; after the last the event goes to the DLQ. SQS waits 900 at most. */
export const retryDelays = [60, 300, 900] as const;

/** Milliseconds that the attempts of one notification may take, and what comes after them. */
const timeForOne = 90_000;

type NotifyEvent = Extract<NotifyMessage, { readonly kind: 'event' }> & {
  readonly delivery: Delivery;
  /** `undefined` where nobody is notified of it. */
  readonly trigger: NotificationTrigger | undefined;
};

type Read =
  | { readonly delivery: Delivery; readonly kind: 'event'; readonly event: NotifyEvent }
  | { readonly delivery: Delivery; readonly kind: 'unreadable'; readonly reason: string }
  /** Whether Trailseal published it is not known now. */
  | { readonly delivery: Delivery; readonly kind: 'unhandled'; readonly error: unknown };

/** An event that a target was not notified of. */
interface MissedEvent {
  readonly event: NotifyEvent;
  readonly target: string;
  readonly error: DeliveryError;
}

interface TargetResult {
  readonly sent: NotifyResult['sent'];
  readonly failed: NotifyResult['failed'];
  readonly missed: readonly MissedEvent[];
  /** The ids of the events that the target was notified of. */
  readonly notified: readonly string[];
}

type Settled = Pick<NotifyResult, 'retried' | 'deadLetters' | 'unhandled'>;

/**
 * Notifies of a batch.
 * @returns what became of each event. Never rejects: an event that could not even be put into the DLQ is `unhandled`.
 * @example
 * const { unhandled, log } = await notify(deliveries, { log: earlier.log }, deps);
 */
export async function notify(
  deliveries: readonly Delivery[],
  { log = emptyLog, remaining = () => Number.POSITIVE_INFINITY }: NotifyOptions,
  deps: NotifyDeps,
): Promise<NotifyResult> {
  const read = await readAll(deliveries, deps);
  const events = read.flatMap((one) => (one.kind === 'event' ? [one.event] : []));
  const results = await Promise.all(
    deps.targets.map(async (target) => ({
      target: target.name,
      ...(await notifyTarget(target, events, log, remaining, deps)),
    })),
  );
  const missed = [
    ...results.flatMap((result) => result.missed),
    ...events.flatMap((event) => missedByRemoved(event, deps.targets)),
  ];
  const settled: Settled[] = [];
  // One after the other: a batch in which everything failed must not ask SQS for hundreds of things at once.
  for (const one of read) {
    const { delivery } = one;
    switch (one.kind) {
      case 'event':
        settled.push(
          await settle(
            missed.filter(({ event }) => event.delivery === delivery),
            deps,
          ),
        );
        break;
      case 'unreadable':
        settled.push(await putIntoDlq(delivery, delivery.body, one.reason, deps));
        break;
      case 'unhandled':
        settled.push({ ...settledNothing, unhandled: [{ delivery: delivery.id, error: one.error }] });
        break;
    }
  }
  return {
    sent: results.flatMap(({ sent }) => sent),
    failed: results.flatMap(({ failed }) => failed),
    ignored: events.filter(({ trigger }) => trigger === undefined).length,
    retried: settled.reduce((sum, { retried }) => sum + retried, 0),
    deadLetters: settled.flatMap(({ deadLetters }) => deadLetters),
    unhandled: settled.flatMap(({ unhandled }) => unhandled),
    log: results.reduce((next, { target, notified }) => withNotified(next, target, notified), log),
  };
}

/**
 * What the deliveries are about, as Trailseal stored it when it published it: a message only names it, and one that names
 * nothing there is not notified of.
 */
async function readAll(deliveries: readonly Delivery[], { published }: NotifyDeps): Promise<readonly Read[]> {
  const parsed = deliveries.map((delivery) => ({ delivery, message: parseMessage(delivery.body) }));
  const names = parsed.flatMap(({ message }) => (message.kind === 'event' ? [message.name] : []));
  let found: ReadonlyMap<string, PublishedEvent>;
  try {
    found = names.length === 0 ? new Map() : await published(names);
  } catch (error) {
    return parsed.map(
      ({ delivery, message }): Read =>
        message.kind === 'event' ? { delivery, kind: 'unhandled', error } : { delivery, ...message },
    );
  }
  return parsed.map(({ delivery, message }): Read => {
    if (message.kind === 'unreadable') return { delivery, ...message };
    const one = found.get(keyTextOf(message.name));
    if (one === undefined) {
      const { id, finding } = message.name;
      const reason = `Trailseal published no event ${JSON.stringify(id)} about ${JSON.stringify(finding)}: nobody is notified of it.`;
      return { delivery, kind: 'unreadable', reason };
    }
    return { delivery, kind: 'event', event: { ...message, delivery, trigger: triggerOf(one) } };
  });
}

function triggerOf(published: PublishedEvent): NotificationTrigger | undefined {
  return published.kind === 'action'
    ? triggerOfAction(published.event)
    : triggerOfTransition(published.event);
}

async function notifyTarget(
  target: DeliveryTarget,
  events: readonly NotifyEvent[],
  log: DeliveryLog,
  remaining: () => number,
  { adviceFor, stage }: NotifyDeps,
): Promise<TargetResult> {
  const pending = pendingFor(target, events, log);
  const triggers = [...pending.values()].map(({ trigger }) => trigger);
  const sent: NotifyResult['sent'][number][] = [];
  const failed: NotifyResult['failed'][number][] = [];
  const missed: MissedEvent[] = [];
  const notified: string[] = [];
  let unavailable: DeliveryError | undefined;
  for (const notification of compose(triggers, adviceFor, stage)) {
    const { id, subject } = notification;
    // A target that did not answer is not called again in this batch: waiting in the queue costs nothing.
    if (remaining() < timeForOne)
      unavailable ??= new DeliveryError(`There was no time left for the ${target.name}.`, false);
    const error: DeliveryError | undefined = unavailable ?? (await send(target, notification));
    if (error === undefined) {
      notified.push(...notification.events);
      sent.push({ target: target.name, id, subject });
      continue;
    }
    if (!error.permanent) unavailable = error;
    failed.push({ target: target.name, id, error });
    for (const eventId of notification.events) {
      const one = pending.get(eventId);
      if (one !== undefined) missed.push({ event: one.event, target: target.name, error });
    }
  }
  return { sent, failed, missed, notified };
}

/** The events that a target is still to be notified of, by id: an event that came twice counts, and is retried, once. */
function pendingFor(
  { name: target, kind }: DeliveryTarget,
  events: readonly NotifyEvent[],
  log: DeliveryLog,
): ReadonlyMap<string, { readonly event: NotifyEvent; readonly trigger: NotificationTrigger }> {
  const pending = events.flatMap((event) => {
    const { trigger, targets } = event;
    if (trigger === undefined || targets?.includes(target) === false) return [];
    if (trigger.targets?.includes(kind) === false) return [];
    return wasNotified(log, target, trigger.id) ? [] : [[trigger.id, { event, trigger }] as const];
  });
  // Of entries with one key a map keeps the last, and of an event that came twice the first counts.
  return new Map(pending.toReversed());
}

/** An event may have been kept for targets that the deployment no longer has. */
function missedByRemoved(
  event: NotifyEvent,
  targets: readonly Pick<DeliveryTarget, 'name'>[],
): readonly MissedEvent[] {
  return (event.targets ?? [])
    .filter((name) => !targets.some((target) => target.name === name))
    .map((target) => ({
      event,
      target,
      error: new DeliveryError(`The deployment no longer has the ${target}.`, true),
    }));
}

/** Retries one event for the targets that may accept it later, and puts it into the DLQ for the others. */
async function settle(missed: readonly MissedEvent[], deps: NotifyDeps): Promise<Settled> {
  const [first] = missed;
  if (first === undefined) return settledNothing;
  const { delivery, body, attempt } = first.event;
  const delay = retryDelays[attempt - 1];
  const lost = missed.filter(({ error }) => error.permanent || delay === undefined);
  const rest = missed.filter((miss) => !lost.includes(miss)).map(({ target }) => target);
  const names = lost.map(({ target }) => target);
  const reason = lost.map(({ error }) => error.message).join(' ');
  const put =
    lost.length === 0
      ? settledNothing
      : await putIntoDlq(delivery, JSON.stringify(retryBody(body, names, 1)), reason, deps);
  if (rest.length === 0 || delay === undefined || put.unhandled.length > 0) return put;
  try {
    await deps.retry(retryBody(body, rest, attempt + 1), delay);
    return { ...put, retried: 1 };
  } catch (error) {
    return { ...put, unhandled: [{ delivery: delivery.id, error }] };
  }
}

const settledNothing: Settled = { retried: 0, deadLetters: [], unhandled: [] };

async function putIntoDlq(
  delivery: Delivery,
  body: string,
  reason: string,
  { deadLetter }: NotifyDeps,
): Promise<Settled> {
  try {
    await deadLetter(body, reason);
    return { ...settledNothing, deadLetters: [{ delivery: delivery.id, reason }] };
  } catch (error) {
    return { ...settledNothing, unhandled: [{ delivery: delivery.id, error }] };
  }
}

/** @returns why the target did not accept it; `undefined` when it did. */
async function send(target: DeliveryTarget, notification: Notification): Promise<DeliveryError | undefined> {
  try {
    await target.send(notification);
    return undefined;
  } catch (error) {
    if (error instanceof DeliveryError) return error;
    const reason = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    return new DeliveryError(`The ${target.name} could not be notified: ${reason}`, false, error);
  }
}
