/**
 * `trailseal custom-actions` as users run it: with queues and an identity in moto, and a server for custom actions,
 * which moto lacks. Races and denials are tested in `test/cli/custom-actions.test.ts`.
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
beforeEach(async () => {
  serial += 1;
  stage = `sync${serial}`;
  await makeQueue('scan');
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

/** Adds custom actions of others. */
function others(count: number, Name = 'Send to chat'): void {
  for (let number = 1; number <= count; number += 1) {
    const ActionTargetArn = arn(`Other${number}`);
    hub.kept.set(ActionTargetArn, { ActionTargetArn, Name, Description: 'of others' });
  }
}

/** The file of a policy with these custom actions; without any it has no operators. */
function policyWith(...customActions: readonly string[]): string {
  const operators =
    customActions.length === 0 ? '' : `operators:\n  customActions: [${customActions.join(', ')}]\n`;
  return put(
    folder,
    `${customActions.join('-').replaceAll(':', '_') || 'none'}.yml`,
    `version: 1\n${operators}`,
  );
}

function run(...args: readonly string[]) {
  return trailsealAt(inject('moto'), ['custom-actions', ...args, '--stage', stage, '--region', region]);
}

function sync(...args: readonly string[]) {
  return run('sync', ...args);
}

/** Makes the queue to which the custom actions lead. */
const deployOperator = () => makeQueue('operator');

async function makeQueue(name: 'operator' | 'scan'): Promise<void> {
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const sqs = new SQSClient({ region, endpoint: inject('moto'), credentials });
  await sqs.send(new CreateQueueCommand({ QueueName: queueName(stage, name) }));
}

