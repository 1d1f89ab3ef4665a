import { BatchGetItemCommand, type BatchGetItemCommandInput, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient, PutEventsCommand, type PutEventsRequestEntry } from '@aws-sdk/client-eventbridge';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { marshall } from '@aws-sdk/util-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { list, text } from '../../../lib/core/json.ts';
import { type Item, keyTextIn, toItem } from '../../../lib/findings/state/item.ts';
import { withRecords } from '../../../lib/findings/state/table.ts';
import { UnconfirmedTransition } from '../../../lib/remediation/events/confirm.ts';
import { BusError, publishableTransition, putEvents } from '../../../lib/remediation/events/publish.ts';
import { EarlierFailures, publishRecords } from '../../../lib/remediation/events/publish-stream.ts';
import { readStreamRecord } from '../../../lib/remediation/events/stream.ts';
import { observe, start, toRecord, volume } from '../../findings/state/observing.ts';

const bus = mockClient(EventBridgeClient);
const sqs = mockClient(SQSClient);
const dynamodb = mockClient(DynamoDBClient);
const client = new EventBridgeClient({ region: 'eu-central-1' });
let clock = start;
/** The state table, by partition keys. */
const stored = new Map<string, Item>();

beforeEach(() => {
  stored.clear();
  bus.reset();
  clock = start;
});

/** A record of the stream: the finding of this volume was opened. */
function record(sequence: number, id = `vol-${sequence}`, more: Readonly<Record<string, unknown>> = {}) {
  const entry = withRecords(
    undefined,
    [toRecord(observe({ at: sequence, verdict: 'FAIL', resource: volume(id) }))],
    start + sequence,
  );
  if (entry === undefined) throw new Error('nothing was recorded');
  stored.set(keyTextIn(toItem(entry, start)), toItem(entry, start));
  const image: Record<string, unknown> = Object.fromEntries(
    Object.entries(toItem(entry, start)).map(([name, value]) => [
      name,
      value.B === undefined ? value : { B: Buffer.from(value.B).toString('base64') },
    ]),
  );
  return {
    eventName: 'INSERT',
    dynamodb: {
      SequenceNumber: String(sequence),
      Keys: marshall({ pk: entry.id, sk: 'entry' }),
      NewImage: { ...image, ...more },
    },
  };
}

/** EventBridge, which answers with a code for the volumes for which there is one. */
function busRefuses(codes: Readonly<Record<string, string>>): void {
  bus.on(PutEventsCommand).callsFake((input: { readonly Entries: readonly PutEventsRequestEntry[] }) => ({
    Entries: input.Entries.map((entry) => {
      const code = codes[volumeIn(entry)];
      return code === undefined ? { EventId: 'event' } : { ErrorCode: code, ErrorMessage: 'It is not taken.' };
    }),
  }));
}

const volumeIn = ({ Detail = '' }: PutEventsRequestEntry) => text(JSON.parse(Detail), 'resource', 'id') ?? '';
const calledFor = () =>
  bus.commandCalls(PutEventsCommand).flatMap(({ args: [{ input }] }) => (input.Entries ?? []).map(volumeIn));

/** A process of the function. */
function running(earlier = new EarlierFailures()) {
  const letters: { readonly body: string; readonly reason: string }[] = [];
  const invoke = (records: readonly unknown[], remaining = 60_000) =>
    publishRecords(records, {
      publish: (transition, signal) =>
        putEvents([publishableTransition(transition)], { client, bus: 'own', wait: async () => undefined, signal }),
      deadLetter: async (body, reason) => void letters.push({ body, reason }),
      earlier,
      now: () => clock,
      remaining: () => remaining,
    });
  return { invoke, letters };
}

