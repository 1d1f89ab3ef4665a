/**
 * What an emulator has no way to do: leave keys unprocessed, throttle, let a transaction fail for chosen reasons, lose
 * an answer. The SDK is mocked, with a table behind it that keeps what is written and holds to the conditions.
 */
import { createHash } from 'node:crypto';
import {
  BatchGetItemCommand,
  type BatchGetItemCommandInput,
  type CancellationReason,
  DynamoDBClient,
  ProvisionedThroughputExceededException,
  QueryCommand,
  ResourceNotFoundException,
  TransactionCanceledException,
  TransactWriteItemsCommand,
  type TransactWriteItemsCommandInput,
} from '@aws-sdk/client-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it } from 'vitest';
import { rounds } from '../../../lib/findings/state/changing.ts';
import { DynamoStateTable } from '../../../lib/findings/state/dynamodb.ts';
import { remembered } from '../../../lib/findings/state/entry.ts';
import { StateTableError } from '../../../lib/findings/state/error.ts';
import { type Item, keyOf, toItem } from '../../../lib/findings/state/item.ts';
import { type Recorded, type ToRecord, withRecords } from '../../../lib/findings/state/table.ts';
import { accountRegion, idOf, type Observed, observe, start, toRecord, volume } from './observing.ts';

const dynamodb = mockClient(DynamoDBClient);
const table = 'stateTable';
const metadata = { $metadata: {}, message: 'no' };

let items: Map<string, Item>;
let reads: string[][];
let writes: string[][];
let waits: number[];
let conflicts: number[];

beforeEach(() => {
  dynamodb.reset();
  items = new Map();
  reads = [];
  writes = [];
  waits = [];
  conflicts = [];
  dynamodb.on(BatchGetItemCommand).callsFake(get);
  dynamodb.on(TransactWriteItemsCommand).callsFake(write);
});

const nameIn = (item: Item | undefined) => item?.['pk']?.S?.split('/').at(-1) ?? '';
const keysIn = (input: BatchGetItemCommandInput) => input.RequestItems?.[table]?.Keys ?? [];
const putsIn = (input: TransactWriteItemsCommandInput) => (input.TransactItems ?? []).map(({ Put }) => Put);

function found(key: string): readonly Item[] {
  const item = items.get(key);
  return item === undefined ? [] : [item];
}

function get(input: BatchGetItemCommandInput) {
  reads.push(keysIn(input).map(nameIn));
  return { Responses: { [table]: keysIn(input).flatMap(({ pk }) => found(pk?.S ?? '')) } };
}

function write(input: TransactWriteItemsCommandInput) {
  const puts = putsIn(input);
  writes.push(puts.map((put) => nameIn(put?.Item)));
  const reasons = puts.map((put): CancellationReason => {
    const kept = items.get(put?.Item?.['pk']?.S ?? '');
    const version = put?.ExpressionAttributeValues?.[':version']?.N;
    return { Code: kept?.['version']?.N === version ? 'None' : 'ConditionalCheckFailed' };
  });
  if (reasons.some(({ Code }) => Code !== 'None')) throw cancelled(reasons);
  for (const put of puts) if (put?.Item) items.set(put.Item['pk']?.S ?? '', put.Item);
  return {};
}

function cancelled(reasons: readonly CancellationReason[]): TransactionCanceledException {
  return new TransactionCanceledException({ ...metadata, CancellationReasons: [...reasons] });
}

/** The first write fails so, once; then all goes well. */
function failsOnce(answer: (input: TransactWriteItemsCommandInput) => object): void {
  let failed = false;
  dynamodb.on(TransactWriteItemsCommand).callsFake((input: TransactWriteItemsCommandInput) => {
    if (failed) return write(input);
    failed = true;
    return answer(input);
  });
}

