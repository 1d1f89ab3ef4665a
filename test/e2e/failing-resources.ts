/** Failing resources of EC2 and EKS, without instances, which are quarantined: see `instances.ts`. */
import {
  CreateTagsCommand,
  DescribeSnapshotAttributeCommand,
  DescribeVolumesCommand,
  DisableEbsEncryptionByDefaultCommand,
  GetEbsEncryptionByDefaultCommand,
  ModifySnapshotAttributeCommand,
} from '@aws-sdk/client-ec2';
import { DescribeClusterCommand } from '@aws-sdk/client-eks';
import { stack } from './deployed-stack.ts';
import { account } from './emulated-aws.ts';
import type { FailingCase } from './failing-cases.ts';
import { createCluster, createVolume, sharedSnapshot } from './resources.ts';
import { event } from './stack.ts';

async function clusterNamed(name: string) {
  return (await stack.eks.send(new DescribeClusterCommand({ name }))).cluster;
}

/** Tags as `name=value`; where the value differs each time, only the name. */
export function tagsIn(tags: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(tags)
    .map(([name, value]) => (/:(finding|at)$/.test(name) ? name : `${name}=${value}`))
    .sort();
}

/** The tags of a resource that fails one control. */
export function tagsOfFailure(control: string): readonly string[] {
  return ['trailseal:at', `trailseal:controls=${control}`, 'trailseal:finding', 'trailseal:status=failed'];
}

async function clusterWithoutLogs(name: string): Promise<string> {
  await createCluster(stack, { name, version: '1.33', audit: false });
  return name;
}

const logsSwitchedOff = (id: string) => event('eks-audit-logging/fail-switched-off', { payments: id });

export const failingResources: readonly FailingCase[] = [
  {
    control: 'ec2-volume-encryption',
    action: 'tag',
    of: 'a volume',
    async make() {
      const id = await createVolume(stack, false);
      await stack.ec2.send(
        new CreateTagsCommand({ Resources: [id], Tags: [{ Key: 'owner', Value: 'ana' }] }),
      );
      return id;
    },
    eventOf: (id) =>
      event('ec2-volume-encryption/fail-create-volume-from-unencrypted-snapshot', {
        'vol-0a1b2c3d4e5f60002': id,
      }),
    async describe(id) {
      const { Volumes } = await stack.ec2.send(new DescribeVolumesCommand({ VolumeIds: [id] }));
      return tagsIn(
        Object.fromEntries((Volumes?.[0]?.Tags ?? []).map(({ Key, Value = '' }) => [Key, Value])),
      );
    },
    before: ['owner=ana'],
    after: ['owner=ana', ...tagsOfFailure('ec2-volume-encryption')],
    undo: 'restores',
  },
  {
    control: 'eks-audit-logging',
    action: 'tag',
    of: 'a cluster',
    make: () => clusterWithoutLogs('tagged'),
    eventOf: logsSwitchedOff,
    describe: async (id) => tagsIn((await clusterNamed(id))?.tags ?? {}),
    before: [],
    after: tagsOfFailure('eks-audit-logging'),
    // moto removes only one of the tags in a call: see test/emulator/actions.test.ts.
    undo: 'not in moto',
  },
  {
    control: 'eks-audit-logging',
    action: 'fix:enable-audit-logging',
    make: () => clusterWithoutLogs('no-logs'),
    eventOf: logsSwitchedOff,
    describe: async (id) =>
      (await clusterNamed(id))?.logging?.clusterLogging?.flatMap(({ types = [], enabled }) =>
        enabled ? types : [],
      ),
    before: [],
    after: ['audit', 'authenticator'],
    undo: 'restores',
  },
  {
    control: 'eks-endpoint-access',
    action: 'fix:restrict-endpoint',
    async make() {
      await createCluster(stack, { name: 'open', version: '1.33', audit: true, open: true });
      return 'open';
    },
    eventOf: (id) => event('eks-endpoint-access/fail-opened-to-everyone', { payments: id }),
    async describe(id) {
      const config = (await clusterNamed(id))?.resourcesVpcConfig;
      return [config?.endpointPublicAccess, config?.endpointPrivateAccess, config?.publicAccessCidrs];
    },
    before: [true, false, ['0.0.0.0/0']],
    after: [true, true, ['203.0.113.0/24']],
    undo: 'restores',
  },
  {
    control: 'ebs-snapshot-sharing',
    action: 'fix:unshare-snapshot',
    async make() {
      const SnapshotId = await sharedSnapshot(stack);
      await stack.ec2.send(
        new ModifySnapshotAttributeCommand({
          SnapshotId,
          Attribute: 'createVolumePermission',
          OperationType: 'add',
          UserIds: ['111122223333', '444455556666'],
        }),
      );
      return SnapshotId;
    },
    eventOf: (id) => event('ebs-snapshot-sharing/fail-share-with-everyone', { 'snap-0a1b2c3d4e5f60003': id }),
    async describe(id) {
      const { CreateVolumePermissions = [] } = await stack.ec2.send(
        new DescribeSnapshotAttributeCommand({ SnapshotId: id, Attribute: 'createVolumePermission' }),
      );
      return CreateVolumePermissions.map(({ Group, UserId }) => Group ?? UserId).sort();
    },
    before: ['111122223333', '444455556666', 'all'],
    after: ['111122223333'],
    undo: 'restores',
  },
  {
    control: 'ebs-default-encryption',
    action: 'fix:enable-default-encryption',
    async make() {
      await stack.ec2.send(new DisableEbsEncryptionByDefaultCommand({}));
      return account;
    },
    eventOf: () => event('ebs-default-encryption/fail-disable-encryption-by-default', {}),
    describe: async () =>
      (await stack.ec2.send(new GetEbsEncryptionByDefaultCommand({}))).EbsEncryptionByDefault,
    before: false,
    after: true,
    undo: 'restores',
  },
];