describe('the records of a shard', () => {
  it('are published in order', async () => {
    busRefuses({});
    const { invoke } = running();
    expect(await invoke([1, 2, 3].map((n) => record(n)))).toEqual({ published: 3, aside: [], failed: undefined });
    expect(calledFor()).toEqual(['vol-1', 'vol-2', 'vol-3']);
  });

  it.each(['MalformedDetail', 'InvalidArgument', 'RedactionFailure'])(
    'are put aside at once with the reason where EventBridge refuses them as %s, and those behind are published',
    async (code) => {
      busRefuses({ 'vol-2': code });
      const { invoke, letters } = running();
      const { published, aside, failed } = await invoke([1, 2, 3, 4].map((n) => record(n)));
      expect({ published, failed }).toEqual({ published: 3, failed: undefined });
      expect(aside).toEqual([{ sequence: '2', reason: expect.stringContaining(`${code}: It is not taken.`) }]);
      expect(letters.map(({ body }) => text(JSON.parse(body), 'dynamodb', 'SequenceNumber'))).toEqual(['2']);
      expect(calledFor()).toEqual(['vol-1', 'vol-2', 'vol-3', 'vol-4']);
    },
  );

  it('are put aside where the whole call is refused, as for an event that is too large', async () => {
    const tooLarge = Object.assign(new Error('Total size of the entries is over the limit'), {
      name: 'ValidationException',
      $metadata: { httpStatusCode: 400 },
    });
    bus.on(PutEventsCommand).callsFake((input: { readonly Entries: readonly PutEventsRequestEntry[] }) => {
      if (input.Entries.some((entry) => volumeIn(entry) === 'vol-1')) throw tooLarge;
      return { Entries: [{ EventId: 'event' }] };
    });
    const { invoke, letters } = running();
    expect(await invoke([1, 2].map((n) => record(n)))).toMatchObject({ published: 1, failed: undefined });
    expect(letters.map(({ reason }) => reason)).toEqual([expect.stringContaining('over the limit')]);
  });

  it('are put aside where a newer version of Trailseal wrote them', async () => {
    busRefuses({});
    const { invoke, letters } = running();
    const newer = record(1, 'vol-1', { formatVersion: { N: '99' } });
    expect(await invoke([newer, record(2)])).toMatchObject({ published: 1, failed: undefined });
    expect(letters[0]?.reason).toContain('format version 99');
  });

  it('are put aside where the caller may not publish them, and may publish others', async () => {
    busRefuses({ 'vol-1': 'NotAuthorizedForDetailTypeException' });
    const { invoke, letters } = running();
    expect(await invoke([1, 2].map((n) => record(n)))).toMatchObject({ published: 1, failed: undefined });
    expect(letters).toHaveLength(1);
  });

  it('all wait where the caller may publish none', async () => {
    busRefuses({ 'vol-1': 'AccessDeniedException', 'vol-2': 'AccessDeniedException' });
    const { invoke, letters } = running();
    expect(await invoke([1, 2].map((n) => record(n)))).toMatchObject({
      published: 0,
      failed: { sequence: '1', error: expect.any(BusError) },
    });
    expect(letters).toEqual([]);
  });

  it('come again from the one that EventBridge throttles, so that they keep their order', async () => {
    busRefuses({ 'vol-2': 'ThrottlingException' });
    const { invoke, letters } = running();
    expect(await invoke([1, 2, 3].map((n) => record(n)))).toMatchObject({
      published: 1,
      failed: { sequence: '2' },
    });
    expect(letters).toEqual([]);
    expect(calledFor()).not.toContain('vol-3');
  });

  it('are put aside within minutes where EventBridge fails for one alone', async () => {
    busRefuses({ 'vol-1': 'InternalFailure' });
    const { invoke, letters } = running();
    const records = [1, 2].map((n) => record(n));
    for (let tries = 1; (await invoke(records)).failed !== undefined; tries += 1) {
      expect(letters).toEqual([]);
      clock += 30_000;
      expect(clock - start).toBeLessThanOrEqual(5 * 60_000);
    }
    expect(letters).toHaveLength(1);
    expect(calledFor().filter((id) => id === 'vol-2')).toEqual(['vol-2']);
  });

  it('all wait, however long, while EventBridge takes none', async () => {
    busRefuses({ 'vol-1': 'InternalFailure', 'vol-2': 'InternalFailure' });
    const { invoke, letters } = running();
    for (let tries = 1; tries <= 20; tries += 1) {
      expect(await invoke([1, 2].map((n) => record(n)))).toMatchObject({ failed: { sequence: '1' } });
      clock += 60_000;
    }
    expect(letters).toEqual([]);
  });

  it('of one finding keep their order while the first may yet be taken', async () => {
    busRefuses({ 'vol-1': 'AccessDeniedException' });
    const { invoke } = running();
    const other = record(2, 'vol-1');
    expect(await invoke([record(1), other])).toMatchObject({ published: 0, failed: { sequence: '1' } });
  });

  it.each(['InternalFailure', 'AccessDeniedException'])(
    'of a finding whose first is not taken (%s) hold up no other, and are published behind it once it is put aside',
    async (code) => {
      // What is refused is the first transition, not the finding.
      let refused = 0;
      bus.on(PutEventsCommand).callsFake((input: { readonly Entries: readonly PutEventsRequestEntry[] }) => ({
        Entries: input.Entries.map((entry) => {
          const isFirst = entry.Detail?.includes(new Date(start + 1).toISOString()) === true;
          if (isFirst) refused += 1;
          return isFirst ? { ErrorCode: code, ErrorMessage: 'It is not taken.' } : { EventId: 'event' };
        }),
      }));
      const { invoke, letters } = running();
      const records = [record(1, 'vol-x'), record(2, 'vol-x'), record(3, 'vol-y')];
      for (let result = await invoke(records); result.failed !== undefined; result = await invoke(records)) {
        expect(calledFor().filter((id) => id === 'vol-x')).toHaveLength(refused);
        clock += 30_000;
        expect(clock - start).toBeLessThanOrEqual(5 * 60_000);
      }
      expect(letters.map(({ body }) => text(JSON.parse(body), 'dynamodb', 'SequenceNumber'))).toEqual(['1']);
      expect(calledFor().slice(-2)).toEqual(['vol-y', 'vol-x']);
    },
  );

  it('of a finding behind one that was put aside come again where they fail too', async () => {
    busRefuses({ 'vol-x': 'AccessDeniedException' });
    const { invoke, letters } = running();
    const records = [record(1, 'vol-x'), record(2, 'vol-x'), record(3, 'vol-y')];
    expect(await invoke(records)).toMatchObject({ published: 1, failed: { sequence: '2' } });
    expect(letters).toHaveLength(1);
  });

  it('come again from the one behind a refused one, where the DLQ does not take that one', async () => {
    busRefuses({ 'vol-x': 'AccessDeniedException' });
    let letters = 0;
    const result = await publishRecords(
      [record(1, 'vol-x'), record(2, 'vol-x'), record(3, 'vol-y')],
      {
        publish: async (transition, signal) => {
          if (transition.sequence === start + 2) {
            throw new UnconfirmedTransition('it is not known');
          }
          await putEvents([publishableTransition(transition)], {
            client,
            bus: 'own',
            wait: async () => undefined,
            signal,
          });
        },
        deadLetter: async () => {
          letters += 1;
          if (letters > 1) throw new Error('the queue was deleted');
        },
        earlier: new EarlierFailures(),
        now: () => clock,
        remaining: () => 60_000,
      },
    );
    expect(result).toMatchObject({ published: 1, failed: { sequence: '2' } });
  });

  it('come again, and nothing is lost, where the DLQ does not take what is refused', async () => {
    busRefuses({ 'vol-1': 'MalformedDetail' });
    const result = await publishRecords([record(1), record(2)], {
      publish: (transition) =>
        putEvents([publishableTransition(transition)], { client, bus: 'own', wait: async () => undefined }),
      deadLetter: async () => Promise.reject(new Error('the queue was deleted')),
      earlier: new EarlierFailures(),
      now: () => clock,
      remaining: () => 60_000,
    });
    expect(result).toMatchObject({ published: 0, failed: { sequence: '1' } });
  });

  it('come again from the first for which no time is left', async () => {
    busRefuses({});
    expect(await running().invoke([record(1)], 15_000)).toMatchObject({ failed: { sequence: '1' } });
    expect(calledFor()).toEqual([]);
  });

  it('that are too large for the DLQ go there by their keys', async () => {
    busRefuses({});
    const { invoke, letters } = running();
    await invoke([record(1, 'vol-1', { formatVersion: { N: '99' }, more: { S: 'x'.repeat(1_000_000) } })]);
    expect(Buffer.byteLength(letters[0]?.body ?? '')).toBeLessThan(1_000);
    expect(text(JSON.parse(letters[0]?.body ?? ''), 'dynamodb', 'Keys', 'pk', 'S')).toContain('vol-1');
  });
});

