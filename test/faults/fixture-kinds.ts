/** Fixtures of remediation: kinds of resources that fail, and what remediation has to make of each. */
import {
  CreateTagsCommand,
  DescribeSnapshotAttributeCommand,
  DescribeVolumesCommand,
  DisableEbsEncryptionByDefaultCommand,
  GetEbsEncryptionByDefaultCommand,
} from '@aws-sdk/client-ec2';
import { DescribeClusterCommand } from '@aws-sdk/client-eks';
import {
  DescribeKeyCommand,
  DisableKeyCommand,
  EnableKeyRotationCommand,
  GetKeyRotationStatusCommand,
  ListGrantsCommand,
  ListResourceTagsCommand,
} from '@aws-sdk/client-kms';
import { account } from '../e2e/emulated-aws.ts';
import {
  createCluster,
  createKey,
  createVolume,
  grantToExternalPrincipal,
  sharedSnapshot,
} from '../e2e/resources.ts';
import { type EventToPut, event, type StackClients } from '../e2e/stack.ts';

export type ServiceClients = Pick<StackClients, 'ec2' | 'eks' | 'kms'>;

export interface FixtureKind {
  readonly name: string;
  readonly control: string;
  readonly count: number;
  /** @returns the resource's id, as its finding has it. */
  make(stack: ServiceClients, nth: number): Promise<string>;
  /** The event of its failure, as CloudTrail delivers it. */
  eventOf(id: string): EventToPut;
  /** The part of it that the actions change, as AWS has it. */
  describe(stack: ServiceClients, id: string): Promise<unknown>;
  /** What `describe` returns while it fails, when the actions are done, and after the finding was closed. */
  readonly failing: unknown;
  readonly fixed: unknown;
  readonly closed: unknown;
  /** The actions, each with the last status of its action run and the calls, one of each, that change something. */
  readonly actionRuns: Readonly<
    Record<string, { readonly ends: 'done' | 'undone'; readonly changes: readonly string[] }>
  >;
  /** Whether a call is about it; left out where the call holds its id. */
  concerns?(id: string, call: string): boolean;
  /** The action that is undone in the end, and what `describe` returns then. */
  readonly undo?: { readonly action: string; readonly before: unknown };
}

const sampleKey = '1f0c8a52-3d1e-4b7a-9c45-8e2b6a7d9f31';
const otherSampleKey = '7c4e2b90-5a66-4f0d-b1c8-3e9d2f4a6b57';
const sampleGrant = '7c1d2b90e5a664f0db1c83e9d2f4a6b57e2965a7b81c34d0f9b3e6f7a2c1d450';

/** A key that passes every control that is enabled. */
async function passingKey({ kms }: ServiceClients): Promise<string> {
  const id = await createKey({ kms });
  await kms.send(new EnableKeyRotationCommand({ KeyId: id }));
  return id;
}

/** The event of a key that was enabled. */
export function enabledEvent(id: string): EventToPut {
  return event('kms-key-disabled/pass-enabled', { [otherSampleKey]: id });
}

/** Tags as `name=value`; where the value differs each time, only the name. */
function inShort(tags: readonly (readonly [string | undefined, string | undefined])[]): readonly string[] {
  return tags
    .map(([name = '', value = '']) => (/:(finding|at)$/.test(name) ? name : `${name}=${value}`))
    .sort();
}

function tagsFor(control: string): readonly string[] {
  return ['trailseal:at', `trailseal:controls=${control}`, 'trailseal:finding', 'trailseal:status=failed'];
}

async function stateAndTags({ kms }: ServiceClients, KeyId: string): Promise<unknown> {
  const { KeyMetadata: key } = await kms.send(new DescribeKeyCommand({ KeyId }));
  const { Tags: tags = [] } = await kms.send(new ListResourceTagsCommand({ KeyId }));
  return [key?.KeyState, ...inShort(tags.map(({ TagKey, TagValue }) => [TagKey, TagValue]))];
}

