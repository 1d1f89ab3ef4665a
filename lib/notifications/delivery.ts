/** What every target of notifications has in common, and which targets were notified of which events. */
import type { NotificationTarget } from '../policy/notifications.ts';
import type { Notification } from './compose.ts';

/** A topic or webhook that notifications go to. */
export interface DeliveryTarget {
  /** The same as long as it is the same target: events that it is still to be notified of name it. */
  readonly name: string;
  /** By which the policy's routes choose it. */
  readonly kind: NotificationTarget;
  /** Rejects with a `DeliveryError` when the target did not accept the notification, or may not have. */
  send(notification: Notification): Promise<void>;
}

/** A target did not accept a notification. */
export class DeliveryError extends Error {
  override readonly name = 'DeliveryError';
  /** Whether it would not accept it a second time either, until a person changes something. */
  readonly permanent: boolean;

  /** @param message says what happened, and what the reader can do. */
  constructor(message: string, permanent: boolean, cause?: unknown) {
    super(message, { cause });
    this.permanent = permanent;
  }
}

/** Which target was notified of which event: pairs, the oldest first. A new value for each change. */
export type DeliveryLog = ReadonlySet<string>;

export const emptyLog: DeliveryLog = new Set();

/** Maximum number of pairs that are remembered: some megabytes. */
const mostRemembered = 20_000;

/**
 * @param event its id.
 * @example
 * wasNotified(withNotified(emptyLog, 'topic a (text)', ['event-1']), 'topic a (text)', 'event-1'); // true
 */
export function wasNotified(log: DeliveryLog, target: string, event: string): boolean {
  return log.has(pair(target, event));
}

/**
 * The log with these events added; beyond its limit, the oldest pairs are forgotten.
 * @param events their ids.
 * @param most the maximum number of pairs.
 * @example
 * withNotified(emptyLog, 'topic a (text)', ['event-1', 'event-2']).size; // 2
 */
export function withNotified(
  log: DeliveryLog,
  target: string,
  events: readonly string[],
  most = mostRemembered,
): DeliveryLog {
  const pairs = [...log, ...events.map((event) => pair(target, event))];
  return new Set(pairs.slice(Math.max(0, pairs.length - most)));
}

function pair(target: string, event: string): string {
  return JSON.stringify([target, event]);
}
