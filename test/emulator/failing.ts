/** Resources in moto that fail a control, one for each action, and their states before and after it. */
import {
  CreateSnapshotCommand,
  CreateTagsCommand,
  CreateVolumeCommand,
  DescribeSnapshotAttributeCommand,
  DescribeVolumesCommand,
  DisableEbsEncryptionByDefaultCommand,
  GetEbsEncryptionByDefaultCommand,
  ModifySnapshotAttributeCommand,
} from '@aws-sdk/client-ec2';
import {
  CreateClusterCommand,
  DescribeClusterCommand,
  TagResourceCommand,
  UpdateClusterConfigCommand,
} from '@aws-sdk/client-eks';
import {
  CreateGrantCommand,
  CreateKeyCommand,
  DescribeKeyCommand,
  DisableKeyCommand,
  GetKeyPolicyCommand,
  GetKeyRotationStatusCommand,
  ListGrantsCommand,
  ListResourceTagsCommand,
  PutKeyPolicyCommand,
  ScheduleKeyDeletionCommand,
  TagResourceCommand as TagKey,
} from '@aws-sdk/client-kms';
import type { AnyAction, Target } from '../../lib/core/action.ts';
import type { Resource, ResourceType } from '../../lib/core/control.ts';
import { findingId } from '../../lib/findings/id.ts';
import type { DynamoMemory } from '../../lib/findings/state/memory.ts';
import { tag } from '../../lib/remediation/actions/tag.ts';
import { enableDefaultEncryption } from '../../lib/services/ec2/fixes/enable-default-encryption.ts';
import { unshareSnapshot } from '../../lib/services/ec2/fixes/unshare-snapshot.ts';
import { enableAuditLogging } from '../../lib/services/eks/fixes/enable-audit-logging.ts';
import { restrictEndpoint } from '../../lib/services/eks/fixes/restrict-endpoint.ts';
import { cancelKeyDeletion } from '../../lib/services/kms/fixes/cancel-key-deletion.ts';
import { enableKey } from '../../lib/services/kms/fixes/enable-key.ts';
import { enableRotation } from '../../lib/services/kms/fixes/enable-rotation.ts';
import { restoreKeyPolicy } from '../../lib/services/kms/fixes/restore-key-policy.ts';
import { revokeGrant } from '../../lib/services/kms/fixes/revoke-grant.ts';
import { memosOf } from '../../lib/services/kms/memory.ts';
import { account, bystanders, region } from './action-deps.ts';

const { ec2, eks, kms } = bystanders();

export interface Case {
  readonly name: string;
  readonly action: AnyAction;
  /** Makes a resource that fails, and records in the state table what earlier evaluations would have read. */
  make(memory: DynamoMemory): Promise<Target>;
  /** What the action is about, as AWS has it. */
  readState(target: Target): Promise<unknown>;
  /** What `readState` returns before, and after. */
  readonly before: unknown;
  readonly after: unknown;
  /** The effective writes of the action, and of its undo. */
  readonly writes: readonly string[];
  readonly undone: readonly string[] | 'command' | 'not in moto';
  /** Somebody else's change after the action; left out where none could be distinguished from the action's own. */
  readonly meddle?: (target: Target) => Promise<void>;
}

function target(
  control: string,
  type: ResourceType,
  id: string,
  arn: string,
  settings: unknown = {},
): Target {
  const resource: Resource = { type, id, arn, account, region };
  const finding = { title: 'It fails', severity: 'HIGH', openedAt: '2026-11-21T09:00:00.000Z' } as const;
  return { resource, finding: { ...finding, id: findingId(control, resource), control }, settings };
}

function present<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`moto does not tell ${what}`);
  return value;
}

async function makeKey(): Promise<{ readonly id: string; readonly arn: string }> {
  const { KeyMetadata: key } = await kms.send(new CreateKeyCommand({ Policy: goodPolicy }));
  return { id: present(key?.KeyId, 'the id of a key'), arn: present(key?.Arn, 'the ARN of a key') };
}

async function keyState({ resource }: Target): Promise<string | undefined> {
  return (await kms.send(new DescribeKeyCommand({ KeyId: resource.arn }))).KeyMetadata?.KeyState;
}

