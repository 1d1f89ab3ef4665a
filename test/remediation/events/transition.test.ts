import { marshall } from '@aws-sdk/util-dynamodb';
import { describe, expect, it } from 'vitest';
import { toItem } from '../../../lib/findings/state/item.ts';
import { type Recorded, withPublication, withRecords } from '../../../lib/findings/state/table.ts';
import { readStreamRecord } from '../../../lib/remediation/events/stream.ts';
import { detailTypeOf, transitionOf, transitionSchema } from '../../../lib/remediation/events/transition.ts';
import { idOf, type Observed, observe, start, toRecord, volume } from '../../findings/state/observing.ts';

/** The entry as each of the writes left it. */
function written(...observed: readonly Observed[]): readonly Recorded[] {
  const entries: Recorded[] = [];
  for (const one of observed) {
    const entry = withRecords(entries.at(-1), [toRecord(observe(one))], start + one.at + 500);
    if (entry === undefined) throw new Error('nothing was recorded');
    entries.push(entry);
  }
  return entries;
}

/** What is told of each write. */
function told(...observed: readonly Observed[]) {
  const entries = written(...observed);
  return entries.map((entry, index) => transitionOf(entries[index - 1], entry));
}

describe('a transition', () => {
  it('is told when a finding opens, passes and opens again, with what was before', () => {
    const [opened, closed, reopened] = told(
      { at: 1_000, verdict: 'FAIL' },
      { at: 2_000, verdict: 'PASS' },
      { at: 3_000, verdict: 'FAIL' },
    );
    expect(opened).toMatchObject({
      version: 1,
      id: `${idOf(volume())}@${start + 1_500}`,
      status: 'OPEN',
      verdict: 'FAIL',
      previous: null,
      summary: 'It was FAIL at 1000.',
      actor: { name: 'ana' },
      at: new Date(start + 1_000).toISOString(),
      eventIds: ['event-1000'],
    });
    expect(closed).toMatchObject({
      status: 'RESOLVED',
      verdict: 'PASS',
      previous: { status: 'OPEN', verdict: 'FAIL' },
    });
    expect(reopened).toMatchObject({ status: 'OPEN', previous: { status: 'RESOLVED', verdict: 'FAIL' } });
  });

  it.each([
    ['FAIL', 'Control Failed'],
    ['UNKNOWN', 'Control Unknown'],
  ] as const)('of a finding that opens with %s is a "%s"', (verdict, detailType) => {
    const [opened] = told({ at: 1_000, verdict });
    expect(opened === undefined ? undefined : detailTypeOf(opened)).toBe(detailType);
  });

  it.each([
    ['PASS', 'Control Passed'],
    ['deleted', 'Resource Deleted'],
  ] as const)('of one that is closed by %s is a "%s"', (verdict, detailType) => {
    const [, closed] = told({ at: 1_000, verdict: 'FAIL' }, { at: 2_000, verdict });
    expect(closed === undefined ? undefined : detailTypeOf(closed)).toBe(detailType);
  });

  it('is none while a resource passes, fails on, or can’t be evaluated any more', () => {
    expect(told({ at: 1_000, verdict: 'PASS' })).toEqual([undefined]);
    const [, again, unknown] = told(
      { at: 1_000, verdict: 'FAIL' },
      { at: 2_000, verdict: 'FAIL' },
      { at: 3_000, verdict: 'UNKNOWN' },
    );
    expect([again, unknown]).toEqual([undefined, undefined]);
  });

  it('is none when Security Hub was told', () => {
    const [entry] = written({ at: 1_000, verdict: 'FAIL' });
    if (entry === undefined) throw new Error('nothing was recorded');
    expect(transitionOf(entry, withPublication(entry, entry.updatedAt, start + 5_000))).toBeUndefined();
  });

  it('is one of its own when a finding closed and opened again between two writes', () => {
    const [opened] = written({ at: 1_000, verdict: 'FAIL' });
    const both = withRecords(
      opened,
      [toRecord(observe({ at: 2_000, verdict: 'PASS' })), toRecord(observe({ at: 3_000, verdict: 'FAIL' }))],
      start + 3_500,
    );
    expect(both === undefined ? undefined : transitionOf(opened, both)).toMatchObject({
      status: 'OPEN',
      sequence: start + 3_500,
    });
  });

  it('is as its schema says', () => {
    const [opened] = told({
      at: 1_000,
      verdict: 'FAIL',
      resource: volume('vol-0abc', { tags: { team: 'data' } }),
    });
    expect(transitionSchema.parse(JSON.parse(JSON.stringify(opened)))).toEqual(opened);
    expect(opened?.resource.tags).toEqual({ team: 'data' });
  });
});

describe('the state table’s stream', () => {
  /** A record as Lambda hands it on: bytes in base64. */
  function record(before: Recorded | undefined, after: Recorded | undefined) {
    const image = (entry: Recorded | undefined) =>
      entry === undefined
        ? undefined
        : Object.fromEntries(
            Object.entries(toItem(entry, start)).map(([name, value]) => [
              name,
              value.B === undefined ? value : { B: Buffer.from(value.B).toString('base64') },
            ]),
          );
    const keys = { pk: { S: idOf(volume()) }, sk: { S: 'entry' } };
    return { dynamodb: { Keys: keys, OldImage: image(before), NewImage: image(after), SequenceNumber: '1' } };
  }
  const [opened, closed] = written({ at: 1_000, verdict: 'FAIL' }, { at: 2_000, verdict: 'PASS' });

  it('tells transitions', () => {
    expect(readStreamRecord(record(undefined, opened))).toMatchObject({
      kind: 'transition',
      transition: { status: 'OPEN' },
    });
    expect(readStreamRecord(record(opened, closed))).toMatchObject({
      kind: 'transition',
      transition: { status: 'RESOLVED' },
    });
  });

  it('tells nothing of what time to live removes, or of other kinds of items', () => {
    expect(readStreamRecord(record(closed, undefined))).toEqual({ kind: 'nothing' });
    const other = {
      dynamodb: { Keys: marshall({ pk: 'limits/fix', sk: 'limits' }), NewImage: marshall({ version: 1 }) },
    };
    expect(readStreamRecord(other)).toEqual({ kind: 'nothing' });
  });

  it('names what can’t be read, so that it is put aside and holds up nobody', () => {
    const broken = record(undefined, opened);
    const told = readStreamRecord({
      dynamodb: { ...broken.dynamodb, NewImage: { ...broken.dynamodb.NewImage, formatVersion: { N: '99' } } },
    });
    expect(told.kind).toBe('unreadable');
  });
});
