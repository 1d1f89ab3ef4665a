/**
 * The roles that write to resources, one for each service: what each may do, held against what the actions declare, as an
 * IAM simulator that is not ours evaluates it. What IAM must refuse beside that is in `write-roles/`.
 */
import { describe, expect, it } from 'vitest';
import { capital } from '../../deploy/template.ts';
import { at } from '../../lib/core/json.ts';
import { writeActions } from '../../lib/core/write.ts';
import { requestable } from '../../lib/policy/custom-actions.ts';
import { actions as allActions } from '../../lib/remediation/actions/index.ts';
import { controls } from '../../lib/services/catalogue.ts';
import { tagAdapters } from '../../lib/services/tags.ts';
import { listed, madeWith } from './made.ts';
import { mayCall } from './simulate.ts';
import {
  account,
  documentsOf,
  type Made,
  ofType,
  policyOf,
  region,
  roleIn,
  statementsIn,
} from './template.ts';
import { broadPermissions, everything, keySetting } from './write-roles/everything.ts';

const { resources, functions } = await madeWith(everything.policy, everything.parameters);
const writeRolesIn = (made: ReadonlyMap<string, Made>) =>
  ofType(made, 'AWS::IAM::Role').filter(([id]) => id.endsWith('WriteRole'));
const roles = writeRolesIn(resources);

/** All writes that actions, and their undos, declare. */
const declared = new Set<string>(
  allActions.flatMap(({ permissions, undo }) => [
    ...writeActions(permissions.writes),
    ...(undo.kind === 'restores' ? writeActions(undo.permissions.writes) : []),
  ]),
);

/** Those that no role of a function has: of undos that expose again, and of no action. */
const ofOperators = [...declared].filter(
  (action) =>
    !allActions.some(
      ({ permissions, undo }) =>
        writeActions(permissions.writes).some((one) => one === action) ||
        (undo.kind === 'restores' &&
          undo.by === 'function' &&
          writeActions(undo.permissions.writes).some((one) => one === action)),
    ),
);

/** The roles that write in a deployment with this policy, and the writes that they allow. */
async function writesFor(policy: string, parameters: Readonly<Record<string, unknown>> = {}) {
  const made = writeRolesIn((await madeWith(policy, parameters)).resources);
  const granted = made.flatMap(([, role]) => statementsIn(policyOf(role)).flatMap(({ actions }) => actions));
  return {
    roles: made.map(([id]) => id),
    writes: [...new Set(granted)].filter((action) => declared.has(action)).toSorted(),
  };
}

describe('a deployment may write what its policy asks for, and nothing else, and has no other role:', () => {
  it.each([
    ['{ kms-key-disabled: { actions: [fix:enable-key] } }', ['KmsWriteRole'], ['kms:EnableKey']],
    ['{ kms-key-disabled: { actions: [tag] } }', ['KmsWriteRole'], ['kms:TagResource', 'kms:UntagResource']],
    ['{ ec2-volume-encryption: { actions: [tag] } }', ['Ec2WriteRole'], ['ec2:CreateTags', 'ec2:DeleteTags']],
    ['{ kms-grant: { actions: [fix:revoke-grant] } }', ['KmsWriteRole'], ['kms:RevokeGrant']],
    [
      '{ eks-audit-logging: { actions: [fix:enable-audit-logging] } }',
      ['EksWriteRole'],
      ['eks:UpdateClusterConfig'],
    ],
    [
      '{ ebs-snapshot-sharing: { actions: [fix:unshare-snapshot] } }',
      ['Ec2WriteRole'],
      ['ec2:ModifySnapshotAttribute'],
    ],
  ])('%s', async (asked, expectedRoles, expected) => {
    expect(await writesFor(`controls: ${asked}`)).toEqual({ roles: expectedRoles, writes: expected });
  });

  it('key policies only where the policy allows it by name, and with a role of its own', async () => {
    const asked = 'controls: { kms-key-policy: { actions: [fix:restore-key-policy] } }';
    await expect(writesFor(asked)).rejects.toThrow(/permissions that IAM cannot narrow/);
    const allowed = 'actions: { broadPermissions: [fix:restore-key-policy] }';
    expect(await writesFor(`${asked}\n${allowed}`)).toEqual({
      roles: ['KmsRestoreKeyPolicyWriteRole'],
      writes: ['kms:PutKeyPolicy'],
    });
    expect(await writesFor(allowed)).toEqual({ roles: [], writes: [] });
  });

  it('nothing that only an undo needs, where operators may request none', async () => {
    const asked = listed(controls, ({ id, actions }) => `${id}: { actions: [${actions.join(', ')}] }`);
    const { writes } = await writesFor(`controls:\n${asked}\n${broadPermissions}`);
    const undoing = /kms:(Disable|ScheduleKey|CreateGrant)|ec2:Start/;
    expect(writes.filter((action) => undoing.test(action))).toEqual([]);
  });
});

