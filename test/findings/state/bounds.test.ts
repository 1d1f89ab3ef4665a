import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Evidence } from '../../../lib/core/control.ts';
import type { ObservedVerdict } from '../../../lib/findings/lifecycle.ts';
import { boundedKey } from '../../../lib/findings/state/bounds.ts';
import {
  type Entry,
  knows,
  remembered,
  type StoredObservation,
  withObservation,
} from '../../../lib/findings/state/entry.ts';
import { fromItem, toItem } from '../../../lib/findings/state/item.ts';
import type { Recorded } from '../../../lib/findings/state/table.ts';
import { control, observe, volume } from './observing.ts';

const long = '"\u0000\ud800☃'.repeat(50_000);

function evaluatedAt(at: number, more: Partial<ObservedVerdict>): StoredObservation {
  const observation = observe({ at, verdict: 'FAIL' });
  return observation.result.kind === 'evaluated'
    ? { ...observation, result: { ...observation.result, ...more } }
    : observation;
}

function evidenceKept(evidence: Evidence): Evidence | undefined {
  return withObservation(undefined, control, evaluatedAt(1, { evidence })).finding?.evidence;
}

function recorded(entry: Entry): Recorded {
  return { ...entry, version: 1, updatedAt: 0, published: { updatedAt: 0, at: 0 } };
}

interface Hostile {
  readonly text: string;
  readonly items: number;
  readonly at: number;
  readonly verdict: 'FAIL' | 'PASS' | 'UNKNOWN' | 'deleted';
}

/** An observation with this text wherever anybody might have a say. */
function hostile({ text, items, at, verdict }: Hostile): StoredObservation {
  const many = <T>(make: (index: number) => T) => Array.from({ length: items }, (_, index) => make(index));
  const observation = evaluatedAt(at, {
    verdict: verdict === 'deleted' ? 'FAIL' : verdict,
    evidence: {
      summary: text,
      required: text,
      observed: many((index) => ({
        what: `${index}${text.slice(0, 500)}`,
        value: index % 2 === 0 ? text.slice(0, 2_000) : many(() => text.slice(0, 50)),
        source: { kind: 'api', call: text.slice(0, 1_000), at: text.slice(0, 1_000) },
      })),
    },
    plan: {
      actions: many(() => ({ action: 'notify', reason: text })),
      skipped: many(() => ({ action: 'tag', because: 'exempt', reason: text })),
    },
    exemption: { state: 'active', from: 'tag', reason: text, owner: text, expires: text },
    details: { Other: Object.fromEntries(many((index) => [String(index), text.slice(0, 100)])) },
  });
  const { cause } = observation;
  return {
    ...observation,
    key: `${at}${text}`,
    cause: {
      ...cause,
      id: `${at}${text}`,
      eventName: text,
      actor: { type: text, arn: text, name: text, account: text, sourceIp: text, userAgent: text },
    },
    resource: volume('vol-0abc', {
      arn: text,
      partOf: text,
      tags: Object.fromEntries(many((index) => [`${index}`, text.slice(0, 256)])),
    }),
    result: verdict === 'deleted' ? { kind: 'deleted', because: text } : observation.result,
  };
}

/** At any length, and of characters that JSON and UTF-8 make long. */
const anyHostile: fc.Arbitrary<StoredObservation> = fc
  .record({
    text: fc
      .constantFrom('☃', '\u0000', '"', 'x', '\ud800', '𝒳')
      .chain((unit) => fc.constantFrom(0, 100, 6_000).map((length) => unit.repeat(length))),
    items: fc.constantFrom(0, 10, 60),
    at: fc.nat(1_000_000),
    verdict: fc.constantFrom('FAIL', 'PASS', 'UNKNOWN', 'deleted'),
  })
  .map(hostile);

/** Without compression, and without what is derived from the rest. */
function bytesOf(life: readonly StoredObservation[]): number {
  let entry: Entry | undefined;
  for (const observation of life) entry = withObservation(entry, control, observation);
  return Buffer.byteLength(JSON.stringify({ ...entry, details: undefined }));
}

