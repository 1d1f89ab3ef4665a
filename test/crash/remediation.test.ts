/**
 * What else remediation does, killed at each call and resumed: grace periods, the closing of a finding, requested actions;
 * and a finding that was closed by the time when it is resumed.
 */
import { describe, expect, it } from 'vitest';
import { list } from '../../lib/core/json.ts';
import type { ActionRequest } from '../../lib/remediation/action-request.ts';
import { actions } from '../../lib/remediation/actions/index.ts';
import { requestBody } from '../../lib/remediation/message.ts';
import { cases, type Case as FailingCase } from '../emulator/failing.ts';
import { crashing, leavesAndPublishesAsUndisturbed, played } from './action-calls.ts';
import { instanceCase } from './instance.ts';
import type { Setting } from './killed-everywhere.ts';
import type { Fault } from './relay.ts';

const policies = {
  tagging: 'controls: { ec2-volume-encryption: { actions: [tag] } }\n',
  fixing: 'controls: { kms-key-disabled: { actions: [fix:enable-key] } }\n',
  waiting: `controls: { kms-key-disabled: { actions: [fix:enable-key] } }
guardrails: { gracePeriod: { fix: 2 days } }
`,
  requesting: 'operators: { customActions: [fix:enable-key, fix:enable-rotation, undo] }\n',
};

const refuse = (name: string, code: string) => ({
  name,
  times: 1,
  answer: () => ({ status: 400, body: { __type: code, message: 'It is not taken.' } }),
});

/** Errors of one invocation, which the SDK does not try again. */
const faults: readonly { readonly what: string; readonly fault: Fault }[] = [
  {
    what: 'the publication is throttled until its function gives up',
    fault: {
      name: 'events:PutEvents',
      times: 4,
      answer: (body) => ({
        status: 200,
        body: {
          FailedEntryCount: list(body, 'Entries').length,
          Entries: list(body, 'Entries').map(() => ({
            ErrorCode: 'ThrottlingException',
            ErrorMessage: 'Rate exceeded',
          })),
        },
      }),
    },
  },
  { what: 'the publication fails once', fault: refuse('events:PutEvents', 'SomeException') },
  { what: 'the state table does not answer once', fault: refuse('dynamodb:BatchGetItem', 'SomeException') },
  { what: 'the run history does not take the end', fault: refuse('dynamodb:PutItem', 'SomeException') },
];

function caseOf(name: string): FailingCase {
  const found = cases.find((one) => one.name === name);
  if (found === undefined) throw new Error(`there is no case ${name}`);
  return found;
}
const volume = caseOf('tag, of a volume');
const key = caseOf('fix:enable-key');
/** Its undo exposes nothing, so that a function may carry it out. */
const rotation = caseOf('fix:enable-rotation');

it('is done with every action', () => {
  const ours = new Set([...cases, instanceCase].map(({ action }) => action.id));
  // moto has no AssociateEncryptionConfig: test/services/eks/fixes/associate-encryption.test.ts.
  const others = actions.map(({ id }) => id).filter((id) => !ours.has(id));
  expect(others).toEqual(['fix:associate-encryption']);
});

