/** What the faults left behind: in the queues, in the state table, in Security Hub, in the log. */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { GetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { deadLetterQueueNameOf, type FunctionName, type Queue, queueNameOf } from '../../deploy/parts.ts';
import { tableName } from '../../lib/aws/names.ts';
import { isObject, list, text } from '../../lib/core/json.ts';
import { DynamoStateTable } from '../../lib/findings/state/dynamodb.ts';
import type { MetricName } from '../../lib/pipeline/live/metrics.ts';
import { Random } from '../../scripts/sample/random.ts';
import { run, stage } from '../e2e/deployment.ts';
import { region } from '../e2e/emulated-aws.ts';
import { queueUrl, type StackClients } from '../e2e/stack.ts';
import type { KnownResource } from './known-resources.ts';

/** Messages in queues, without the DLQs: waiting, being handled, and delayed. */
async function pending(stack: Pick<StackClients, 'sqs'>, queues: readonly Queue[]): Promise<number> {
  const counts = await Promise.all(
    queues.map(async (name) => {
      const QueueUrl = await queueUrl(stack, queueNameOf(stage, name));
      const { Attributes = {} } = await stack.sqs.send(
        new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] }),
      );
      const { ApproximateNumberOfMessages, ApproximateNumberOfMessagesNotVisible } = Attributes;
      const { ApproximateNumberOfMessagesDelayed } = Attributes;
      return (
        Number(ApproximateNumberOfMessages ?? 0) +
        Number(ApproximateNumberOfMessagesNotVisible ?? 0) +
        Number(ApproximateNumberOfMessagesDelayed ?? 0)
      );
    }),
  );
  return counts.reduce((sum, count) => sum + count, 0);
}

/** Waits until all queues have been empty three times in a row. @returns whether they were, in time. */
export async function queuesEmpty(
  stack: Pick<StackClients, 'sqs'>,
  until: number,
  queues: readonly Queue[],
): Promise<boolean> {
  for (let empty = 0; Date.now() < until; await sleep(500)) {
    empty = (await pending(stack, queues)) === 0 ? empty + 1 : 0;
    if (empty === 3) return true;
  }
  return false;
}

/** The number of messages in the DLQ of a function. */
export async function deadLetterCount({ sqs }: Pick<StackClients, 'sqs'>, of: FunctionName): Promise<number> {
  const QueueUrl = await queueUrl({ sqs }, deadLetterQueueNameOf(stage, of));
  const { Attributes: all } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['ApproximateNumberOfMessages'] }),
  );
  return Number(all?.ApproximateNumberOfMessages ?? 0);
}

export interface DeadLetter {
  readonly queue: Queue;
  readonly body: string;
  readonly reason: string | undefined;
}

/** The dead letters, as `trailseal dlq list` shows them. */
export async function deadLettersIn(
  env: Readonly<Record<string, string>>,
  queues: readonly Queue[],
): Promise<readonly DeadLetter[]> {
  const found: DeadLetter[] = [];
  for (const queue of queues) {
    const { out, all } = await dlq(env, 'list', queue);
    if (out.trim() === '') throw new Error(`dlq list printed nothing for ${queue}: ${all}`);
    for (const letter of list(JSON.parse(out))) {
      found.push({ queue, body: text(letter, 'body') ?? '', reason: text(letter, 'reason') });
    }
  }
  return found;
}

export async function redrive(env: Readonly<Record<string, string>>, queue: Queue): Promise<void> {
  const { code, all } = await dlq(env, 'redrive', queue);
  if (code !== 0) throw new Error(`dlq redrive failed for ${queue}: ${all}`);
}

function dlq(env: Readonly<Record<string, string>>, command: 'list' | 'redrive', queue: Queue) {
  const where = ['--queue', queue, '--stage', stage, '--region', region, '--format', 'json'];
  return run(
    'bin/trailseal.mjs',
    ['dlq', command, ...(command === 'redrive' ? ['--all'] : []), ...where],
    env,
  );
}

/** The newest verdict in the state table, by the finding's id. */
export async function verdicts(resources: readonly KnownResource[]): Promise<ReadonlyMap<string, string>> {
  const stateTable = new DynamoStateTable({
    client: new DynamoDBClient({ region }),
    table: tableName(stage),
    now: Date.now,
    wait: sleep,
    random: Math.random,
  });
  const entries = await stateTable.read(resources.map(({ finding }) => finding));
  return new Map(
    [...entries].map(([id, { observations }]) => {
      const result = observations.at(-1)?.result;
      return [id, result?.kind === 'evaluated' ? result.verdict : (result?.kind ?? 'nothing')];
    }),
  );
}

/** One finding in one call of BatchImportFindings. */
export interface Import {
  /** Epoch milliseconds. */
  readonly at: number;
  readonly id: string;
  readonly updatedAt: string;
  /** `FAILED ACTIVE` and so on. */
  readonly state: string;
  /** All of it, as JSON. */
  readonly whole: string;
}

/** The findings in a call; none in another call. Source: Security Hub API Reference, "BatchImportFindings". */
export function importsIn(path: string, body: Buffer): readonly Import[] {
  if (!path.startsWith('/findings/import')) return [];
  return list(JSON.parse(body.toString('utf8')), 'Findings').map((finding) => ({
    at: Date.now(),
    id: text(finding, 'Id') ?? '',
    updatedAt: text(finding, 'UpdatedAt') ?? '',
    state: `${text(finding, 'Compliance', 'Status')} ${text(finding, 'RecordState')}`,
    whole: JSON.stringify(finding),
  }));
}

/**
 * Findings in Security Hub that can't be right: two contents of one finding with one UpdatedAt, of which only the first
 * counts, or a pass of a resource that fails and a failure of one that passes.
 */
export function contradictions(
  imports: readonly Import[],
  resources: readonly KnownResource[],
): readonly string[] {
  const contents = new Map<string, string>();
  const truths = new Map(resources.map(({ finding, truth }) => [finding, truth]));
  return imports.flatMap(({ id, updatedAt, state, whole }) => {
    const key = `${id} ${updatedAt}`;
    const before = contents.get(key) ?? whole;
    contents.set(key, before);
    const wrong = { FAIL: 'PASSED ACTIVE', PASS: 'FAILED ACTIVE' }[truths.get(id) ?? 'FAIL'];
    return [
      ...(before === whole ? [] : [`${key} was published with two contents`]),
      ...(truths.has(id) && state === wrong ? [`${id} was published as ${state}`] : []),
    ];
  });
}

/** The sums of metrics that the functions logged. */
export function metricsIn(log: string): (name: MetricName) => number {
  const sums = new Map<string, number>();
  for (const line of readFileSync(log, 'utf8').split('\n')) {
    if (!line.startsWith('{"_aws"')) continue;
    const entry: unknown = JSON.parse(line);
    for (const [name, value] of Object.entries(isObject(entry) ? entry : {})) {
      const values = Array.isArray(value) ? value : [value];
      const sum = values.reduce((total: number, one) => total + (typeof one === 'number' ? one : 0), 0);
      sums.set(name, (sums.get(name) ?? 0) + sum);
    }
  }
  return (name) => sums.get(name) ?? 0;
}

/** In random order, the same for the same seed. */
export function shuffled<T>(some: readonly T[], seed: string): readonly T[] {
  const random = new Random(seed);
  return some
    .map((one) => ({ one, rank: random.next() }))
    .sort((first, second) => first.rank - second.rank)
    .map(({ one }) => one);
}
