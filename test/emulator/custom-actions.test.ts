/**
 * `trailseal setup` as people run it: on queues and an identity in moto, and on a server that keeps custom actions, which
 * moto lacks. What only a race or a refusal brings about is held by `test/cli/custom-actions.test.ts`.
 */
import { CreateQueueCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { customActionId, queueName } from '../../lib/aws/names.ts';
import type { CustomActionName } from '../../lib/core/custom-action.ts';
import { put, workFolder } from '../cli/command.ts';
import { trailsealAt } from './command.ts';
import { type CustomActionsServer, startCustomActions } from './custom-actions-server.ts';

const account = '123456789012';
const region = 'ap-southeast-2';
const folder = workFolder();

let hub: CustomActionsServer;
/** A deployment of its own for each test. */
let stage = '';
let serial = 0;
beforeAll(async () => {
  hub = await startCustomActions(account, region);
  process.env['AWS_ENDPOINT_URL_SECURITYHUB'] = hub.endpoint;
});
afterAll(async () => {
  delete process.env['AWS_ENDPOINT_URL_SECURITYHUB'];
  await hub.stop();
});
beforeEach(() => {
  serial += 1;
  stage = `setup${serial}`;
  hub.on = true;
  hub.kept.clear();
  hub.writes.length = 0;
});

function arn(id: string): string {
  return `arn:aws:securityhub:${region}:${account}:action/custom/${id}`;
}

function id(customAction: CustomActionName): string {
  return customActionId(stage, customAction);
}

/** Keeps custom actions of others. */
function others(count: number, Name = 'Send to chat'): void {
  for (let number = 1; number <= count; number += 1) {
    const ActionTargetArn = arn(`Other${number}`);
    hub.kept.set(ActionTargetArn, { ActionTargetArn, Name, Description: 'of others' });
  }
}

/** The file of a policy with these orders; without any it has no operators. */
function policyWith(...customActions: readonly string[]): string {
  const operators =
    customActions.length === 0 ? '' : `operators:\n  customActions: [${customActions.join(', ')}]\n`;
  return put(
    folder,
    `${customActions.join('-').replaceAll(':', '_') || 'none'}.yml`,
    `version: 1\n${operators}`,
  );
}

function setup(...args: readonly string[]) {
  return trailsealAt(inject('moto'), ['setup', '--stage', stage, '--region', region, ...args]);
}

/** Makes the queue to which the custom actions lead. */
async function deployOperator(): Promise<void> {
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const sqs = new SQSClient({ region, endpoint: inject('moto'), credentials });
  await sqs.send(new CreateQueueCommand({ QueueName: queueName(stage, 'operator') }));
}

describe('trailseal setup', () => {
  it('makes the custom actions that the policy has orders for, and tells each with its ARN', async () => {
    await deployOperator();
    const { code, stdout, stderr } = await setup('--policy', policyWith('undo', 'fix:enable-key'));
    expect(stdout).toContain(`\n  made  Fix   ${arn(id('fix'))}\n  made  Undo  ${arn(id('undo'))}\n`);
    expect(hub.kept.get(arn(id('fix')))).toEqual({
      ActionTargetArn: arn(id('fix')),
      Name: 'Fix',
      Description: `Trailseal, stage ${stage}: do the fix that the control of the finding has`,
    });
    expect([code, stderr]).toEqual([0, '']);
  });

  it('a second time changes nothing', async () => {
    await deployOperator();
    others(7);
    await setup('--policy', policyWith('re-check'));
    hub.writes.length = 0;
    const { stdout } = await setup('--policy', policyWith('re-check'));
    expect(stdout).toContain(`\n  was there  Re-check  ${arn(id('re-check'))}\n`);
    expect(hub.writes).toEqual([]);
  });

  it('puts right what somebody has renamed', async () => {
    const ActionTargetArn = arn(id('undo'));
    hub.kept.set(ActionTargetArn, { ActionTargetArn, Name: 'Undo!', Description: 'changed by hand' });
    await setup('--policy', policyWith('undo'));
    expect(hub.kept.get(ActionTargetArn)?.Name).toBe('Undo');
  });

  it('removes the custom actions that the policy has no orders for any more, and nothing of others', async () => {
    others(1);
    await setup('--policy', policyWith('undo', 're-check'));
    await setup('--policy', policyWith('re-check'));
    expect([...hub.kept.keys()]).toEqual([arn('Other1'), arn(id('re-check'))]);
  });

  it('removes all of the stage, and of no other stage, when it is told to', async () => {
    await setup('--policy', policyWith('undo', 're-check'));
    const ActionTargetArn = arn(customActionId('prod', 'undo'));
    hub.kept.set(ActionTargetArn, { ActionTargetArn, Name: 'Undo', Description: '' });
    await setup('--remove');
    expect([...hub.kept.keys()]).toEqual([ActionTargetArn]);
  });

  it('tells what it would do, and leaves it', async () => {
    const { stdout } = await setup('--policy', policyWith('undo'), '--dry-run');
    expect(stdout).toContain(`\n  would be made  Undo  ${arn(id('undo'))}\n`);
    expect(hub.kept.size).toBe(0);
  });

  it('says so where nobody hears the custom actions yet', async () => {
    const { code, stderr } = await setup('--policy', policyWith('undo'));
    expect(stderr).toBe(
      `nobody hears these custom actions yet: there is no queue trailseal-${stage}-operator in ${region}; ` +
        `deploy the policy with its orders:\n    npm run deploy -- --stage ${stage} --region ${region}\n`,
    );
    expect(code).toBe(0);
  });

  it('tells who may press them', async () => {
    const { stdout } = await setup('--policy', policyWith('undo'));
    expect(stdout).toContain(
      `securityhub:SendFindingEvents on arn:aws:securityhub:${region}:${account}:hub/default`,
    );
  });

  it('warns of others with the same names', async () => {
    others(1, 'Fix');
    const { stdout } = await setup('--policy', policyWith('fix:enable-key'));
    expect(stdout).toContain(`\n  Fix  ${arn('Other1')}  of others\n`);
  });

  it('tells programs', async () => {
    const { stdout } = await setup('--policy', policyWith('exempt'), '--format', 'json');
    expect(JSON.parse(stdout)).toEqual({
      stage,
      account,
      region,
      policy: expect.stringMatching(/exempt\.yml$/),
      customActionNames: [
        {
          customAction: 'exempt',
          name: 'Exempt for 30 days',
          description: `Trailseal, stage ${stage}: exempt the finding for 30 days`,
          id: id('exempt'),
          arn: arn(id('exempt')),
          step: 'make',
          done: true,
          because: null,
        },
      ],
      heard: false,
      requesting: {
        action: 'securityhub:SendFindingEvents',
        resource: `arn:aws:securityhub:${region}:${account}:hub/default`,
      },
    });
  });

  it('says what to do where Security Hub is off', async () => {
    hub.on = false;
    const { code, stderr } = await setup('--policy', policyWith('undo'));
    expect(stderr).toContain(
      `aws securityhub enable-security-hub --region ${region} --no-enable-default-standards`,
    );
    expect(code).toBe(2);
  });

  it('makes none where there is no room for all, and says how to make some', async () => {
    others(49);
    const { code, stderr } = await setup('--policy', policyWith('undo', 're-check'));
    expect(stderr).toContain(
      'takes 50 custom actions in an account and Region and has 49 here, so that there is no room for 2 more: delete 1 at least',
    );
    expect([code, hub.writes]).toEqual([2, []]);
  });

  it('has nothing to do for a policy without orders', async () => {
    const { code, stdout } = await setup('--policy', policyWith());
    expect(stdout).toContain('None: the policy has no operators.customActions, and there were none.');
    expect(code).toBe(0);
  });
});