/** The first write is cancelled for the reason that this names for an entry; it names none for the others. */
function cancelledOnce(reasons: Readonly<Record<string, string>>): void {
  failsOnce((input) => {
    const names = putsIn(input).map((put) => nameIn(put?.Item));
    writes.push(names);
    throw cancelled(names.map((name) => ({ Code: reasons[name] ?? 'None' })));
  });
}

function stateTable(): DynamoStateTable {
  return new DynamoStateTable({
    client: new DynamoDBClient({ region: accountRegion.region }),
    table,
    now: () => start,
    wait: async (milliseconds) => waits.push(milliseconds),
    random: () => 1,
    conflicts: (count) => conflicts.push(count),
  });
}

function record(names: readonly string[], more: Partial<Observed> = {}): Promise<readonly Recorded[]> {
  return stateTable().record(
    names.map((name) => toRecord(observe({ at: 1, verdict: 'FAIL', resource: volume(name), ...more }))),
  );
}

async function failureOf(promise: Promise<unknown>): Promise<StateTableError> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof StateTableError) return error;
  throw new Error('it should have failed as a state table does', { cause: error });
}

const id = (name: string) => idOf(volume(name));

describe('a read', () => {
  it('is consistent', async () => {
    await stateTable().read([id('a')]);
    const input = dynamodb.commandCalls(BatchGetItemCommand)[0]?.args[0].input;
    expect(input?.RequestItems?.[table]?.ConsistentRead).toBe(true);
  });

  it('asks for each entry once', async () => {
    await stateTable().read([id('a'), id('b'), id('a')]);
    expect(reads).toEqual([['a', 'b']]);
  });

  it('asks again for the keys that were left unprocessed, and for those alone', async () => {
    await record(['a', 'b']);
    reads = [];
    let asked = 0;
    dynamodb.on(BatchGetItemCommand).callsFake((input: BatchGetItemCommandInput) => {
      asked += 1;
      if (asked > 1) return get(input);
      const [first, ...others] = keysIn(input);
      return {
        ...get({ RequestItems: { [table]: { Keys: first ? [first] : [] } } }),
        UnprocessedKeys: { [table]: { Keys: others } },
      };
    });
    const entries = await stateTable().read([id('a'), id('b')]);
    expect([[...entries.keys()], reads]).toEqual([
      [id('a'), id('b')],
      [['a'], ['b']],
    ]);
  });

  it('gives up when keys are left unprocessed again and again', async () => {
    dynamodb
      .on(BatchGetItemCommand)
      .callsFake((input: BatchGetItemCommandInput) => ({ UnprocessedKeys: input.RequestItems }));
    expect(await failureOf(stateTable().read([id('a')]))).toMatchObject({ trouble: 'busy', ids: [id('a')] });
  });

  it('that is throttled for as long as the SDK tries may be made again', async () => {
    dynamodb.on(BatchGetItemCommand).rejects(new ProvisionedThroughputExceededException(metadata));
    expect((await failureOf(stateTable().read([id('a')]))).trouble).toBe('busy');
  });

  it('of a table that does not exist names it, and what to check', async () => {
    dynamodb.on(BatchGetItemCommand).rejects(new ResourceNotFoundException(metadata));
    expect((await failureOf(stateTable().read([id('a')]))).message).toBe(
      `The state table's table stateTable can't be read for "${id('a')}": ResourceNotFoundException (no). Check that the stack is ` +
        'deployed in this account and Region and that the caller is allowed what docs/iam.md lists.',
    );
  });

  it.each<[string, Item]>([
    ['without a format version', { formatVersion: { NULL: true } }],
    ['whose body is not packed', { body: { B: new Uint8Array([1, 2, 3]) } }],
    ['without a version', { version: { NULL: true } }],
    // {"id":"a"}, in gzip.
    [
      'whose body is no entry',
      { body: { B: Buffer.from('H4sIAAAAAAAAA6tWykxRslJKVKoFAGTdyRcKAAAA', 'base64') } },
    ],
  ])('of an item %s fails and names it', async (_which, damage) => {
    await record(['a']);
    items.set(id('a'), { ...items.get(id('a')), ...damage });
    expect(await failureOf(stateTable().read([id('a')]))).toMatchObject({
      trouble: 'unreadable',
      ids: [id('a')],
    });
  });

  it('names no entry in words that a terminal would act on', async () => {
    const name = 'a\u001b[2J\u202e';
    items.set(id(name), keyOf(id(name)));
    expect((await failureOf(stateTable().read([id(name)]))).message).toContain(String.raw`a\u001b[2J\u202e`);
  });
});

