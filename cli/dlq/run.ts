/** `trailseal dlq list` and `trailseal dlq redrive`: what lies in the dead-letter queues, and sending it back. */
import type { SQSClient } from '@aws-sdk/client-sqs';
import { type ListenerName, type QueueName, stackName } from '../../lib/aws/names.ts';
import { sqsClient } from '../../lib/aws/sdk.ts';
import { Matcher } from '../../lib/pipeline/match.ts';
import { controls } from '../../lib/services/controls.ts';
import { see } from '../aws/answer.ts';
import { patient } from '../aws/retry.ts';
import { openSession } from '../aws/session.ts';
import { tellOfWaiting } from '../aws/waiting.ts';
import { checkRegion } from '../commands/options.ts';
import { checkStage } from '../doctor/account-region.ts';
import { word } from '../doctor/check.ts';
import { exitCode, UsageError } from '../exit.ts';
import { printable, printableJson } from '../output/printable.ts';
import { type Letter, letterOf } from './dead-letter.ts';
import { giveBack, type QueueUrls, queueUrls, receiveAll } from './queues.ts';
import { type Redriven, redriveOne } from './redrive.ts';
import { letterJson, lettersText, redrivenText } from './text.ts';

export interface DlqFlags {
  readonly stage: string;
  readonly region?: string;
  readonly profile?: string;
  readonly queue?: QueueName | ListenerName;
  readonly max: string;
  readonly format: 'table' | 'json';
}

export interface RedriveFlags extends DlqFlags {
  readonly id: readonly string[];
  readonly all?: boolean;
  readonly dryRun?: boolean;
}

/** Letters of one queue, while they are hidden from others. */
type Handle<T> = (letters: readonly Letter[], urls: QueueUrls, sqs: SQSClient) => Promise<Handled<T>>;

interface Handled<T> {
  readonly results: readonly T[];
  /** Those that stay where they are. */
  readonly kept: readonly Letter[];
}

interface Read<T> {
  readonly results: readonly T[];
  /** Why something could not be read; sentences for people, not escaped yet. */
  readonly troubles: readonly string[];
  /** Queues that held as many letters as were asked for, and perhaps more. */
  readonly cut: readonly (QueueName | ListenerName)[];
  readonly region: string;
  readonly max: number;
}

/**
 * Lists dead letters and leaves them where they are.
 * @returns the exit code: 3 where a queue could not be read.
 */
export async function runDlqList(flags: DlqFlags, signal: AbortSignal): Promise<number> {
  const { results, troubles, cut, region, max } = await readLetters(flags, signal, async (letters) => ({
    results: letters,
    kept: letters,
  }));
  signal.throwIfAborted();
  if (flags.format === 'json') {
    process.stdout.write(`${printableJson(results.map(letterJson), 2)}\n`);
  } else if (results.length === 0) {
    const where = troubles.length === 0 ? '' : ', as far as they could be read';
    process.stdout.write(`No dead letters in stage ${flags.stage}, ${region}${where}.\n`);
  } else {
    const profile = flags.profile === undefined ? '' : ` --profile ${word(printable(flags.profile))}`;
    const redrive = `trailseal dlq redrive --stage ${flags.stage} --region ${region}${profile}`;
    process.stdout.write(
      `${lettersText(results, process.stdout.columns ?? 140)}\n\n` +
        `${results.length} dead ${results.length === 1 ? 'letter' : 'letters'}, left where they are. ` +
        `To send back what has been fixed:\n  ${redrive} --id MESSAGE\n  ${redrive} --all\n`,
    );
  }
  tellTroubles(troubles, cut, max);
  return troubles.length > 0 ? exitCode.input : exitCode.fine;
}

/**
 * Sends dead letters back to the queues that they were meant for.
 * @returns the exit code: 3 where one could not be sent, deleted or found, or a queue not be read.
 */
export async function runDlqRedrive(flags: RedriveFlags, signal: AbortSignal): Promise<number> {
  const { id: ids, all = false, dryRun = false } = flags;
  if (ids.length === 0 && !all) {
    throw new UsageError(
      'dlq redrive takes the messages to send back: --id MESSAGE (repeatable), as `trailseal dlq list` shows them, or --all',
    );
  }
  if (ids.length > 0 && all) throw new UsageError('dlq redrive takes either --id or --all, not both');
  const { results, troubles, cut, max } = await readLetters(flags, signal, async (letters, urls, sqs) => {
    const chosen = letters.filter((letter) => all || ids.includes(letter.id));
    const redriven = dryRun
      ? chosen.map((letter) => ({ letter, redriven: { kind: 'would-be-sent' } as const }))
      : await redriveAll(sqs, urls, chosen, signal);
    const deleted = new Set(
      redriven.filter(({ redriven: { kind } }) => kind === 'sent').map((one) => one.letter),
    );
    return { results: redriven, kept: letters.filter((letter) => !deleted.has(letter)) };
  });
  const missing = ids.filter((id) => !results.some(({ letter }) => letter.id === id));
  if (flags.format === 'json') {
    const lines = results.map(({ letter: { queue, id, about }, redriven }) => ({
      queue,
      id,
      about,
      ...redriven,
    }));
    process.stdout.write(`${printableJson({ letters: lines, notFound: missing }, 2)}\n`);
  } else {
    for (const { letter, redriven } of results) process.stdout.write(`${redrivenText(letter, redriven)}\n`);
    if (results.length === 0) process.stdout.write('Nothing was sent back.\n');
  }
  for (const id of missing) {
    process.stderr.write(
      `no dead letter ${printable(id)} was found; another run of dlq list may hide it just now\n`,
    );
  }
  tellTroubles(troubles, cut, max);
  // What was done until an interruption has been told by now.
  signal.throwIfAborted();
  const undone = results.some(({ redriven: { kind } }) => kind === 'not-sent' || kind === 'not-deleted');
  return undone || missing.length + troubles.length > 0 ? exitCode.input : exitCode.fine;
}