crashing(policies, (given) => {
  describe('the closing of a finding whose resource has tags, killed at each call and delivered again', () => {
    const outcome = played('the closing of a finding', {
      async prepare() {
        const stage = await given.failing(volume, 'tagging');
        await stage.deployment.deliver(stage.message);
        return { ...stage, message: await stage.deployment.record(stage.target, 'PASS') };
      },
      play: ({ deployment, message }, kills) => deployment.deliver(message, kills),
      readState: volume.readState,
    });

    it('removes, undisturbed, the tags', () => {
      expect(outcome().undisturbed.remains).toMatchObject({
        state: volume.before,
        changes: ['DeleteTags'],
        actionRuns: [{ action: 'tag', sequence: 1, status: 'undone', undo: 'policy' }],
        events: [{ action: 'tag', outcome: 'undone' }],
      });
    });
    leavesAndPublishesAsUndisturbed(outcome);
  });

  describe('the beginning of a grace period, killed at each call and delivered again', () => {
    const outcome = played('the beginning of a grace period', {
      prepare: () => given.failing(key, 'waiting'),
      play: ({ deployment, message }, kills) => deployment.deliver(message, kills),
      readState: key.readState,
    });

    it('schedules, undisturbed, its end, and publishes that', () => {
      expect(outcome().undisturbed.remains).toMatchObject({
        state: key.before,
        changes: ['CreateSchedule'],
        actionRuns: [],
        events: [{ action: 'fix:enable-key', outcome: 'pending' }],
      });
    });
    leavesAndPublishesAsUndisturbed(outcome);
  });

  describe.each(faults)('a fix, of which $what', ({ fault }) => {
    it('is done, verified and published within a minute', async () => {
      const { deployment, message, target } = await given.failing(key, 'fixing');
      const began = deployment.now();
      const { events, changes } = await deployment.deliver(message, [], async () => [], fault);
      expect(deployment.now() - began).toBeLessThan(60_000);
      expect(await key.readState(target)).toEqual(key.after);
      expect(changes.map((name) => name.slice(name.indexOf(':') + 1))).toEqual(key.writes);
      expect(events).toMatchObject([{ action: 'fix:enable-key', outcome: 'done' }]);
    });
  });

  describe('a requested action, killed at each call and delivered again', () => {
    const outcome = played('a requested action', {
      prepare: () => given.failing(key, 'requesting'),
      play: async (stage, kills) => stage.deployment.deliver(await requested(stage, 'fix'), kills),
      readState: key.readState,
    });

    it('is, undisturbed, carried out and answered', () => {
      expect(outcome().undisturbed.remains).toMatchObject({
        state: key.after,
        changes: key.writes,
        actionRuns: [
          { action: 'fix:enable-key', sequence: 1, status: 'done', decision: { actor: 'operator' } },
        ],
        events: [{ action: 'fix:enable-key', outcome: 'done', decision: { actor: 'operator' } }],
      });
    });
    leavesAndPublishesAsUndisturbed(outcome);
  });

  describe('a requested undo, killed at each call and delivered again', () => {
    const outcome = played('a requested undo', {
      async prepare() {
        const stage = await given.failing(rotation, 'requesting');
        await stage.deployment.deliver(await requested(stage, 'fix'));
        return stage;
      },
      play: async (stage, kills) => stage.deployment.deliver(await requested(stage, 'undo'), kills),
      readState: rotation.readState,
    });

    it('is, undisturbed, carried out and answered', () => {
      expect(outcome().undisturbed.remains).toMatchObject({
        state: rotation.before,
        changes: rotation.undone,
        actionRuns: [{ action: 'fix:enable-rotation', sequence: 1, status: 'undone', undo: 'operator' }],
        events: [{ action: 'fix:enable-rotation', outcome: 'undone' }],
      });
    });
    leavesAndPublishesAsUndisturbed(outcome);
  });

  describe('a fix, killed at each call, whose finding is closed before it is delivered again', () => {
    const outcome = played('a fix whose finding is closed', {
      prepare: () => given.failing(key, 'fixing'),
      play: ({ deployment, target, message }, kills) =>
        deployment.deliver(message, kills, async () =>
          (await key.readState(target)) === key.after ? [await deployment.record(target, 'PASS')] : [],
        ),
      readState: key.readState,
    });
    leavesAndPublishesAsUndisturbed(outcome);
  });
});

/** The message about what an operator requested by a custom action, which is stored. */
async function requested({ deployment, finding }: Setting, action: ActionRequest['action']): Promise<string> {
  const at = new Date(deployment.now()).toISOString();
  const id = `custom-action ${action}`;
  await deployment.storeRequest({ id, finding, action, actor: 'ana', reason: 'It should be so.', at });
  return JSON.stringify(requestBody(id));
}