describe('a write that is cancelled', () => {
  it('because somebody else wrote an entry has that one alone read again', async () => {
    cancelledOnce({ b: 'ConditionalCheckFailed' });
    await record(['a', 'b', 'c']);
    expect(reads).toEqual([['a', 'b', 'c'], ['b']]);
  });

  it('because somebody else wrote an entry is made again, apart from the others', async () => {
    cancelledOnce({ b: 'ConditionalCheckFailed' });
    await record(['a', 'b', 'c']);
    expect(writes).toEqual([['a', 'b', 'c'], ['a', 'c'], ['b']]);
  });

  it('reports how many entries others wrote', async () => {
    cancelledOnce({ b: 'ConditionalCheckFailed', c: 'TransactionConflict' });
    await record(['a', 'b', 'c']);
    expect(conflicts).toEqual([2]);
  });

  it('because another transaction holds an entry has it read again', async () => {
    cancelledOnce({ b: 'TransactionConflict' });
    await record(['a', 'b']);
    expect(reads).toEqual([['a', 'b'], ['b']]);
  });

  it.each(['ThrottlingError', 'ProvisionedThroughputExceeded'])(
    'for want of capacity (%s) is made again as it was',
    async (code) => {
      cancelledOnce({ b: code });
      await record(['a', 'b']);
      expect([reads, writes]).toEqual([
        [['a', 'b']],
        [
          ['a', 'b'],
          ['a', 'b'],
        ],
      ]);
    },
  );

  it('without a reason has all entries read again', async () => {
    failsOnce(() => {
      throw new TransactionCanceledException(metadata);
    });
    await record(['a', 'b']);
    expect(reads).toEqual([
      ['a', 'b'],
      ['a', 'b'],
    ]);
  });

  it('because of an item that DynamoDB does not take writes the others, and names that one', async () => {
    dynamodb.on(TransactWriteItemsCommand).callsFake((input: TransactWriteItemsCommandInput) => {
      const names = putsIn(input).map((put) => nameIn(put?.Item));
      if (!names.includes('b')) return write(input);
      throw cancelled(names.map((name) => ({ Code: name === 'b' ? 'ValidationError' : 'None' })));
    });
    const failure = await failureOf(record(['a', 'b', 'c']));
    expect([failure.trouble, failure.ids, [...items.keys()]]).toEqual([
      'refused',
      [id('b')],
      [id('a'), id('c')],
    ]);
  });

  it('keeps what the other wrote, and what was to be written', async () => {
    const other = withRecords(
      undefined,
      [toRecord(observe({ at: 2, verdict: 'PASS', resource: volume('a') }))],
      start,
    );
    failsOnce((input) => {
      // Somebody else is a moment earlier.
      if (other) items.set(id('a'), toItem(other, start));
      return write(input);
    });
    const [entry] = await record(['a']);
    expect(entry?.observations.map(({ at }) => at - start)).toEqual([1, 2]);
  });

  it('is made alone when it has lost twice', async () => {
    let left = 2;
    dynamodb.on(TransactWriteItemsCommand).callsFake((input: TransactWriteItemsCommandInput) => {
      if (left === 0) return write(input);
      left -= 1;
      throw cancelled(putsIn(input).map(() => ({ Code: 'ConditionalCheckFailed' })));
    });
    await record(['a', 'b']);
    expect(writes).toEqual([['a'], ['b']]);
  });

  it('again and again fails in the end, naming the entries', async () => {
    dynamodb.on(TransactWriteItemsCommand).callsFake((input: TransactWriteItemsCommandInput) => {
      throw cancelled(putsIn(input).map(() => ({ Code: 'ConditionalCheckFailed' })));
    });
    expect(await failureOf(record(['a', 'b']))).toMatchObject({ trouble: 'busy', ids: [id('a'), id('b')] });
  });

  it('is made again after pauses that grow up to a bound', async () => {
    dynamodb.on(TransactWriteItemsCommand).rejects(new ProvisionedThroughputExceededException(metadata));
    await failureOf(record(['a']));
    expect(waits).toEqual([
      25,
      50,
      100,
      200,
      400,
      800,
      1_600,
      ...Array.from({ length: rounds - 8 }, () => 2_000),
    ]);
  });
});