describe('a deployment may write what operators may request, and nothing else:', () => {
  it.each([
    ['fix:enable-key', ['kms:EnableKey']],
    ['fix:enable-key, undo', ['kms:EnableKey']],
    ['fix:unshare-snapshot, undo', ['ec2:ModifySnapshotAttribute']],
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
    const { writes } = await writesFor(`operators: { customActions: [${some}] }\n${broadPermissions}`);
    expect(writes).toEqual(expected);
  });

  it('what an undo needs of an action that the policy itself asks for', async () => {
    const asking = 'controls: { kms-key-rotation: { actions: [fix:enable-rotation] } }';
    const { writes } = await writesFor(`${asking}\noperators: { customActions: [undo] }`);
    expect(writes).toEqual(['kms:DisableKeyRotation', 'kms:EnableKeyRotation']);
  });

  it('for controls that are not deployed, nothing', async () => {
    const ordered = 'operators: { customActions: [fix:enable-key, quarantine] }';
    expect(await writesFor(ordered, { evaluators: 'eks' })).toEqual({ roles: [], writes: [] });
  });

  it('all that the actions declare, where all of it may be requested', async () => {
    const all = [...new Set(controls.flatMap(requestable)), 'undo'].join(', ');
    const policy = `${keySetting}\n${broadPermissions}\noperators: { customActions: [${all}] }`;
    const { writes } = await writesFor(policy);
    const ofTags = new Set<string>(
      tagAdapters.flatMap(({ permissions: { set, remove } }) => [set.action, remove.action]),
    );
    const needed = [...declared]
      .filter((action) => !ofTags.has(action) && !ofOperators.includes(action))
      .toSorted();
    expect(writes.filter((action) => !ofTags.has(action))).toEqual(needed);
  });
});

it('what only an undo that exposes again needs is in no role', () => {
  expect(ofOperators.toSorted()).toEqual([
    'autoscaling:AttachInstances',
    'autoscaling:ExitStandby',
    'ec2:StartInstances',
    'elasticloadbalancing:RegisterTargets',
    'kms:DisableKey',
  ]);
  const granted = roles.flatMap(([, role]) => statementsIn(policyOf(role)).flatMap(({ actions }) => actions));
  expect(granted.filter((action) => ofOperators.includes(action))).toEqual([]);
});

describe.each(roles)('%s', (id, role) => {
  const statements = statementsIn(policyOf(role));

  it('may be assumed by the role of the function that remediates, and by nobody else', () => {
    expect(statementsIn(at(role.properties, 'AssumeRolePolicyDocument'))).toEqual([
      {
        effect: 'Allow',
        actions: ['sts:AssumeRole'],
        resources: [],
        conditions: undefined,
        principal: { AWS: `arn:aws:iam::${account}:role/RemediateRole` },
      },
    ]);
  });

  it('is named to that function, which does not start before it may assume it', async () => {
    const environment = JSON.stringify(at(functions, 'remediate', 'environment'));
    expect(environment).toContain(JSON.stringify({ 'Fn::GetAtt': [id, 'Arn'] }));
    expect(at(functions, 'remediate', 'dependsOn')).toEqual(['AssumeWriteRoles']);
    const assuming = { action: 'sts:AssumeRole', resource: `arn:aws:iam::${account}:role/${id}` };
    expect(await mayCall(roleIn(resources, 'RemediateRole'), assuming)).toBe(true);
  });

  it('only allows', () => {
    expect(statements.filter(({ effect }) => effect !== 'Allow')).toEqual([]);
  });

  it.each([
    ['ec2:TerminateInstances', `arn:aws:ec2:${region}:${account}:instance/i-1`],
    ['ec2:DeleteSnapshot', `arn:aws:ec2:${region}::snapshot/snap-1`],
    ['eks:DeleteCluster', `arn:aws:eks:${region}:${account}:cluster/one`],
    ['kms:Decrypt', `arn:aws:kms:${region}:${account}:key/1234`],
    ['kms:ScheduleKeyDeletion', `arn:aws:kms:${region}:${account}:key/1234`],
    ['iam:PassRole', `arn:aws:iam::${account}:role/any`],
    ['sts:AssumeRole', `arn:aws:iam::${account}:role/any`],
    ['ssm:PutParameter', `arn:aws:ssm:${region}:${account}:parameter/trailseal/dev/kill-switch`],
    ['dynamodb:PutItem', `arn:aws:dynamodb:${region}:${account}:table/any`],
    ['securityhub:BatchUpdateFindings', `arn:aws:securityhub:${region}:${account}:hub/default`],
  ])('may never call %s', async (action, resource) => {
    expect(await mayCall(role, { action, resource })).toBe(false);
  });
});

it.each(Object.keys(functions))('the function %s may write to no resource itself', (name) => {
  const granted = documentsOf(roleIn(resources, `${capital(name)}Role`))
    .flatMap(statementsIn)
    .flatMap(({ actions }) => actions);
  expect(granted.filter((action) => declared.has(action))).toEqual([]);
});

describe('within what IAM takes', async () => {
  // Source: IAM User Guide, "IAM and AWS STS quotas": 10,240 characters for all inline policies of a role, without white
  // space. The rest is for longer names of partitions and Regions, and for roles to grow.
  const most = 8_000;
  const largest = await madeWith(everything.policy, { ...everything.parameters, stage: 'a'.repeat(20) });
  const all = ofType(largest.resources, 'AWS::IAM::Role').map(([id]) => id);

  it.each(all)('is %s, whatever the policy asks for and lets operators request', (id) => {
    const documents = documentsOf(roleIn(largest.resources, id)).map((document) => JSON.stringify(document));
    expect(documents.join('').length).toBeLessThanOrEqual(most);
  });

  it('are the roles of all functions and services', () => {
    const named = Object.keys(largest.functions).map((name) => `${capital(name)}Role`);
    expect(all).toEqual(expect.arrayContaining([...named, ...roles.map(([id]) => id)]));
  });
});
