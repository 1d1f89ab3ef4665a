/**
 * What people read of every action, whatever came of it: each text is in `notices/`, for a person to read. The events are
 * made as a deployment makes them.
 */
import { describe, expect, it } from 'vitest';
import { compose, type Notification } from '../../lib/notifications/compose.ts';
import {
  type NotificationTrigger,
  triggerOfAction,
  triggerOfTransition,
} from '../../lib/notifications/trigger.ts';
import { actions } from '../../lib/remediation/actions/index.ts';
import type { TransitionEvent } from '../../lib/remediation/events/transition.ts';
import { controls } from '../../lib/services/catalogue.ts';
import { transition } from './events.ts';
import { before, eventsOf, outcomes } from './happened.ts';

function noticeOf(trigger: NotificationTrigger | undefined): Notification {
  if (trigger === undefined) throw new Error('nobody is notified of it');
  const [notice] = compose([trigger], (id) => controls.find((control) => control.id === id), 'prod');
  if (notice === undefined) throw new Error('nothing was composed');
  return notice;
}

function shown({ subject, text }: Notification): string {
  return `Subject: ${subject}\n\n${text}`;
}

// Nobody is notified of tags: see few.test.ts.
const notified = actions.filter(({ id }) => id !== 'tag');

describe.each(notified.map((action) => [action.id, action] as const))('%s', (id, action) => {
  const events = eventsOf(action);
  const notices = events.map(([what, event]) => [what, noticeOf(triggerOfAction(event)), event] as const);

  it('has a text for each outcome, which a person has read', async () => {
    const text = notices.map(([what, notice]) => `==== ${what} ====\n${shown(notice)}`).join('\n');
    await expect(text).toMatchFileSnapshot(`notices/${id.replace(':', '-')}.txt`);
  });

  it('has every outcome that an event can have', () => {
    const reported = new Set(events.map(([, { outcome }]) => outcome));
    expect([...reported].toSorted()).toEqual(
      outcomes.filter((one) => action.undo.kind === 'restores' || one !== 'undone').toSorted(),
    );
  });

  it('says of nothing that it was done, unless it was', () => {
    for (const [, { text, kind }] of notices) {
      expect(/^Done: /m.test(text)).toBe(kind === 'done');
    }
  });

  it('offers to undo only what was done, in whole or in part', () => {
    const offered = notices
      .filter(([, { text }]) => text.includes('trailseal undo'))
      .map(([, { kind }]) => kind);
    const can =
      action.undo.kind === 'impossible' ? [] : ['done', 'partially-completed', 'undo-partially-completed'];
    expect(offered.filter((kind) => ![...can, 'undo-refused'].includes(kind))).toEqual([]);
    for (const [, { text, kind }] of notices) {
      if (kind === 'done') expect(text.includes('trailseal undo')).toBe(action.undo.kind !== 'impossible');
    }
  });

  it('lists what an undo restored, and not the steps of the action', () => {
    for (const [, { text, kind }, event] of notices) {
      if (kind !== 'undone') continue;
      for (const step of event.plan) expect(text).not.toContain(step);
      const lines = text.split('\n').filter((line) => line.startsWith('Restored: '));
      expect(lines).toHaveLength(action.was(action.before.parse(before[id].before)).length);
    }
  });

  it('names every way to stop what is pending', () => {
    const pending = notices.find(([, { kind }]) => kind === 'pending')?.[1].text;
    for (const way of [
      'Fix: ',
      'Exempt: ',
      'Custom action: ',
      'Suppress: ',
      'trailseal kill-switch on --stage prod --region eu-central-1',
    ]) {
      expect(pending).toContain(way);
    }
  });
});

describe('findings', () => {
  const open = { status: 'OPEN', verdict: 'FAIL' } as const;
  const closed = {
    status: 'RESOLVED',
    verdict: 'PASS',
    summary: 'The key is enabled.',
    at: '2026-11-21T11:00:00.000Z',
  } as const;
  const notify = { actions: [{ action: 'notify', reason: 'Notify people.' }], skipped: [] };
  const exemption = {
    from: 'policy',
    reason: 'load test',
    owner: 'ana@example.com',
    expires: '2026-11-22',
  } as const;
  const silenced = { actions: [], skipped: [{ action: 'notify', because: 'exempt', reason: 'Exempt.' }] };
  const kinds: readonly (readonly [string, Partial<TransitionEvent>])[] = [
    ['opened', {}],
    ['resolved', { ...closed, previous: open }],
    ['deleted', { status: 'ARCHIVED', previous: open, summary: 'The key was deleted.' }],
    ['over', { ...closed, previous: null }],
    [
      'unknown',
      {
        verdict: 'UNKNOWN',
        plan: notify,
        summary: 'Whether the key is scheduled for deletion could not be read.',
      },
    ],
    ['exemption-ended', { previous: open, exemption: { ...exemption, state: 'expired' } }],
    [
      'exemption-ending',
      { previous: open, plan: silenced, exemption: { ...exemption, state: 'active', endsSoon: true } },
    ],
  ];

  it('have a text for each kind, which a person has read', async () => {
    const text = kinds.map(([kind, changes]) => {
      const notice = noticeOf(triggerOfTransition(transition(changes)));
      expect(notice.kind).toBe(kind);
      return `==== ${kind} ====\n${shown(notice)}`;
    });
    await expect(text.join('\n')).toMatchFileSnapshot('notices/findings.txt');
  });
});