interface Result {
  readonly letter: Letter;
  readonly redriven: Redriven;
}

/** Ten at a time; an interruption leaves those not begun where they are. */
async function redriveAll(
  sqs: SQSClient,
  urls: QueueUrls,
  letters: readonly Letter[],
  signal: AbortSignal,
): Promise<Result[]> {
  const results: Result[] = [];
  for (let from = 0; from < letters.length && !signal.aborted; from += 10) {
    const some = letters.slice(from, from + 10);
    results.push(
      ...(await Promise.all(
        some.map(async (letter) => ({ letter, redriven: await redriveOne(sqs, urls, letter) })),
      )),
    );
  }
  return results;
}

async function readLetters<T>(flags: DlqFlags, signal: AbortSignal, handle: Handle<T>): Promise<Read<T>> {
  const { stage } = flags;
  checkStage(stage);
  const max = maxOf(flags.max);
  if (flags.region !== undefined) checkRegion(flags.region);
  tellOfWaiting(process.stderr);
  const { region, credentials } = await openSession(flags.profile, flags.region);
  const sqs = sqsClient({ region, credentials, ...patient });
  const matcher = new Matcher(controls);
  const names = flags.queue === undefined ? redrivable : [flags.queue];
  const read = await Promise.all(
    names.map((name) => readQueue(sqs, stage, name, max, matcher, signal, handle)),
  );
  if (read.every((one) => one === undefined)) {
    const which = flags.queue === undefined ? 'no dead-letter queues' : `no dead-letter queue ${flags.queue}`;
    throw new UsageError(
      `${stackName(stage)} has ${which} in ${region}; \`trailseal doctor --stage ${stage} --region ${region}\` tells what is deployed`,
    );
  }
  const there = read.filter((one) => one !== undefined);
  return {
    results: there.flatMap(({ results }) => results),
    troubles: there.flatMap(({ troubles }) => troubles),
    cut: there.filter(({ count }) => count >= max).map(({ name }) => name),
    region,
    max,
  };
}

async function readQueue<T>(
  sqs: SQSClient,
  stage: string,
  name: QueueName | ListenerName,
  max: number,
  matcher: Matcher,
  signal: AbortSignal,
  handle: Handle<T>,
) {
  const urls = await queueUrls(sqs, stage, name);
  if (!urls.known) return { name, results: [], troubles: [`${name}: ${urls.detail}`], count: 0 };
  if (urls.value === undefined) return undefined;
  const { deadLetters } = urls.value;
  const letters: Letter[] = [];
  const troubles: string[] = [];
  let handled: Handled<T> | undefined;
  try {
    const read = await see('sqs:ReceiveMessage', async () => {
      for await (const page of receiveAll(sqs, deadLetters, max, signal)) {
        letters.push(...page.map((message) => letterOf(message, name, stage, matcher)));
      }
    });
    if (!read.known) troubles.push(`${name}: ${read.detail}`);
    handled = await handle(letters, urls.value, sqs);
  } finally {
    const kept = (handled?.kept ?? letters).map(({ receipt }) => receipt);
    const given = await giveBack(sqs, deadLetters, kept);
    if (!given.known) troubles.push(`${name}: ${given.detail}; for two minutes nobody sees what was read`);
  }
  return { name, results: handled.results, troubles, count: letters.length };
}

function tellTroubles(
  troubles: readonly string[],
  cut: readonly (QueueName | ListenerName)[],
  max: number,
): void {
  for (const trouble of troubles) process.stderr.write(`${printable(trouble)}\n`);
  for (const name of cut) {
    process.stderr.write(`${name}: ${max} were read; there may be more (--max reads more at a time)\n`);
  }
}

function maxOf(value: string): number {
  const max = Number(value);
  if (!Number.isInteger(max) || max < 1 || max > 10_000) {
    throw new UsageError(`--max takes a whole number from 1 to 10000, not ${printable(value)}`);
  }
  return max;
}