describe('events that are published together', () => {
  const transitions = [1, 2, 3].map((n) => record(n));

  /** @returns the volumes whose events were not taken, with the fault. */
  async function unsent(): Promise<readonly (readonly [string, string])[]> {
    const events = transitions.map(readStreamRecord).flatMap((read) => {
      return read.kind === 'transition' ? [publishableTransition(read.transition)] : [];
    });
    try {
      await putEvents(events, { client, bus: 'own', wait: async () => undefined });
      return [];
    } catch (error) {
      if (!(error instanceof BusError)) throw error;
      return error.unsent.map(({ event, fault }) => [event.detail.resource.id, fault]);
    }
  }

  it('are tried again where EventBridge asks for it, and the others are not', async () => {
    busRefuses({ 'vol-1': 'MalformedDetail', 'vol-2': 'ThrottlingException' });
    expect(await unsent()).toEqual([
      ['vol-1', 'event'],
      ['vol-2', 'passing'],
    ]);
    const calls = bus.commandCalls(PutEventsCommand).map(({ args: [{ input }] }) => list(input, 'Entries').length);
    expect(calls).toEqual([3, 1, 1, 1]);
  });

  it('are each published alone where the call is refused for one of them', async () => {
    bus.on(PutEventsCommand).callsFake((input: { readonly Entries: readonly PutEventsRequestEntry[] }) => {
      if (input.Entries.some((entry) => volumeIn(entry) === 'vol-2')) {
        throw Object.assign(new Error('too large'), { name: 'ValidationException' });
      }
      return { Entries: input.Entries.map(() => ({ EventId: 'event' })) };
    });
    expect(await unsent()).toEqual([['vol-2', 'event']]);
    expect(calledFor()).toEqual(['vol-1', 'vol-2', 'vol-3', 'vol-1', 'vol-2', 'vol-3']);
  });
});

