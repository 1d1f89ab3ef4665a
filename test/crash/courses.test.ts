/**
 * What else remediation does, killed at each call and resumed: grace periods, the end of a finding, orders; and what
 * the evaluator has found out by the time when it is resumed.
 */
import { describe, expect, it } from 'vitest';
import { actions } from '../../lib/remediation/actions/index.ts';
import { requestBody } from '../../lib/remediation/message.ts';
import type { ActionRequest } from '../../lib/remediation/requested-action.ts';
import { cases, type Case as FailingCase } from '../emulator/failing.ts';
import { asUndisturbed, crashing, played } from './action-calls.ts';
import { instanceCase } from './instance.ts';
import type { Stage } from './killed-everywhere.ts';

const policies = {
  tagging: 'controls: { ec2-volume-encryption: { actions: [tag] } }\n',
  fixing: 'controls: { kms-key-disabled: { actions: [fix:enable-key] } }\n',
  waiting: `controls: { kms-key-disabled: { actions: [fix:enable-key] } }
guardrails: { gracePeriod: { fix: 2 days } }
`,
  ordering: 'operators: { customActions: [fix:enable-key, undo] }\n',
};

function caseOf(name: string): FailingCase {
  const found = cases.find((one) => one.name === name);
  if (found === undefined) throw new Error(`there is no case ${name}`);
  return found;
}
const volume = caseOf('tag, of a volume');
const key = caseOf('fix:enable-key');

it('is done with every action', () => {
  const ours = new Set([...cases, instanceCase].map(({ action }) => action.id));
  // moto has no AssociateEncryptionConfig: test/services/eks/fixes/associate-encryption.test.ts.
  const others = actions.map(({ id }) => id).filter((id) => !ours.has(id));
  expect(others).toEqual(['fix:associate-encryption']);
});

crashing(policies, (given) => {
  describe('the end of a finding whose resource bears tags, killed at each call and delivered again', () => {
    const outcome = played('the end of a finding', {
      async set() {
        const stage = await given.failing(volume, 'tagging');
        await stage.deployment.deliver(stage.message);
        return { ...stage, message: await stage.deployment.record(stage.target, 'PASS') };
      },
      play: ({ deployment, message }, kills) => deployment.deliver(message, kills),
      look: volume.look,
    });

    it('takes, undisturbed, the tags away', () => {
      expect(outcome().calm.left).toMatchObject({
        state: volume.before,
        changes: ['DeleteTags'],
        actionRuns: [{ action: 'tag', sequence: 1, status: 'undone', undo: 'policy' }],
        told: [{ action: 'tag', outcome: 'undone' }],
      });
    });
    asUndisturbed(outcome);
  });

  describe('the beginning of a grace period, killed at each call and delivered again', () => {
    const outcome = played('the beginning of a grace period', {
      set: () => given.failing(key, 'waiting'),
      play: ({ deployment, message }, kills) => deployment.deliver(message, kills),
      look: key.look,
    });

    it('schedules, undisturbed, its end, and tells of it', () => {
      expect(outcome().calm.left).toMatchObject({
        state: key.before,
        changes: ['CreateSchedule'],
        actionRuns: [],
        told: [{ action: 'fix:enable-key', outcome: 'pending' }],
      });
    });
    asUndisturbed(outcome);
  });

  describe('an order, killed at each call and delivered again', () => {
    const outcome = played('an order', {
      set: () => given.failing(key, 'ordering'),
      play: (stage, kills) => stage.deployment.deliver(order(stage, 'fix'), kills),
      look: key.look,
    });

    it('is, undisturbed, obeyed and answered', () => {
      expect(outcome().calm.left).toMatchObject({
        state: key.after,
        changes: key.writes,
        actionRuns: [{ action: 'fix:enable-key', sequence: 1, status: 'done', decision: { by: 'operator' } }],
        told: [{ action: 'fix:enable-key', outcome: 'done', decision: { by: 'operator' } }],
      });
    });
    asUndisturbed(outcome);
  });

  describe('the order to undo, killed at each call and delivered again', () => {
    const outcome = played('the order to undo', {
      async set() {
        const stage = await given.failing(key, 'ordering');
        await stage.deployment.deliver(order(stage, 'fix'));
        return stage;
      },
      play: (stage, kills) => stage.deployment.deliver(order(stage, 'undo'), kills),
      look: key.look,
    });

    it('is, undisturbed, obeyed and answered', () => {
      expect(outcome().calm.left).toMatchObject({
        state: key.before,
        changes: key.undone,
        actionRuns: [{ action: 'fix:enable-key', sequence: 1, status: 'undone', undo: 'operator' }],
        told: [{ action: 'fix:enable-key', outcome: 'undone' }],
      });
    });
    asUndisturbed(outcome);
  });

  describe('a fix, killed at each call, whose finding is closed before it is delivered again', () => {
    const outcome = played('a fix whose finding is closed', {
      set: () => given.failing(key, 'fixing'),
      play: ({ deployment, target, message }, kills) =>
        deployment.deliver(message, kills, async () =>
          (await key.look(target)) === key.after ? [await deployment.record(target, 'PASS')] : [],
        ),
      look: key.look,
    });
    asUndisturbed(outcome);
  });
});

/** The message by which an operator's custom action has something done. */
function order({ deployment, finding }: Stage, what: ActionRequest['what']): string {
  const at = new Date(deployment.now()).toISOString();
  const id = `custom-action ${what}`;
  return JSON.stringify(requestBody({ id, finding, what, by: 'ana', why: 'It should be so.', at }));
}
