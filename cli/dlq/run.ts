/** Runs `trailseal dlq list` and `trailseal dlq redrive`. */
import type { SQSClient } from '@aws-sdk/client-sqs';
import { type ListenerName, type QueueName, stackName } from '../../lib/aws/names.ts';
import { sqsClient } from '../../lib/aws/sdk.ts';
import { Matcher } from '../../lib/pipeline/match.ts';
import { controls } from '../../lib/services/catalogue.ts';
import { redrivable } from '../../lib/services/queues.ts';
import { ask, noAnswerText } from '../aws/answer.ts';
import type { DlqFlags, RedriveFlags } from '../commands/dlq.ts';
import { checkStage, wholeNumber } from '../commands/options.ts';
import { word } from '../doctor/check.ts';
import { exitCode, UsageError } from '../exit.ts';
import { type DeploymentSession, openDeployment } from '../operator/deployment.ts';
import { asOperator } from '../operator/operator-role.ts';
import { stageError } from '../operator/stages.ts';
import { printable, printableJson } from '../output/printable.ts';
import { stdoutOptions } from '../output/table.ts';
import { type DeadLetter, deadLetterOf } from './dead-letter.ts';
import { makeVisible, type QueueUrls, queueUrls, receiveAll } from './queues.ts';
import { type Redriven, redriveOne } from './redrive.ts';
import { deadLetterJson, deadLettersText, redrivenJson, redrivenText } from './text.ts';

/** Handles the messages of one DLQ, while they are hidden from others. */
type Handle<T> = (
  letters: readonly DeadLetter[],
  urls: QueueUrls,
  sqs: SQSClient,
) => Promise<HandledLetters<T>>;

interface HandledLetters<T> {
  readonly results: readonly T[];
  /** The messages that stay in the DLQ. */
  readonly kept: readonly DeadLetter[];
}

interface ReadQueues<T> {
  readonly results: readonly T[];
  /** Why a queue could not be read; sentences for people, escaped. */
  readonly failures: readonly string[];
  /** DLQs of which as many messages were read as --max allows, and which may have more. */
  readonly full: readonly (QueueName | ListenerName)[];
  readonly region: string;
  readonly max: number;
}

/**
 * Lists the messages in the DLQs, and leaves them there.
 * @returns the exit code: 3 where a queue could not be read.
 */
export async function runDlqList(flags: DlqFlags, signal: AbortSignal): Promise<number> {
  const { results, failures, full, region, max } = await readLetters(flags, signal, async (letters) => ({
    results: letters,
    kept: letters,
  }));
  signal.throwIfAborted();
  if (flags.format === 'json') {
    process.stdout.write(`${printableJson(results.map(deadLetterJson), 2)}\n`);
  } else if (results.length === 0) {
    const where = failures.length === 0 ? '' : ' that could be read';
    process.stdout.write(`No messages in the DLQs of stage ${flags.stage}, ${region}${where}.\n`);
  } else {
    const profile = flags.profile === undefined ? '' : ` --profile ${word(printable(flags.profile))}`;
    const redrive = `trailseal dlq redrive --stage ${flags.stage} --region ${region}${profile}`;
    process.stdout.write(
      `${deadLettersText(results, stdoutOptions().width)}\n\n` +
        `${results.length} ${results.length === 1 ? 'message' : 'messages'}. Once the cause is fixed, redrive them:\n` +
        `  ${redrive} --id MESSAGE\n  ${redrive} --all\n`,
    );
  }
  reportFailures(failures, full, max);
  return failures.length > 0 ? exitCode.incomplete : exitCode.success;
}

/**
 * Sends messages back to the queues that they came from.
 * @returns the exit code: 3 where one could not be sent, deleted or found, or a queue could not be read.
 */
