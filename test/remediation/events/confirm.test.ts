/** What the state table says of a transition that a record of its stream reports. */
import { describe, expect, it } from 'vitest';
import { type Recorded, withRecords } from '../../../lib/findings/state/table.ts';
import { confirmedBy, UnconfirmedTransition } from '../../../lib/remediation/events/confirm.ts';
import { type TransitionEvent, transitionOf } from '../../../lib/remediation/events/transition.ts';
import { observe, start, toRecord } from '../../findings/state/observing.ts';

const opened = after(undefined, 1, 'FAIL');
const resolved = after(opened, 2, 'PASS');
const openedTransition = transition(undefined, opened);
const resolvedTransition = transition(opened, resolved);

function after(
  before: Recorded | undefined,
  at: number,
  verdict: 'FAIL' | 'PASS' | 'UNKNOWN',
  key = `event-${at}`,
): Recorded {
  const entry = withRecords(before, [toRecord(observe({ at, verdict, key }))], start + at);
  if (entry === undefined) throw new Error('nothing was recorded');
  return entry;
}

function transition(before: Recorded | undefined, entry: Recorded): TransitionEvent {
  const found = transitionOf(before, entry);
  if (found === undefined) throw new Error('there is no transition');
  return found;
}

describe('a transition', () => {
  it('is published as the state table has it', () => {
    expect(confirmedBy(opened, openedTransition)).toEqual(openedTransition);
    expect(confirmedBy(resolved, resolvedTransition)).toEqual(resolvedTransition);
  });

  it('after which the finding changed again is published as its history has it', () => {
    expect(confirmedBy(resolved, openedTransition)).toEqual({
      ...openedTransition,
      eventIds: resolvedTransition.eventIds,
    });
  });

  it('of a finding that one event opened twice is the one that is reported', () => {
    const unknown = after(undefined, 1, 'UNKNOWN', 'event-1 first');
    const failed = after(unknown, 1, 'FAIL', 'event-1 again');
    const first = transition(undefined, unknown);
    expect([first.verdict, confirmedBy(failed, first).verdict]).toEqual(['UNKNOWN', 'UNKNOWN']);
    expect(confirmedBy(failed, transition(unknown, failed)).verdict).toBe('FAIL');
  });

  it.each([
    ['another summary', { summary: 'Call +1 555 0100 at once.' }],
    ['another severity', { severity: 'CRITICAL' }],
    ['another actor', { actor: { type: 'IAMUser', arn: 'arn:aws:iam::1:user/eve', name: 'eve' } }],
    ['another resource', { resource: { type: 'AwsKmsKey', id: 'k', arn: 'k' } }],
  ] as const)('that a record reports with %s is published without it', (_what, forged) => {
    expect(confirmedBy(opened, { ...openedTransition, ...forged })).toEqual(openedTransition);
    expect(confirmedBy(resolved, { ...openedTransition, ...forged })).toEqual(
      confirmedBy(resolved, openedTransition),
    );
  });

  it.each([
    ['of a finding that the state table does not have', undefined, openedTransition],
    ['that is newer than what the state table has', opened, resolvedTransition],
    [
      'to a status that the finding never had',
      resolved,
      { ...openedTransition, status: 'ARCHIVED' as const },
    ],
    ['at a time at which nothing happened', resolved, { ...openedTransition, at: '2026-10-01T00:00:00.000Z' }],
  ])('%s is not published', (_what, entry, reported) => {
    expect(() => confirmedBy(entry, reported)).toThrow(UnconfirmedTransition);
  });
});