const own = {
  Sid: 'own',
  Effect: 'Allow',
  Principal: { AWS: `arn:aws:iam::${account}:root` },
  Action: 'kms:*',
  Resource: '*',
};
const goodPolicy = JSON.stringify({ Version: '2012-10-17', Statement: [own] });
const badPolicy = JSON.stringify({
  Version: '2012-10-17',
  Statement: [own, { Effect: 'Allow', Principal: '*', Action: 'kms:Decrypt', Resource: '*' }],
});
const othersPolicy = JSON.stringify({ Version: '2012-10-17', Statement: [{ ...own, Sid: 'others' }] });

async function makeSnapshot(): Promise<string> {
  const volume = await ec2.send(new CreateVolumeCommand({ AvailabilityZone: `${region}a`, Size: 1 }));
  const snapshot = await ec2.send(
    new CreateSnapshotCommand({ VolumeId: present(volume.VolumeId, 'the volume') }),
  );
  return present(snapshot.SnapshotId, 'the snapshot');
}

let clusters = 0;

async function makeCluster(): Promise<{ readonly id: string; readonly arn: string }> {
  clusters += 1;
  const { cluster } = await eks.send(
    new CreateClusterCommand({
      name: `cluster-${clusters}`,
      roleArn: `arn:aws:iam::${account}:role/cluster`,
      resourcesVpcConfig: {
        subnetIds: [],
        endpointPublicAccess: true,
        endpointPrivateAccess: false,
        publicAccessCidrs: ['0.0.0.0/0'],
      },
    }),
  );
  return { id: present(cluster?.name, 'a cluster'), arn: present(cluster?.arn, 'the ARN of a cluster') };
}

async function describeCluster({ resource }: Target) {
  return (await eks.send(new DescribeClusterCommand({ name: resource.id }))).cluster;
}

async function endpointOf(of: Target): Promise<unknown> {
  const config = (await describeCluster(of))?.resourcesVpcConfig;
  return [config?.endpointPublicAccess, config?.endpointPrivateAccess, config?.publicAccessCidrs];
}

async function volumeTags({ resource }: Target): Promise<readonly string[]> {
  const { Volumes } = await ec2.send(new DescribeVolumesCommand({ VolumeIds: [resource.id] }));
  return namesOf(Volumes?.[0]?.Tags?.map(({ Key, Value }) => [Key, Value]));
}

/** Tags as `name=value`, but of what differs each time only the name. */
function namesOf(pairs: readonly (readonly (string | undefined)[])[] = []): readonly string[] {
  return pairs
    .map(([name, value]) => (/:(finding|at)$/.test(name ?? '') ? `${name}` : `${name}=${value}`))
    .sort();
}

function tagsFor(controls: string): readonly string[] {
  return [
    'owner=ana',
    'trailseal:at',
    `trailseal:controls=${controls}`,
    'trailseal:finding',
    'trailseal:status=failed',
  ];
}