export async function runDlqRedrive(flags: RedriveFlags, signal: AbortSignal): Promise<number> {
  const { id: ids, all = false, dryRun = false } = flags;
  if (ids.length === 0 && !all) {
    throw new UsageError(
      'dlq redrive needs --id MESSAGE (repeatable), with an id that `trailseal dlq list` shows, or --all',
    );
  }
  if (ids.length > 0 && all) throw new UsageError('dlq redrive takes --id or --all, not both');
  const { results, failures, full, max } = await readLetters(flags, signal, async (letters, urls, sqs) => {
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
    const messages = results.map(({ letter, redriven }) => redrivenJson(letter, redriven));
    process.stdout.write(`${printableJson({ messages, notFound: missing }, 2)}\n`);
  } else {
    for (const { letter, redriven } of results) process.stdout.write(`${redrivenText(letter, redriven)}\n`);
    if (results.length === 0) process.stdout.write('Nothing was sent back.\n');
  }
  for (const id of missing) {
    process.stderr.write(
      `message ${printable(id)} was not found in a DLQ; another dlq command may be hiding it for up to two minutes\n`,
    );
  }
  reportFailures(failures, full, max);
  // What was done before an interruption has been reported by now.
  signal.throwIfAborted();
  const failed = results.some(({ redriven: { kind } }) => kind === 'not-sent' || kind === 'not-deleted');
  return failed || missing.length + failures.length > 0 ? exitCode.incomplete : exitCode.success;
}

interface RedriveResult {
  readonly letter: DeadLetter;
  readonly redriven: Redriven;
}

/** Ten at a time; after an interruption no other is begun. */
async function redriveAll(
  sqs: SQSClient,
  urls: QueueUrls,
  letters: readonly DeadLetter[],
  signal: AbortSignal,
): Promise<RedriveResult[]> {
  const results: RedriveResult[] = [];
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

async function readLetters<T>(
  flags: DlqFlags,
  signal: AbortSignal,
  handle: Handle<T>,
): Promise<ReadQueues<T>> {
  const { stage } = flags;
  checkStage(stage);
  const max = wholeNumber(flags.max, 10_000, '--max');
  const deployment = await openDeployment(flags);
  const { region } = deployment;
  const sqs = sqsClient(await asOperator(deployment));
  const matcher = new Matcher(controls);
  const names = flags.queue === undefined ? redrivable : [flags.queue];
  const read = await Promise.all(
    names.map((name) => readQueue(sqs, deployment, name, max, matcher, signal, handle)),
  );
  if (read.every((one) => one === undefined)) {
    const which = flags.queue === undefined ? 'no DLQs' : `no DLQ of ${flags.queue}`;
    const lacking = `${stackName(stage)} has ${which} in ${region}`;
    throw await stageError(sqsClient(deployment.config), deployment, lacking);
  }
  const existing = read.filter((one) => one !== undefined);
  return {
    results: existing.flatMap(({ results }) => results),
    failures: existing.flatMap(({ failures }) => failures),
    full: existing.filter(({ count }) => count >= max).map(({ name }) => name),
    region,
    max,
  };
}

async function readQueue<T>(
  sqs: SQSClient,
  deployment: DeploymentSession,
  name: QueueName | ListenerName,
  max: number,
  matcher: Matcher,
  signal: AbortSignal,
  handle: Handle<T>,
) {
  const { stage } = deployment;
  const urls = await queueUrls(sqs, stage, name);
  if (!urls.known)
    return { name, results: [], failures: [`${name}: ${noAnswerText(urls, deployment)}`], count: 0 };
  if (urls.value === undefined) return undefined;
  const { deadLetters } = urls.value;
  const letters: DeadLetter[] = [];
  const failures: string[] = [];
  let handled: HandledLetters<T> | undefined;
  try {
    const read = await ask('sqs:ReceiveMessage', async () => {
      for await (const page of receiveAll(sqs, deadLetters, max, signal)) {
        letters.push(...page.map((message) => deadLetterOf(message, name, stage, matcher)));
      }
    });
    if (!read.known) failures.push(`${name}: ${noAnswerText(read, deployment)}`);
    handled = await handle(letters, urls.value, sqs);
  } finally {
    const kept = (handled?.kept ?? letters).map(({ receipt }) => receipt);
    const visible = await makeVisible(sqs, deadLetters, kept);
    if (!visible.known) {
      failures.push(
        `${name}: ${noAnswerText(visible, deployment)}; nobody else sees the messages for up to two minutes`,
      );
    }
  }
  return { name, results: handled.results, failures, count: letters.length };
}

function reportFailures(
  failures: readonly string[],
  full: readonly (QueueName | ListenerName)[],
  max: number,
): void {
  for (const failure of failures) process.stderr.write(`${failure}\n`);
  for (const name of full) {
    process.stderr.write(`${name}: ${max} messages were read, and there may be more: raise --max\n`);
  }
}
