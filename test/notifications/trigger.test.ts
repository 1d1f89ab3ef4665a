import { describe, expect, it } from 'vitest';
import { triggerOfAction, triggerOfTransition } from '../../lib/notifications/trigger.ts';
import type { TransitionEvent } from '../../lib/remediation/events/transition.ts';
import { action, transition } from './events.ts';

const open = { status: 'OPEN', verdict: 'FAIL' } as const;
const exempt: TransitionEvent['plan'] = {
  actions: [],
  skipped: [{ action: 'notify', because: 'exempt', reason: 'Exempt until 2026-11-27 (UTC) by ana.' }],
};
const exemption = { state: 'active', from: 'policy', reason: 'Test', owner: 'ana' } as const;

function kindOf(changes: Partial<TransitionEvent>): string | undefined {
  return triggerOfTransition(transition(changes))?.kind;
}

describe('people are notified', () => {
  it.each<[string, Partial<TransitionEvent>, string]>([
    ['of a failure', {}, 'opened'],
    ['of a failure that came back', { previous: { status: 'RESOLVED', verdict: 'FAIL' } }, 'opened'],
    ['of an UNKNOWN', { verdict: 'UNKNOWN' }, 'unknown'],
    ['of an UNKNOWN that became a failure', { previous: { status: 'OPEN', verdict: 'UNKNOWN' } }, 'opened'],
    ['that it passes', { status: 'RESOLVED', verdict: 'PASS', previous: open }, 'resolved'],
    ['that it was deleted', { status: 'ARCHIVED', previous: open }, 'deleted'],
    [
      'that an exemption has ended',
      { previous: open, exemption: { ...exemption, state: 'expired', expires: '2026-11-20' } },
      'exemption-ended',
    ],
    ['of a failure that was over before it was read', { status: 'RESOLVED', verdict: 'PASS' }, 'over'],
    [
      'that an exemption ends within a week',
      { previous: open, plan: exempt, exemption: { ...exemption, expires: '2026-11-27', endsSoon: true } },
      'exemption-ending',
    ],
  ])('%s', (_what, changes, kind) => {
    expect(kindOf(changes)).toBe(kind);
  });

  it.each(['pending', 'done', 'partially-completed', 'skipped', 'undone', 'undo-refused'] as const)(
    'of an action whose outcome is %s',
    (outcome) => {
      expect(triggerOfAction(action({ outcome }))?.kind).toBe(outcome);
    },
  );
});

describe('people are notified of a skipped action', () => {
  it.each([
    'guardrail',
    'own-resource',
    'kill-switch',
    'breaker-open',
    'a reason of a later version',
    undefined,
  ])('whose reason is: %s', (skippedBecause) => {
    const event = action({
      outcome: 'skipped',
      ...(skippedBecause === undefined ? {} : { skippedBecause }),
    });
    expect(triggerOfAction(event)?.kind).toBe('skipped');
  });
});

describe('nobody is notified', () => {
  it('that a notification was skipped', () => {
    expect(triggerOfAction(action({ action: 'notify', outcome: 'skipped' }))).toBeUndefined();
  });

  it('of an action that is skipped because somebody suppressed the finding', () => {
    expect(triggerOfAction(action({ outcome: 'skipped', skippedBecause: 'suppressed' }))).toBeUndefined();
  });

  it.each<[string, Partial<TransitionEvent>]>([
    ['of a failure where the policy does not ask for it', { plan: { actions: [], skipped: [] } }],
    [
      'that it passes still',
      { status: 'RESOLVED', verdict: 'PASS', previous: { status: 'RESOLVED', verdict: 'FAIL' } },
    ],
    [
      'of a failure that was over before it was read, where the policy does not ask for it',
      { status: 'RESOLVED', verdict: 'PASS', plan: { actions: [], skipped: [] } },
    ],
    [
      'that it passes where the policy does not ask for it',
      { status: 'RESOLVED', verdict: 'PASS', previous: open, plan: exempt },
    ],
    [
      'that a resource that passed was deleted',
      { status: 'ARCHIVED', previous: { status: 'RESOLVED', verdict: 'FAIL' } },
    ],
    [
      'of a failure that is exempt for longer than a week',
      { plan: exempt, exemption: { ...exemption, expires: '2026-11-28' } },
    ],
    [
      'of the end of an exemption where the policy does not ask for it',
      {
        plan: { actions: [], skipped: [] },
        exemption: { ...exemption, expires: '2026-11-22', endsSoon: true },
      },
    ],
  ])('%s', (_what, changes) => {
    expect(kindOf(changes)).toBeUndefined();
  });

  it('of actions that the policy does not ask for', () => {
    expect(triggerOfTransition(transition())?.skipped.map(({ what }) => what)).toEqual(['quarantine']);
  });
});