export const cases: readonly Case[] = [
  {
    name: 'tag, of a volume',
    action: tag,
    async make() {
      const { VolumeId } = await ec2.send(
        new CreateVolumeCommand({
          AvailabilityZone: `${region}a`,
          Size: 1,
          TagSpecifications: [{ ResourceType: 'volume', Tags: [{ Key: 'owner', Value: 'ana' }] }],
        }),
      );
      const id = present(VolumeId, 'the volume');
      return target(
        'ec2-volume-encryption',
        'AwsEc2Volume',
        id,
        `arn:aws:ec2:${region}:${account}:volume/${id}`,
      );
    },
    readState: volumeTags,
    before: ['owner=ana'],
    after: tagsFor('ec2-volume-encryption'),
    writes: ['CreateTags'],
    undone: ['DeleteTags'],
    async meddle({ resource }) {
      const Tags = [{ Key: 'trailseal:status', Value: 'fine' }];
      await ec2.send(new CreateTagsCommand({ Resources: [resource.id], Tags }));
    },
  },
  {
    name: 'tag, of a cluster',
    action: tag,
    async make() {
      const { id, arn } = await makeCluster();
      await eks.send(new TagResourceCommand({ resourceArn: arn, tags: { owner: 'ana' } }));
      return target('eks-audit-logging', 'AwsEksCluster', id, arn);
    },
    readState: async (of) => namesOf(Object.entries((await describeCluster(of))?.tags ?? {})),
    before: ['owner=ana'],
    after: tagsFor('eks-audit-logging'),
    writes: ['TagResource'],
    // It takes one name of those that are to be removed, and forgets the others.
    undone: 'not in moto',
  },
  {
    name: 'tag, of a key',
    action: tag,
    async make() {
      const { id, arn } = await makeKey();
      await kms.send(new TagKey({ KeyId: id, Tags: [{ TagKey: 'owner', TagValue: 'ana' }] }));
      return target('kms-key-rotation', 'AwsKmsKey', id, arn);
    },
    async readState({ resource }) {
      const { Tags } = await kms.send(new ListResourceTagsCommand({ KeyId: resource.id }));
      return namesOf(Tags?.map(({ TagKey, TagValue }) => [TagKey, TagValue]));
    },
    before: ['owner=ana'],
    after: tagsFor('kms-key-rotation'),
    writes: ['TagResource'],
    undone: ['UntagResource'],
    async meddle({ resource }) {
      const Tags = [{ TagKey: 'trailseal:status', TagValue: 'fine' }];
      await kms.send(new TagKey({ KeyId: resource.id, Tags }));
    },
  },
  {
    name: 'fix:cancel-key-deletion (was enabled)',
    action: cancelKeyDeletion,
    async make(memory) {
      const { id, arn } = await makeKey();
      const it = target('kms-key-deletion', 'AwsKmsKey', id, arn);
      await memory.remember(memosOf({ key: it.resource, at: 1, state: 'Enabled' }));
      await kms.send(new ScheduleKeyDeletionCommand({ KeyId: id, PendingWindowInDays: 7 }));
      return it;
    },
    readState: keyState,
    before: 'PendingDeletion',
    after: 'Enabled',
    writes: ['CancelKeyDeletion', 'EnableKey'],
    undone: 'command',
  },
  {
    name: 'fix:cancel-key-deletion (unknown)',
    action: cancelKeyDeletion,
    async make() {
      const { id, arn } = await makeKey();
      await kms.send(new ScheduleKeyDeletionCommand({ KeyId: id, PendingWindowInDays: 7 }));
      return target('kms-key-deletion', 'AwsKmsKey', id, arn);
    },
    readState: keyState,
    before: 'PendingDeletion',
    after: 'Disabled',
    writes: ['CancelKeyDeletion'],
    undone: 'command',
  },
  {
    name: 'fix:enable-key',
    action: enableKey,
    async make() {
      const { id, arn } = await makeKey();
      await kms.send(new DisableKeyCommand({ KeyId: id }));
      return target('kms-key-disabled', 'AwsKmsKey', id, arn);
    },
    readState: keyState,
    before: 'Disabled',
    after: 'Enabled',
    writes: ['EnableKey'],
    undone: ['DisableKey'],
    async meddle({ resource }) {
      await kms.send(new ScheduleKeyDeletionCommand({ KeyId: resource.id, PendingWindowInDays: 7 }));
    },
  },
  {
    name: 'fix:enable-rotation',
    action: enableRotation,
    async make() {
      const { id, arn } = await makeKey();
      return target('kms-key-rotation', 'AwsKmsKey', id, arn);
    },
    readState: async ({ resource }) =>
      (await kms.send(new GetKeyRotationStatusCommand({ KeyId: resource.id }))).KeyRotationEnabled,
    before: false,
    after: true,
    writes: ['EnableKeyRotation'],
    undone: ['DisableKeyRotation'],
  },
  {
    name: 'fix:restore-key-policy',
    action: restoreKeyPolicy,
    async make(memory) {
      const { id, arn } = await makeKey();
      const it = target('kms-key-policy', 'AwsKmsKey', id, arn);
      await memory.remember(
        memosOf({ key: it.resource, at: 1, policy: { text: goodPolicy, verdict: 'PASS' } }),
      );
      await kms.send(new PutKeyPolicyCommand({ KeyId: id, PolicyName: 'default', Policy: badPolicy }));
      return it;
    },
    readState: async ({ resource }) =>
      (await kms.send(new GetKeyPolicyCommand({ KeyId: resource.id, PolicyName: 'default' }))).Policy,
    before: badPolicy,
    after: goodPolicy,
    writes: ['PutKeyPolicy'],
    undone: ['PutKeyPolicy'],
    async meddle({ resource }) {
      const put = { KeyId: resource.id, PolicyName: 'default', Policy: othersPolicy };
      await kms.send(new PutKeyPolicyCommand(put));
    },
  },
  {
    name: 'fix:revoke-grant',
    action: revokeGrant,
    async make() {
      const { id, arn } = await makeKey();
      const { GrantId } = await kms.send(
        new CreateGrantCommand({
          KeyId: id,
          GranteePrincipal: 'arn:aws:iam::444455556666:root',
          Operations: ['Decrypt'],
        }),
      );
      return target('kms-grant', 'AwsKmsGrant', `${id}/${present(GrantId, 'the grant')}`, arn);
    },
    readState: async ({ resource }) =>
      (await kms.send(new ListGrantsCommand({ KeyId: resource.arn }))).Grants?.map(
        (grant) => grant.GranteePrincipal,
      ),
    before: ['arn:aws:iam::444455556666:root'],
    after: [],
    writes: ['RevokeGrant'],
    undone: 'command',
  },
  {
    name: 'fix:enable-default-encryption',
    action: enableDefaultEncryption,
    async make() {
      await ec2.send(new DisableEbsEncryptionByDefaultCommand({}));
      return target('ebs-default-encryption', 'AwsAccount', account, `arn:aws:iam::${account}:root`);
    },
    readState: async () => (await ec2.send(new GetEbsEncryptionByDefaultCommand({}))).EbsEncryptionByDefault,
    before: false,
    after: true,
    writes: ['EnableEbsEncryptionByDefault'],
    undone: ['DisableEbsEncryptionByDefault'],
  },
  {
    name: 'fix:unshare-snapshot',
    action: unshareSnapshot,
    async make() {
      const id = await makeSnapshot();
      const share = { SnapshotId: id, Attribute: 'createVolumePermission', OperationType: 'add' } as const;
      await ec2.send(new ModifySnapshotAttributeCommand({ ...share, GroupNames: ['all'] }));
      const UserIds = ['111122223333', '444455556666'];
      await ec2.send(new ModifySnapshotAttributeCommand({ ...share, UserIds }));
      const arn = `arn:aws:ec2:${region}::snapshot/${id}`;
      return target('ebs-snapshot-sharing', 'AwsEc2Snapshot', id, arn, { allowedAccounts: ['111122223333'] });
    },
    async readState({ resource }) {
      const { CreateVolumePermissions } = await ec2.send(
        new DescribeSnapshotAttributeCommand({
          SnapshotId: resource.id,
          Attribute: 'createVolumePermission',
        }),
      );
      return CreateVolumePermissions?.map(({ Group, UserId }) => Group ?? UserId).sort();
    },
    before: ['111122223333', '444455556666', 'all'],
    after: ['111122223333'],
    writes: ['ModifySnapshotAttribute', 'ModifySnapshotAttribute'],
    undone: ['ModifySnapshotAttribute', 'ModifySnapshotAttribute'],
    async meddle({ resource }) {
      const share = {
        SnapshotId: resource.id,
        Attribute: 'createVolumePermission',
        OperationType: 'add',
      } as const;
      await ec2.send(new ModifySnapshotAttributeCommand({ ...share, UserIds: ['444455556666'] }));
    },
  },
  {
    name: 'fix:restrict-endpoint',
    action: restrictEndpoint,
    async make() {
      const { id, arn } = await makeCluster();
      return target('eks-endpoint-access', 'AwsEksCluster', id, arn, { allowedCidrs: ['203.0.113.0/24'] });
    },
    readState: endpointOf,
    before: [true, false, ['0.0.0.0/0']],
    after: [true, true, ['203.0.113.0/24']],
    writes: ['UpdateClusterConfig'],
    undone: ['UpdateClusterConfig'],
    async meddle({ resource }) {
      const resourcesVpcConfig = { endpointPublicAccess: false, endpointPrivateAccess: true };
      await eks.send(new UpdateClusterConfigCommand({ name: resource.id, resourcesVpcConfig }));
    },
  },
  {
    name: 'fix:enable-audit-logging',
    action: enableAuditLogging,
    async make() {
      const { id, arn } = await makeCluster();
      return target('eks-audit-logging', 'AwsEksCluster', id, arn);
    },
    readState: async (of) =>
      (await describeCluster(of))?.logging?.clusterLogging?.flatMap(({ types = [], enabled }) =>
        enabled ? types : [],
      ),
    before: [],
    after: ['audit', 'authenticator'],
    writes: ['UpdateClusterConfig'],
    undone: ['UpdateClusterConfig'],
    async meddle({ resource }) {
      const clusterLogging = [{ types: ['audit' as const], enabled: true }];
      await eks.send(new UpdateClusterConfigCommand({ name: resource.id, logging: { clusterLogging } }));
    },
  },
];