describe('the transitions function', () => {
  beforeEach(() => {
    const variables = {
      AWS_REGION: 'eu-central-1',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      POWERTOOLS_SERVICE_NAME: 'trailseal-dev',
      TRAILSEAL_BUS: 'trailseal-dev',
      TRAILSEAL_TABLE: 'trailseal-dev-state-table',
      TRAILSEAL_DEAD_LETTER_URL: 'https://sqs.eu-central-1.amazonaws.com/111122223333/dead-letters',
    };
    for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
    for (const stream of [process.stdout, process.stderr]) {
      vi.spyOn(stream, 'write').mockImplementation(() => true);
    }
    sqs.reset();
    sqs.on(SendMessageCommand).resolves({});
    dynamodb.reset();
    dynamodb.onAnyCommand().resolves({});
    dynamodb.on(BatchGetItemCommand).callsFake((input: BatchGetItemCommandInput) => ({
      Responses: Object.fromEntries(
        Object.entries(input.RequestItems ?? {}).map(([table, { Keys: keys = [] }]) => [
          table,
          keys.map((key) => stored.get(keyTextIn(key))).filter((item) => item !== undefined),
        ]),
      ),
    }));
  });
  afterEach(() => {
    vi.restoreAllMocks();
    vi.unstubAllEnvs();
  });

  async function invoke(records: readonly unknown[]): Promise<unknown> {
    const { handler } = await import('../../../functions/transitions.ts');
    const context = { awsRequestId: 'request', getRemainingTimeInMillis: () => 60_000 };
    return await Reflect.apply(handler, undefined, [{ Records: records }, context]);
  }

  it('puts aside with its reason what EventBridge refuses, publishes those behind it, and has none come again', async () => {
    busRefuses({ 'vol-2': 'MalformedDetail' });
    expect(await invoke([1, 2, 3, 4, 5].map((n) => record(n)))).toEqual({ batchItemFailures: [] });
    expect(calledFor()).toEqual(['vol-1', 'vol-2', 'vol-3', 'vol-4', 'vol-5']);
    const [letter, ...more] = sqs.commandCalls(SendMessageCommand).map(({ args: [{ input }] }) => input);
    expect(more).toEqual([]);
    expect(letter?.MessageAttributes?.['reason']?.StringValue).toBe(
      'EventBridge refuses this transition: MalformedDetail: It is not taken.',
    );
  });

  it('has the stream read again from the record that EventBridge throttles', async () => {
    busRefuses({ 'vol-2': 'ThrottlingException' });
    expect(await invoke([1, 2, 3].map((n) => record(n)))).toEqual({
      batchItemFailures: [{ itemIdentifier: '2' }],
    });
  });

  it('publishes nothing of a finding that the state table does not have, and says so in the DLQ', async () => {
    busRefuses({});
    const records = [1, 2].map((n) => record(n));
    stored.delete(records[0]?.dynamodb.Keys['pk']?.S ?? '');
    expect(await invoke(records)).toEqual({ batchItemFailures: [] });
    expect(calledFor()).toEqual(['vol-2']);
    const [letter] = sqs.commandCalls(SendMessageCommand).map(({ args: [{ input }] }) => input);
    expect(letter?.MessageAttributes?.['reason']?.StringValue).toMatch(/^The state table has no finding /);
  });

  it('puts aside what it cannot read of the finding in the state table, and publishes the others', async () => {
    busRefuses({});
    const records = [1, 2].map((n) => record(n));
    const key = records[0]?.dynamodb.Keys['pk']?.S ?? '';
    stored.set(key, { ...stored.get(key), formatVersion: { N: '99' } });
    expect(await invoke(records)).toEqual({ batchItemFailures: [] });
    expect(calledFor()).toEqual(['vol-2']);
  });
});
