import { describe, expect, it } from 'vitest';
import { Duplicates, inOrderOfTime } from '../../../lib/pipeline/replay/chronology.ts';
import type { ArchiveEvent } from '../../../lib/trail/archive.ts';
import { eventOf } from '../../evaluating.ts';

function at(
  eventTime: string | undefined,
  eventName: string,
  file = 'a.json',
  more: object = {},
): ArchiveEvent {
  const record = { eventSource: 'ec2.amazonaws.com', eventName, ...(eventTime && { eventTime }), ...more };
  return { event: eventOf(record), file, line: undefined, copies: 1 };
}
const ends = (event: { readonly eventName: string }) => event.eventName.startsWith('Terminate');
const order = (events: readonly ArchiveEvent[]) =>
  inOrderOfTime(events, ends).map(({ eventName }) => eventName);

describe('the order of events', () => {
  it('is that of time, across files', () => {
    const events = [
      at('2026-10-05T03:00:00Z', 'StopInstances', 'a.json'),
      at('2026-10-05T01:00:00Z', 'RunInstances', 'b.json'),
      at('2026-10-05T02:00:00Z', 'StartInstances', 'c.json'),
    ];
    expect(order(events)).toEqual(['RunInstances', 'StartInstances', 'StopInstances']);
  });

  it('puts creation first and deletion last within one second', () => {
    const second = '2026-10-05T01:00:00Z';
    const events = [
      at(second, 'TerminateInstances'),
      at(second, 'StartInstances'),
      at(second, 'RunInstances'),
    ];
    expect(order(events)).toEqual(['RunInstances', 'StartInstances', 'TerminateInstances']);
  });

  it('puts the replication of a key before the creation that it brings about', () => {
    const second = '2026-10-05T01:00:00Z';
    expect(order([at(second, 'CreateKey', 'a.json'), at(second, 'ReplicateKey', 'b.json')])).toEqual([
      'ReplicateKey',
      'CreateKey',
    ]);
  });

  it('leaves an event without a time behind the one before it in its file', () => {
    const events = [
      at('2026-10-05T02:00:00Z', 'RunInstances', 'a.json'),
      at(undefined, 'StartInstances', 'a.json'),
      at('2026-10-05T01:00:00Z', 'StopInstances', 'b.json'),
    ];
    expect(order(events)).toEqual(['StopInstances', 'RunInstances', 'StartInstances']);
  });

  it('is that of the file where no event has a time', () => {
    const events = [at(undefined, 'StopInstances'), at(undefined, 'RebootInstances')];
    expect(order(events)).toEqual(['StopInstances', 'RebootInstances']);
  });
});

describe('duplicates', () => {
  const time = '2026-10-05T01:00:00Z';
  const duplicatesAmong = (...records: readonly object[]): number => {
    const duplicates = new Duplicates();
    return records.filter((record) => duplicates.has(eventOf(record))).length;
  };

  it('are equal records, whatever the order of their keys', () => {
    const one = { eventSource: 'ec2.amazonaws.com', eventName: 'RunInstances', eventTime: time };
    const other = { eventTime: time, eventName: 'RunInstances', eventSource: 'ec2.amazonaws.com' };
    expect(duplicatesAmong(one, other)).toBe(1);
  });

  it('are equal records without a time, wherever they stand', () => {
    const untimed = { eventSource: 'ec2.amazonaws.com', eventName: 'RunInstances' };
    const timed = { ...untimed, eventTime: time };
    expect(duplicatesAmong(untimed, timed, untimed)).toBe(1);
  });

  it('are not records that share an eventID and say different things', () => {
    const same = { eventSource: 'ec2.amazonaws.com', eventTime: time, eventID: 'same' };
    const different = [
      { ...same, eventName: 'RunInstances' },
      { ...same, eventName: 'StartInstances' },
    ];
    expect(duplicatesAmong(...different)).toBe(0);
  });
});