export const kinds: readonly FixtureKind[] = [
  {
    name: 'disabled keys',
    control: 'kms-key-disabled',
    count: 45,
    async make(stack) {
      const id = await passingKey(stack);
      await stack.kms.send(new DisableKeyCommand({ KeyId: id }));
      return id;
    },
    eventOf: (id) => event('kms-key-disabled/fail-disabled', { [sampleKey]: id }),
    describe: stateAndTags,
    failing: ['Disabled'],
    fixed: ['Enabled', ...tagsFor('kms-key-disabled')],
    closed: ['Enabled'],
    actionRuns: {
      tag: { ends: 'undone', changes: ['kms:TagResource', 'kms:UntagResource'] },
      'fix:enable-key': { ends: 'done', changes: ['kms:EnableKey'] },
    },
    undo: { action: 'fix:enable-key', before: ['Disabled'] },
  },
  {
    name: 'keys without rotation',
    control: 'kms-key-rotation',
    count: 30,
    make: createKey,
    eventOf: (id) => event('kms-key-rotation/fail-disabled', { [otherSampleKey]: id }),
    describe: async ({ kms }, KeyId) =>
      (await kms.send(new GetKeyRotationStatusCommand({ KeyId }))).KeyRotationEnabled,
    failing: false,
    fixed: true,
    closed: true,
    actionRuns: { 'fix:enable-rotation': { ends: 'done', changes: ['kms:EnableKeyRotation'] } },
    undo: { action: 'fix:enable-rotation', before: false },
  },
  {
    name: 'keys scheduled for deletion',
    control: 'kms-key-deletion',
    count: 15,
    /** Their deletion is scheduled when the state table knows that they were enabled: see `scheduleDeletions`. */
    make: passingKey,
    eventOf: (id) => event('kms-key-deletion/fail-scheduled', { [sampleKey]: id }),
    describe: stateAndTags,
    failing: ['PendingDeletion'],
    fixed: ['Enabled'],
    closed: ['Enabled'],
    actionRuns: {
      'fix:cancel-key-deletion': { ends: 'done', changes: ['kms:CancelKeyDeletion', 'kms:EnableKey'] },
    },
  },
  {
    name: 'external grants',
    control: 'kms-grant',
    count: 10,
    async make(stack) {
      const key = await passingKey(stack);
      return `${key}/${await grantToExternalPrincipal(stack, key)}`;
    },
    eventOf(id) {
      const [key = '', grant = ''] = id.split('/');
      return event('kms-grant/fail-external-role', { [sampleKey]: key, [sampleGrant]: grant });
    },
    async describe({ kms }, id) {
      const { Grants: grants = [] } = await kms.send(new ListGrantsCommand({ KeyId: id.split('/')[0] }));
      return grants.length;
    },
    failing: 1,
    fixed: 0,
    closed: 0,
    actionRuns: { 'fix:revoke-grant': { ends: 'done', changes: ['kms:RevokeGrant'] } },
    concerns: (id, call) => id.split('/').every((part) => call.includes(part)),
  },
  {
    name: 'public snapshots',
    control: 'ebs-snapshot-sharing',
    count: 20,
    make: sharedSnapshot,
    eventOf: (id) => event('ebs-snapshot-sharing/fail-share-with-everyone', { 'snap-0a1b2c3d4e5f60003': id }),
    async describe({ ec2 }, SnapshotId) {
      const { CreateVolumePermissions: permissions = [] } = await ec2.send(
        new DescribeSnapshotAttributeCommand({ SnapshotId, Attribute: 'createVolumePermission' }),
      );
      return permissions.map(({ Group, UserId }) => Group ?? UserId);
    },
    failing: ['all'],
    fixed: [],
    closed: [],
    actionRuns: { 'fix:unshare-snapshot': { ends: 'done', changes: ['ec2:ModifySnapshotAttribute'] } },
    undo: { action: 'fix:unshare-snapshot', before: ['all'] },
  },
  {
    name: 'unencrypted volumes, which can only be tagged',
    control: 'ec2-volume-encryption',
    count: 20,
    async make(stack) {
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
    async describe({ ec2 }, id) {
      const { Volumes: volumes } = await ec2.send(new DescribeVolumesCommand({ VolumeIds: [id] }));
      return inShort((volumes?.[0]?.Tags ?? []).map(({ Key, Value }) => [Key, Value]));
    },
    failing: ['owner=ana'],
    fixed: ['owner=ana', ...tagsFor('ec2-volume-encryption')],
    closed: ['owner=ana', ...tagsFor('ec2-volume-encryption')],
    actionRuns: { tag: { ends: 'done', changes: ['ec2:CreateTags'] } },
    undo: { action: 'tag', before: ['owner=ana'] },
  },
  {
    name: 'clusters without audit logs',
    control: 'eks-audit-logging',
    count: 10,
    async make(stack, nth) {
      const name = `no-logs-${String(nth).padStart(2, '0')}`;
      await createCluster(stack, { name, version: '1.33', audit: false });
      return name;
    },
    eventOf: (id) => event('eks-audit-logging/fail-switched-off', { payments: id }),
    async describe({ eks }, name) {
      const { cluster } = await eks.send(new DescribeClusterCommand({ name }));
      return cluster?.logging?.clusterLogging?.flatMap(({ types = [], enabled }) => (enabled ? types : []));
    },
    failing: [],
    fixed: ['audit', 'authenticator'],
    closed: ['audit', 'authenticator'],
    actionRuns: { 'fix:enable-audit-logging': { ends: 'done', changes: ['eks:UpdateClusterConfig'] } },
    undo: { action: 'fix:enable-audit-logging', before: [] },
  },
  {
    name: 'default encryption that is off',
    control: 'ebs-default-encryption',
    count: 1,
    async make({ ec2 }) {
      await ec2.send(new DisableEbsEncryptionByDefaultCommand({}));
      return account;
    },
    eventOf: () => event('ebs-default-encryption/fail-disable-encryption-by-default', {}),
    describe: async ({ ec2 }) =>
      (await ec2.send(new GetEbsEncryptionByDefaultCommand({}))).EbsEncryptionByDefault,
    failing: false,
    fixed: true,
    closed: true,
    actionRuns: {
      'fix:enable-default-encryption': { ends: 'done', changes: ['ec2:EnableEbsEncryptionByDefault'] },
    },
    concerns: (_id, call) => call.includes('EbsEncryptionByDefault'),
    undo: { action: 'fix:enable-default-encryption', before: false },
  },
];