describe('an entry', () => {
  it('never outgrows what DynamoDB takes, even if nothing of it could be compressed', () => {
    const lives = fc.array(anyHostile, { minLength: remembered, maxLength: 3 * remembered });
    fc.assert(
      fc.property(lives, (life) => {
        expect(bytesOf(life)).toBeLessThan(390_000);
      }),
      { numRuns: 50 },
    );
  });

  it('that changes all the time, and of which everything is as large as it may be, does not either', () => {
    const life = Array.from({ length: 60 }, (_, at) =>
      hostile({ text: 'x'.repeat(6_000), items: 60, at, verdict: at % 2 === 0 ? 'FAIL' : 'PASS' }),
    );
    expect(bytesOf(life)).toBeLessThan(390_000);
  });

  it('comes back from its item as it was, whatever it is made of', () => {
    fc.assert(
      fc.property(anyHostile, (observation) => {
        const entry = recorded(withObservation(undefined, control, observation));
        expect(fromItem(toItem(entry, 0))).toEqual(entry);
      }),
      { numRuns: 50 },
    );
  });

  it('has the same id however much of its resource is kept', () => {
    const resource = volume(`vol-${'x'.repeat(2_000)}`);
    const [first, second] = [1, 2].map((at) => observe({ at, verdict: 'FAIL', resource }));
    if (first === undefined || second === undefined) throw new Error('there are two');
    const entry = withObservation(withObservation(undefined, control, first), control, second);
    expect([entry.finding?.id, entry.observations.length]).toEqual([entry.id, 2]);
  });
});

describe('a key', () => {
  it('that is long is known again', () => {
    const observation = observe({ at: 1, verdict: 'FAIL', key: long });
    expect(knows(withObservation(undefined, control, observation), observation)).toBe(true);
  });

  it('that is long is not taken for one that begins like it', () => {
    expect(boundedKey(`${long}a`)).not.toBe(boundedKey(`${long}b`));
  });
});

describe('evidence', () => {
  it('of the usual size is kept whole', () => {
    const evidence: Evidence = {
      summary: 'Schlüssel: 中'.repeat(40),
      required: 'a customer managed key',
      observed: Array.from({ length: 12 }, (_, index) => ({
        what: `setting ${index}`,
        value: ['arn:aws:kms:eu-central-1:111122223333:key/0ab'.repeat(3), 'true'],
        source: { kind: 'api', call: 'kms:DescribeKey', at: '2026-10-05T00:00:00.000Z' },
      })),
    };
    expect(evidenceKept(evidence)).toEqual(evidence);
  });

  it('keeps a command whole or not at all', () => {
    const evidence = { summary: '', required: '', observed: [] };
    const kept = (command: string) => evidenceKept({ ...evidence, command })?.command;
    expect([kept('aws '.repeat(100)), kept('aws '.repeat(1_000))]).toEqual(['aws '.repeat(100), undefined]);
  });

  it('that was cut ends in an ellipsis', () => {
    expect(evidenceKept({ summary: 'x'.repeat(5_000), required: '', observed: [] })?.summary).toBe(
      `${'x'.repeat(797)}…`,
    );
  });

  it('is not cut in the middle of a character', () => {
    const summary = evidenceKept({ summary: '𝒳'.repeat(5_000), required: '', observed: [] })?.summary;
    expect(summary).toBe(`${'𝒳'.repeat(198)}…`);
  });

  it('says how much was left out', () => {
    const observed = Array.from({ length: 30 }, () => ({ what: 'x', value: 'y'.repeat(1_000) }));
    expect(evidenceKept({ summary: '', required: '', observed })?.observed.at(-1)).toEqual({
      what: 'more',
      value: '26 more values were observed than are kept',
    });
  });

  it('says how many of a list were left out', () => {
    const value = Array.from({ length: 1_000 }, () => 'z'.repeat(100));
    const [kept] =
      evidenceKept({ summary: '', required: '', observed: [{ what: 'x', value }] })?.observed ?? [];
    expect(Array.isArray(kept?.value) && kept.value.at(-1)).toBe('… and 986 more');
  });
});

describe('details', () => {
  it.each([
    [10_000, true],
    [20_000, false],
  ])('of %i bytes are kept: %s', (size, kept) => {
    const details = { Name: 'x'.repeat(size) };
    const entry = withObservation(undefined, control, evaluatedAt(1, { details }));
    expect(entry.details).toEqual(kept ? details : undefined);
  });
});