describe('a write whose answer is lost', () => {
  it('though it was carried out counts once', async () => {
    failsOnce((input) => {
      write(input);
      throw Object.assign(new Error('no answer'), { name: 'TimeoutError', $metadata: {} });
    });
    const [entry] = await record(['a']);
    expect([entry?.version, writes]).toEqual([1, [['a']]]);
  });

  it('and which was not carried out is made again', async () => {
    failsOnce(() => {
      throw Object.assign(new Error('oh'), {
        name: 'InternalServerError',
        $metadata: { httpStatusCode: 500 },
      });
    });
    await record(['a']);
    expect([...items.keys()]).toEqual([id('a')]);
  });
});

describe('a write', () => {
  it('that is not allowed is made once', async () => {
    dynamodb.on(TransactWriteItemsCommand).rejects(
      Object.assign(new Error('not authorized'), {
        name: 'AccessDeniedException',
        $metadata: { httpStatusCode: 400 },
      }),
    );
    const failure = await failureOf(record(['a']));
    expect([failure.trouble, waits]).toEqual(['refused', []]);
  });

  it('of more than DynamoDB takes in a call is made by several', async () => {
    const names = Array.from({ length: 100 }, (_, index) => `vol-${index}`);
    await stateTable().record(
      names.flatMap((name) => Array.from({ length: remembered }, (_, at) => noisy(name, at))),
    );
    const bytes = dynamodb
      .commandCalls(TransactWriteItemsCommand)
      .map(({ args: [{ input }] }) =>
        putsIn(input).reduce((sum, put) => sum + (put?.Item?.['body']?.B?.byteLength ?? 0), 0),
      );
    expect(bytes.map((size) => size < 4_000_000)).toEqual([true, true]);
  });
});

describe('an index that lags behind its table', () => {
  beforeEach(async () => {
    await record(['a', 'b'], { verdict: 'PASS' });
    dynamodb.on(QueryCommand).resolves({ Items: ['a', 'b', 'deleted'].map((name) => keyOf(id(name))) });
  });

  it('brings nothing into a page that does not belong there any more', async () => {
    expect(await stateTable().page(accountRegion, undefined)).toEqual({ entries: [], token: undefined });
  });

  it('brings nothing among the parts that does not belong there any more', async () => {
    expect(await stateTable().partsOf(['arn:aws:ec2:eu-central-1:111122223333:instance/i-0abc'])).toEqual([]);
  });
});

/** Text that can hardly be compressed. */
function noise(seed: string): string {
  let text = '';
  for (let part = 0; text.length < 1_450; part += 1) {
    text += createHash('sha512').update(`${seed} ${part}`).digest('base64');
  }
  return text.slice(0, 1_450);
}

function noisy(name: string, at: number): ToRecord {
  const observation = observe({ at, verdict: 'PASS', resource: volume(name) });
  const observed = [1, 2, 3].map((part) => ({ what: 'noise', value: noise(`${name} ${at} ${part}`) }));
  const { result } = observation;
  if (result.kind === 'deleted') throw new Error('it is evaluated');
  return toRecord({ ...observation, result: { ...result, evidence: { ...result.evidence, observed } } });
}
