/**
 * Publishes the transitions of the state table's stream, in order. A record that fails keeps back those after it, because
 * Lambda reads a shard from the first record that failed. So what is refused for good is put aside with the reason, and the
 * rest goes on; while the bus takes nothing at all, everything waits.
 */
import { reasonOf } from '../../aws/reason.ts';
import { at, text } from '../../core/json.ts';
import { StateTableError } from '../../findings/state/error.ts';
import { UnconfirmedTransition } from './confirm.ts';
import { BusError, type EventFault } from './publish.ts';
import { readStreamRecord } from './stream.ts';
import type { TransitionEvent } from './transition.ts';

export interface StreamDeps {
  /** Rejects with a `BusError`, or with what the SDK throws; gives up after the signal. */
  publish(transition: TransitionEvent, signal: AbortSignal): Promise<void>;
  /** Sends a body to the DLQ, with a reason for people. */
  deadLetter(body: string, reason: string): Promise<void>;
  readonly earlier: EarlierFailures;
  /** Epoch milliseconds. */
  now(): number;
  /** Milliseconds until the caller must have its answer. */
  remaining(): number;
}

export interface StreamResult {
  readonly published: number;
  /** The sequence numbers of the records that are in the DLQ. */
  readonly aside: readonly { readonly sequence: string; readonly reason: string }[];
  /** The first record that has to come again, with all after it; `undefined` where none has. */
  readonly failed: { readonly sequence: string; readonly error: unknown } | undefined;
}

/** Milliseconds that one record may take, with what comes after it. */
const timeForOne = 20_000;
/** Of them, those to put it aside and to answer. */
const timeToAnswer = 5_000;

/** While only this record fails, it is tried so often, and for so many milliseconds, before it is put aside. */
const enough = { tries: 5, milliseconds: 3 * 60_000 } as const;

/** SQS takes 1 MiB with the attributes. A record holds an item twice, of at most 400 KB each. Source: SQS and DynamoDB quotas. */
const longestBody = 900_000;

/** A record that failed although it may be taken later, or although others may be. */
interface Suspect {
  readonly record: unknown;
  readonly finding: string;
  readonly error: unknown;
}

/** A record behind a suspect, of the same finding. */
interface Held {
  readonly record: unknown;
  readonly transition: TransitionEvent;
}

/**
 * @param records of one shard, as Lambda passes them.
 * @returns what became of them. Never rejects.
 */
export async function publishRecords(records: readonly unknown[], deps: StreamDeps): Promise<StreamResult> {
  const aside: { sequence: string; reason: string }[] = [];
  let published = 0;
  let suspect: Suspect | undefined;
  /** What is of the suspect's finding keeps its order, and waits until the suspect is published or put aside. */
  const held: Held[] = [];
  const stoppedAt = (record: unknown, error: unknown): StreamResult => ({
    published,
    aside,
    failed:
      suspect === undefined
        ? { sequence: sequenceOf(record), error }
        : { sequence: sequenceOf(suspect.record), error: suspect.error },
  });
  const putAside = async (record: unknown, reason: string): Promise<void> => {
    await deps.deadLetter(bodyOf(record), reason);
    deps.earlier.forget(sequenceOf(record));
    aside.push({ sequence: sequenceOf(record), reason });
  };
  /**
   * Publishes those behind a suspect that was put aside. @returns the first that has to come again; what was published
   * behind it comes again too, and whoever has it knows it by its id.
   */
  const publishHeld = async (): Promise<StreamResult['failed']> => {
    for (const { record, transition } of held.splice(0)) {
      const sequence = sequenceOf(record);
      if (deps.remaining() < timeForOne) return { sequence, error: new Error('there was no time left') };
      const error = await failureOf(transition, deps);
      if (error === undefined) {
        published += 1;
        deps.earlier.forget(sequence);
      } else if (faultIn(error) === 'event') {
        try {
          await putAside(record, refusalOf(error));
        } catch (cause) {
          // The stream is read again from here, and not from the later record that was published.
          return { sequence, error: cause };
        }
      } else {
        deps.earlier.failed(sequence, deps.now());
        return { sequence, error };
      }
    }
    return undefined;
  };
  for (const record of records) {
    if (deps.remaining() < timeForOne) return stoppedAt(record, new Error('there was no time left'));
    const read = readStreamRecord(record);
    if (read.kind === 'nothing') continue;
    try {
      if (read.kind === 'unreadable') {
        await putAside(record, read.reason);
        continue;
      }
      const { finding } = read.transition;
      if (suspect?.finding === finding) {
        held.push({ record, transition: read.transition });
        continue;
      }
      const error = await failureOf(read.transition, deps);
      if (error === undefined) {
        published += 1;
        deps.earlier.forget(sequenceOf(record));
        if (suspect === undefined) continue;
        // The bus takes others: what failed before was refused for itself.
        const because = becauseOf(suspect.error);
        await putAside(suspect.record, `EventBridge takes other transitions, and not this one: ${because}`);
        suspect = undefined;
        const failed = await publishHeld();
        if (failed !== undefined) return { published, aside, failed };
        continue;
      }
      const fault = faultIn(error);
      if (fault === 'event') {
        await putAside(record, refusalOf(error));
        continue;
      }
      const failedEnough = deps.earlier.failed(sequenceOf(record), deps.now());
      if (suspect !== undefined || (fault === 'passing' && !failedEnough)) return stoppedAt(record, error);
      // Whether it fails alone shows with the next one.
      suspect = { record, finding, error };
    } catch (error) {
      return stoppedAt(record, error);
    }
  }
  return suspect === undefined ? { published, aside, failed: undefined } : stoppedAt(suspect.record, suspect.error);
}