describe('trailseal custom-actions', () => {
  it('sync creates the custom actions of the policy, and prints each with its ARN', async () => {
    await deployOperator();
    const { code, stdout, stderr } = await sync('--policy', policyWith('undo', 'fix:enable-key'));
    expect(stdout).toContain(`\n  created  Fix   ${arn(id('fix'))}\n  created  Undo  ${arn(id('undo'))}\n`);
    expect(hub.kept.get(arn(id('fix')))).toEqual({
      ActionTargetArn: arn(id('fix')),
      Name: 'Fix',
      Description: `Trailseal, stage ${stage}: carries out the fixes of the control`,
    });
    expect([code, stderr]).toEqual([0, '']);
  });

  it('sync changes nothing the second time', async () => {
    await deployOperator();
    others(7);
    await sync('--policy', policyWith('re-check'));
    hub.writes.length = 0;
    const { stdout } = await sync('--policy', policyWith('re-check'));
    expect(stdout).toContain(`\n  unchanged  Re-check  ${arn(id('re-check'))}\n`);
    expect(hub.writes).toEqual([]);
  });

  it('sync restores what somebody has renamed', async () => {
    const ActionTargetArn = arn(id('undo'));
    hub.kept.set(ActionTargetArn, { ActionTargetArn, Name: 'Undo!', Description: 'changed by hand' });
    await sync('--policy', policyWith('undo'));
    expect(hub.kept.get(ActionTargetArn)?.Name).toBe('Undo');
  });

  it('sync removes the custom actions that the policy no longer has, and none of others', async () => {
    others(1);
    await sync('--policy', policyWith('undo', 're-check'));
    await sync('--policy', policyWith('re-check'));
    expect([...hub.kept.keys()]).toEqual([arn('Other1'), arn(id('re-check'))]);
  });

  it('remove removes all of the stage, and none of another stage', async () => {
    await sync('--policy', policyWith('undo', 're-check'));
    const ActionTargetArn = arn(customActionId('prod', 'undo'));
    hub.kept.set(ActionTargetArn, { ActionTargetArn, Name: 'Undo', Description: '' });
    await run('remove');
    expect([...hub.kept.keys()]).toEqual([ActionTargetArn]);
  });

  it.each([['sync', '--policy', policyWith('undo')], ['remove']])(
    '%s of a stage that is not deployed creates nothing, and says which stages there are',
    async (...args) => {
      const there = stage;
      stage = `${there}-`;
      const { code, stderr } = await run(...args);
      expect(stderr).toContain(
        `trailseal-${stage} is not deployed in ${region}; the stages in ${region} are: `,
      );
      expect(stderr).toMatch(new RegExp(`\\b${there}\\b`));
      expect([code, hub.writes]).toEqual([2, []]);
    },
  );

  it('remove removes what a stage that is not deployed any more left behind', async () => {
    stage = 'left';
    const ActionTargetArn = arn(id('undo'));
    hub.kept.set(ActionTargetArn, { ActionTargetArn, Name: 'Undo', Description: '' });
    const { code } = await run('remove');
    expect([code, hub.kept.size]).toEqual([0, 0]);
  });

  it('sync --dry-run shows what it would do, and changes nothing', async () => {
    const { stdout } = await sync('--policy', policyWith('undo'), '--dry-run');
    expect(stdout).toContain(`\n  would be created  Undo  ${arn(id('undo'))}\n`);
    expect(hub.kept.size).toBe(0);
  });

  it('sync says so where the deployment does not receive them yet', async () => {
    const { code, stderr } = await sync('--policy', policyWith('undo'));
    expect(stderr).toBe(
      `the deployment does not receive these custom actions yet: there is no queue trailseal-${stage}-operator in ${region}; ` +
        `deploy the policy:\n    npm run deploy -- --stage ${stage} --region ${region}\n`,
    );
    expect(code).toBe(0);
  });

  it('sync says who may use them', async () => {
    const { stdout } = await sync('--policy', policyWith('undo'));
    expect(stdout).toContain(
      `securityhub:SendFindingEvents on arn:aws:securityhub:${region}:${account}:hub/default`,
    );
  });

  it('sync warns of others with the same names', async () => {
    others(1, 'Fix');
    const { stdout } = await sync('--policy', policyWith('fix:enable-key'));
    expect(stdout).toContain(`\n  Fix  ${arn('Other1')}  of others\n`);
  });

  it('sync prints JSON', async () => {
    const { stdout } = await sync('--policy', policyWith('exempt'), '--format', 'json');
    expect(JSON.parse(stdout)).toEqual({
      stage,
      account,
      region,
      policy: expect.stringMatching(/exempt\.yml$/),
      customActions: [
        {
          customAction: 'exempt',
          name: 'Exempt for 30 days',
          description: `Trailseal, stage ${stage}: exempts the finding for 30 days`,
          id: id('exempt'),
          arn: arn(id('exempt')),
          change: 'create',
          done: true,
          reason: null,
        },
      ],
      queueExists: false,
      permission: {
        action: 'securityhub:SendFindingEvents',
        resource: `arn:aws:securityhub:${region}:${account}:hub/default`,
      },
    });
  });

  it('sync says what to do where Security Hub is off', async () => {
    hub.on = false;
    const { code, stderr } = await sync('--policy', policyWith('undo'));
    expect(stderr).toContain(
      `aws securityhub enable-security-hub --region ${region} --no-enable-default-standards`,
    );
    expect(code).toBe(2);
  });

  it('sync creates none where there is no room for all, and says how to make room', async () => {
    others(49);
    const { code, stderr } = await sync('--policy', policyWith('undo', 're-check'));
    expect(stderr).toContain(
      'accepts 50 custom actions in an account and Region and has 49: there is no room for 2 more. Nothing was changed. Delete at least 1',
    );
    expect([code, hub.writes]).toEqual([2, []]);
  });

  it('sync changes nothing for a policy without custom actions', async () => {
    const { code, stdout } = await sync('--policy', policyWith());
    expect(stdout).toContain('None: the policy has no operators.customActions, and there were none.');
    expect(code).toBe(0);
  });
});
