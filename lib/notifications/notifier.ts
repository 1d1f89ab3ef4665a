/**
 * Tells people of a batch of events. An event is handled when each target has taken its message, or it was put aside for
 * that target with the reason. What a target did not take is tried again for that target alone, later each time and not
 * for ever, so that nobody is told twice because another could not be told.
 */
import type { Delivery } from '../pipeline/live/batch.ts';
import { type BusEvent, busEventIn, restBody } from './bus-event.ts';
import { compose, type Notification } from './compose.ts';
import { DeliveryError } from './delivery-error.ts';
import type { Occasion } from './occasion.ts';
import { Told } from './outcome.ts';
import type { Advice } from './report.ts';
import type { Target } from './target.ts';

export interface NotifierOptions {
  readonly targets: readonly Target[];
  readonly adviceFor: (control: string) => Advice | undefined;
  /** The deployment's name, for the commands in messages. */
  readonly stage: string;
  /** Sends a body to the function's own queue again. */
  readonly again: (body: unknown, delaySeconds: number) => Promise<void>;
  /** Puts a body aside, with a reason for people. */
  readonly deadLetter: (body: string, reason: string) => Promise<void>;
}

export interface Notified {
  /** Messages that a target took. */
  readonly sent: readonly { readonly target: string; readonly id: string; readonly subject: string }[];
  /** Messages that a target did not take. */
  readonly failed: readonly { readonly target: string; readonly id: string; readonly error: DeliveryError }[];
  /** Events of which nobody is to be told. */
  readonly ignored: number;
  /** Events that will be tried again. */
  readonly again: number;
  readonly deadLetters: readonly { readonly delivery: string; readonly reason: string }[];
  /** The ids of deliveries that were neither told of nor put aside: the queue has to deliver them again. */
  readonly unhandled: readonly { readonly delivery: string; readonly error: unknown }[];
}

/** Seconds before the second try, the third, …; after the last the event is put aside. SQS waits 900 at most. */
export const retryDelays = [60, 300, 900] as const;

/** Milliseconds that the tries of one message may take, and what comes after them. */
const timeForOne = 90_000;

type Readable = Extract<BusEvent, { readonly kind: 'event' }> & { readonly delivery: Delivery };

/** What a target could not be told of one event. */
interface Miss {
  readonly target: string;
  readonly error: DeliveryError;
}

export class Notifier {
  readonly #options: NotifierOptions;
  readonly #told = new Told();

  constructor(options: NotifierOptions) {
    this.#options = options;
  }

  /**
   * Never rejects: what could not even be put aside is among the `unhandled`.
   * @param remaining milliseconds until the caller must have its answer; what there is no time for is told later.
   */
  async take(
    deliveries: readonly Delivery[],
    remaining: () => number = () => Number.POSITIVE_INFINITY,
  ): Promise<Notified> {
    const log = new Log();
    const events: Readable[] = [];
    for (const delivery of deliveries) {
      const event = busEventIn(delivery.body);
      if (event.kind === 'event') events.push({ ...event, delivery });
      else
        await this.#settle(log, delivery, () => this.#putAside(log, delivery, delivery.body, event.reason));
    }
    log.ignored = events.filter(({ occasion }) => occasion === undefined).length;
    const misses = await Promise.all(
      this.#options.targets.map((target) => this.#tell(log, target, events, remaining)),
    );
    for (const event of events) {
      const missed = [...misses.flatMap((map) => map.get(event) ?? []), ...this.#externalAccounts(event)];
      if (missed.length > 0) await this.#settle(log, event.delivery, () => this.#later(log, event, missed));
    }
    return log;
  }

  /** Tells one target of what it is to be told; answers with what it did not take. */
  async #tell(
    log: Log,
    target: Target,
    events: readonly Readable[],
    remaining: () => number,
  ): Promise<ReadonlyMap<Readable, Miss>> {
    // An event that came twice is told once, and tried again once.
    const byId = new Map<string, { readonly event: Readable; readonly occasion: Occasion }>();
    for (const event of events) {
      const { occasion, targets } = event;
      if (occasion === undefined || targets?.includes(target.name) === false) continue;
      if (!byId.has(occasion.id) && !this.#told.has(target.name, occasion.id)) {
        byId.set(occasion.id, { event, occasion });
      }
    }
    const occasions = [...byId.values()].map(({ occasion }) => occasion);
    const misses = new Map<Readable, Miss>();
    let down: DeliveryError | undefined;
    const { adviceFor, stage } = this.#options;
    for (const notification of compose(occasions, adviceFor, stage)) {
      // A target that did not answer is not asked again in this batch: the queue waits better than we do.
      if (remaining() < timeForOne)
        down ??= new DeliveryError(`There was no time left for the ${target.name}.`, false);
      const error: DeliveryError | undefined = down ?? (await send(target, notification));
      if (error === undefined) {
        this.#told.add(target.name, notification.events);
        log.sent.push({ target: target.name, id: notification.id, subject: notification.subject });
        continue;
      }
      if (!error.permanent) down = error;
      log.failed.push({ target: target.name, id: notification.id, error });
      for (const id of notification.events) {
        const missed = byId.get(id);
        if (missed !== undefined) misses.set(missed.event, { target: target.name, error });
      }
    }
    return misses;
  }

  /** Targets that the event was kept for and that the deployment has no longer. */
  #externalAccounts({ targets = [] }: Readable): readonly Miss[] {
    const known = new Set(this.#options.targets.map(({ name }) => name));
    return targets
      .filter((name) => !known.has(name))
      .map((target) => ({
        target,
        error: new DeliveryError(`The deployment does not have the ${target} any more.`, true),
      }));
  }

  async #later(log: Log, { delivery, body, attempt }: Readable, missed: readonly Miss[]): Promise<void> {
    const delay = retryDelays[attempt - 1];
    const lost = missed.filter(({ error }) => error.permanent || delay === undefined);
    const rest = missed.filter((miss) => !lost.includes(miss)).map(({ target }) => target);
    if (lost.length > 0) {
      const names = lost.map(({ target }) => target);
      const reason = lost.map(({ error }) => error.message).join(' ');
      await this.#putAside(log, delivery, JSON.stringify(restBody(body, names, 1)), reason);
    }
    if (rest.length > 0 && delay !== undefined) {
      await this.#options.again(restBody(body, rest, attempt + 1), delay);
      log.again += 1;
    }
  }

  async #putAside(log: Log, delivery: Delivery, body: string, reason: string): Promise<void> {
    await this.#options.deadLetter(body, reason);
    log.deadLetters.push({ delivery: delivery.id, reason });
  }

  async #settle(log: Log, delivery: Delivery, settling: () => Promise<void>): Promise<void> {
    try {
      await settling();
    } catch (error) {
      log.unhandled.push({ delivery: delivery.id, error });
    }
  }
}

/** What has happened so far. */
class Log {
  readonly sent: { target: string; id: string; subject: string }[] = [];
  readonly failed: { target: string; id: string; error: DeliveryError }[] = [];
  readonly deadLetters: { delivery: string; reason: string }[] = [];
  readonly unhandled: { delivery: string; error: unknown }[] = [];
  ignored = 0;
  again = 0;
}

/** @returns why the target did not take it; `undefined` when it did. */
async function send(target: Target, notification: Notification): Promise<DeliveryError | undefined> {
  try {
    await target.send(notification);
    return undefined;
  } catch (error) {
    if (error instanceof DeliveryError) return error;
    const reason = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    return new DeliveryError(`The ${target.name} could not be told: ${reason}`, false, error);
  }
}