/** The records that failed and may yet be taken, by their sequence numbers. */
export class EarlierFailures {
  readonly #failures = new Map<string, { readonly since: number; readonly tries: number }>();

  /** Counts a failure. @returns whether it has failed long and often enough to be put aside, where others are taken. */
  failed(sequence: string, now: number): boolean {
    const { since, tries } = this.#failures.get(sequence) ?? { since: now, tries: 0 };
    // Another process may have published what failed here.
    const [oldest] = this.#failures.keys();
    if (this.#failures.size >= 1_000 && oldest !== undefined) this.#failures.delete(oldest);
    this.#failures.set(sequence, { since, tries: tries + 1 });
    return tries + 1 >= enough.tries && now - since >= enough.milliseconds;
  }

  forget(sequence: string): void {
    this.#failures.delete(sequence);
  }
}

/** @returns why it could not be published; `undefined` when it was. */
async function failureOf(transition: TransitionEvent, deps: StreamDeps): Promise<unknown> {
  const time = Math.min(timeForOne, deps.remaining()) - timeToAnswer;
  try {
    await deps.publish(transition, AbortSignal.timeout(Math.max(0, Math.floor(time))));
    return undefined;
  } catch (error) {
    return error ?? new Error('publishing failed without an error');
  }
}

function faultIn(error: unknown): EventFault {
  // The state table will not know it later either; nor can what it holds of that finding be read.
  if (error instanceof UnconfirmedTransition) return 'event';
  if (error instanceof StateTableError && error.trouble !== 'busy' && error.trouble !== 'refused') return 'event';
  if (error instanceof BusError) return error.unsent[0]?.fault ?? 'passing';
  return 'passing';
}

function refusalOf(error: unknown): string {
  if (error instanceof UnconfirmedTransition || error instanceof StateTableError) return error.message;
  return `EventBridge refuses this transition: ${becauseOf(error)}`;
}

function becauseOf(error: unknown): string {
  return (error instanceof BusError ? error.unsent[0]?.because : undefined) ?? reasonOf(error);
}

/** The whole record, or what it is about where SQS does not take that much: the state table has the rest. */
function bodyOf(record: unknown): string {
  const whole = JSON.stringify(record);
  if (Buffer.byteLength(whole) <= longestBody) return whole;
  return JSON.stringify({
    eventID: at(record, 'eventID'),
    eventName: at(record, 'eventName'),
    dynamodb: { Keys: at(record, 'dynamodb', 'Keys'), SequenceNumber: sequenceOf(record) },
  });
}

function sequenceOf(record: unknown): string {
  return text(record, 'dynamodb', 'SequenceNumber') ?? '';
}
