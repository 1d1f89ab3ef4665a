/** How many messages people get: each event comes in a batch of its own, which is the worst case. */
import { describe, expect, it } from 'vitest';
import type { DeliveryTarget } from '../../lib/notifications/delivery.ts';
import { notify } from '../../lib/notifications/notify.ts';
import { triggerOfAction } from '../../lib/notifications/trigger.ts';
import { decide } from '../../lib/policy/decide/decide.ts';
import { noUsage } from '../../lib/policy/decide/rate-limits.ts';
import { assemble } from '../../lib/policy/file/assemble.ts';
import type { NotificationTarget } from '../../lib/policy/notifications.ts';
import { actionOf } from '../../lib/remediation/actions/index.ts';
import type { ActionEvent } from '../../lib/remediation/events/action-event.ts';
import type { TransitionEvent } from '../../lib/remediation/events/transition.ts';
import { controls, resourceTypeOf } from '../../lib/services/catalogue.ts';
import { account, action, envelope, instance, region } from './events.ts';
import { eventsOf } from './happened.ts';
import { published, stores } from './published.ts';

/** What a target of each kind was sent for these events. */
async function sent(
  events: readonly (TransitionEvent | ActionEvent)[],
): Promise<Readonly<Record<NotificationTarget, readonly string[]>>> {
  const subjects: Record<NotificationTarget, string[]> = { topic: [], chat: [], webhook: [] };
  const targets = (['topic', 'chat', 'webhook'] as const).map(
    (kind): DeliveryTarget => ({
      name: kind,
      kind,
      async send({ subject }) {
        subjects[kind].push(subject);
      },
    }),
  );
  const deps = {
    targets,
    published,
    adviceFor: () => undefined,
    stage: 'dev',
    retry: async () => undefined,
    deadLetter: async () => undefined,
  };
  for (const event of events) {
    const isAction = 'outcome' in event;
    const body = stores(envelope(event, isAction ? 'Action Done' : 'Control Failed'));
    await notify([{ id: event.id, body, receives: 1 }], {}, deps);
  }
  return subjects;
}

const [control] = controls.filter(({ id }) => id === 'ec2-transit-encryption');
const tag = actionOf('tag');
if (control === undefined || tag === undefined) throw new Error('the control or the action is not there');
const failing = control;

/** The plan for an instance under the policy that lists everything. */
function planOf(index: number, verdict: 'FAIL' | 'UNKNOWN'): TransitionEvent['plan'] {
  const { policy } = assemble({ version: 1, defaults: { actions: ['notify', 'tag'] } }, undefined, controls);
  const { id } = instance(index).resource;
  const resource = {
    type: 'AwsEc2Instance',
    id,
    arn: `arn:aws:ec2:${region}:${account}:instance/${id}`,
    account,
    region,
    tags: {},
  } as const;
  const input = {
    verdict,
    policy,
    resource,
    control: failing,
    exemption: undefined,
    usage: noUsage,
    time: 0,
  } as const;
  const { plan } = decide({ ...input, resourceTypeOf });
  return {
    actions: plan.actions.map(({ action: name, reason }) => ({ action: name, reason })),
    skipped: plan.skipped.map((one) => ({ ...one, action: one.action })),
  };
}

describe('four failing resources, one undo and one scheduled scan', () => {
  const four = [1, 2, 3, 4];
  const failures = four.map((index) => instance(index, { plan: planOf(index, 'FAIL') }));
  const tagged = failures.map(({ finding, resource }) =>
    action({ id: `${finding} tagged`, finding, resource, action: 'tag' }),
  );
  const undone = action({ id: 'undone', outcome: 'undone', was: ['it is running'] });
  const untagged = action({ id: 'untagged', action: 'tag', outcome: 'undone' });
  // The scan could not read ten others, and reminds of nothing.
  const scanned = Array.from({ length: 10 }, (_, index) =>
    instance(10 + index, { verdict: 'UNKNOWN', plan: planOf(10 + index, 'UNKNOWN') }),
  );

  it('are at most six messages, none of them about tags or of an UNKNOWN', async () => {
    const { topic } = await sent([...failures, ...tagged, undone, untagged, ...scanned]);
    expect(topic.filter((subject) => subject.includes('FAILED'))).toHaveLength(4);
    expect(topic.filter((subject) => subject.includes('Quarantine undone'))).toHaveLength(1);
    expect(topic.length).toBeLessThanOrEqual(6);
    expect(topic.join('\n')).not.toMatch(/tag|UNKNOWN/i);
  });
});

describe('tags alone', () => {
  it.each(eventsOf(tag))('notify nobody: %s', (what, event) => {
    expect(triggerOfAction(event)?.kind).toBe(what === 'reverted' ? 'reverted' : undefined);
  });
});

describe('a route of the policy', () => {
  it('reaches its targets and no other, for a finding and for an action', async () => {
    const plan = {
      actions: [{ action: 'notify', reason: 'Notify.', targets: ['chat' as const] }],
      skipped: [],
    };
    const subjects = await sent([instance(41, { plan }), action({ id: 'routed', targets: ['webhook'] })]);
    expect(subjects).toEqual({
      topic: [],
      chat: [expect.stringContaining('FAILED')],
      webhook: [expect.stringContaining('Quarantined')],
    });
  });
});
