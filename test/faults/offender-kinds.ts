/** Eight kinds of resources that fail, and what has to become of each. */
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
import { type BusEvent, event, type Stack } from '../e2e/stack.ts';

export type Part = Pick<Stack, 'ec2' | 'eks' | 'kms'>;

export interface Kind {
  readonly name: string;
  readonly control: string;
  readonly count: number;
  /** @returns the resource's id, as its finding has it. */
  make(stack: Part, nth: number): Promise<string>;
  /** What CloudTrail tells of its failing. */
  told(id: string): BusEvent;
  /** What of it the actions are about, as AWS has it. */
  look(stack: Part, id: string): Promise<unknown>;
  /** What `look` gives while it fails; when all is done; and in the end, where what passes has changed something more. */
  readonly failing: unknown;
  readonly mended: unknown;
  readonly atLast: unknown;
  /** The actions, each with how its action run ends, and the calls, one of each, that change something for it. */
  readonly actionRuns: Readonly<
    Record<string, { readonly ends: 'done' | 'undone'; readonly changes: readonly string[] }>
  >;
  /** Whether a call is about it; left out where the call says its id. */
  concerns?(id: string, call: string): boolean;
  /** The action that is taken back in the end, of which `look` then gives `before`. */
  readonly undo?: { readonly action: string; readonly before: unknown };
}

const sampleKey = '1f0c8a52-3d1e-4b7a-9c45-8e2b6a7d9f31';
const otherSampleKey = '7c4e2b90-5a66-4f0d-b1c8-3e9d2f4a6b57';
const sampleGrant = '7c1d2b90e5a664f0db1c83e9d2f4a6b57e2965a7b81c34d0f9b3e6f7a2c1d450';

/** A key that passes all that is looked at. */
async function goodKey({ kms }: Part): Promise<string> {
  const id = await createKey({ kms });
  await kms.send(new EnableKeyRotationCommand({ KeyId: id }));
  return id;
}

/** What CloudTrail tells when a key is enabled. */
export function toldEnabled(id: string): BusEvent {
  return event('kms-key-disabled/pass-enabled', { [otherSampleKey]: id });
}

/** The names and values of tags, but of those whose values differ each time the names alone. */
function inShort(tags: readonly (readonly [string | undefined, string | undefined])[]): readonly string[] {
  return tags
    .map(([name = '', value = '']) => (/:(finding|at)$/.test(name) ? name : `${name}=${value}`))
    .sort();
}

function tagsFor(control: string): readonly string[] {
  return ['trailseal:at', `trailseal:controls=${control}`, 'trailseal:finding', 'trailseal:status=failed'];
}

async function stateAndTags({ kms }: Part, KeyId: string): Promise<unknown> {
  const { KeyMetadata: key } = await kms.send(new DescribeKeyCommand({ KeyId }));
  const { Tags: tags = [] } = await kms.send(new ListResourceTagsCommand({ KeyId }));
  return [key?.KeyState, ...inShort(tags.map(({ TagKey, TagValue }) => [TagKey, TagValue]))];
}

export const kinds: readonly Kind[] = [
  {
    name: 'disabled keys',
    control: 'kms-key-disabled',
    count: 45,
    async make(stack) {
      const id = await goodKey(stack);
      await stack.kms.send(new DisableKeyCommand({ KeyId: id }));
      return id;
    },
    told: (id) => event('kms-key-disabled/fail-disabled', { [sampleKey]: id }),
    look: stateAndTags,
    failing: ['Disabled'],
    mended: ['Enabled', ...tagsFor('kms-key-disabled')],
    atLast: ['Enabled'],
    actionRuns: {
      tag: { ends: 'undone', changes: ['kms:TagResource', 'kms:UntagResource'] },
      'fix:enable-key': { ends: 'done', changes: ['kms:EnableKey'] },
    },
    undo: { action: 'fix:enable-key', before: ['Disabled'] },
  },
  {
    name: 'keys that are never rotated',
    control: 'kms-key-rotation',
    count: 30,
    make: createKey,
    told: (id) => event('kms-key-rotation/fail-disabled', { [otherSampleKey]: id }),
    look: async ({ kms }, KeyId) =>
      (await kms.send(new GetKeyRotationStatusCommand({ KeyId }))).KeyRotationEnabled,
    failing: false,
    mended: true,
    atLast: true,
    actionRuns: { 'fix:enable-rotation': { ends: 'done', changes: ['kms:EnableKeyRotation'] } },
    undo: { action: 'fix:enable-rotation', before: false },
  },
  {
    name: 'keys to be deleted',
    control: 'kms-key-deletion',
    count: 15,
    /** Their deletion is scheduled when it is known that they were enabled: see `doom`. */
    make: goodKey,
    told: (id) => event('kms-key-deletion/fail-scheduled', { [sampleKey]: id }),
    look: stateAndTags,
    failing: ['PendingDeletion'],
    mended: ['Enabled'],
    atLast: ['Enabled'],
    actionRuns: {
      'fix:cancel-key-deletion': { ends: 'done', changes: ['kms:CancelKeyDeletion', 'kms:EnableKey'] },
    },
  },
  {
    name: 'external grants',
    control: 'kms-grant',
    count: 10,
    async make(stack) {
      const key = await goodKey(stack);
      return `${key}/${await grantToExternalPrincipal(stack, key)}`;
    },
    told(id) {
      const [key = '', grant = ''] = id.split('/');
      return event('kms-grant/fail-external-role', { [sampleKey]: key, [sampleGrant]: grant });
    },
    async look({ kms }, id) {
      const { Grants: grants = [] } = await kms.send(new ListGrantsCommand({ KeyId: id.split('/')[0] }));
      return grants.length;
    },
    failing: 1,
    mended: 0,
    atLast: 0,
    actionRuns: { 'fix:revoke-grant': { ends: 'done', changes: ['kms:RevokeGrant'] } },
    concerns: (id, call) => id.split('/').every((part) => call.includes(part)),
  },
  {
    name: 'public snapshots',
    control: 'ebs-snapshot-sharing',
    count: 20,
    make: sharedSnapshot,
    told: (id) => event('ebs-snapshot-sharing/fail-share-with-everyone', { 'snap-0a1b2c3d4e5f60003': id }),
    async look({ ec2 }, SnapshotId) {
      const { CreateVolumePermissions: permissions = [] } = await ec2.send(
        new DescribeSnapshotAttributeCommand({ SnapshotId, Attribute: 'createVolumePermission' }),
      );
      return permissions.map(({ Group, UserId }) => Group ?? UserId);
    },
    failing: ['all'],
    mended: [],
    atLast: [],
    actionRuns: { 'fix:unshare-snapshot': { ends: 'done', changes: ['ec2:ModifySnapshotAttribute'] } },
    undo: { action: 'fix:unshare-snapshot', before: ['all'] },
  },
  {
    name: 'plain volumes, which can only be tagged',
    control: 'ec2-volume-encryption',
    count: 20,
    async make(stack) {
      const id = await createVolume(stack, false);
      await stack.ec2.send(
        new CreateTagsCommand({ Resources: [id], Tags: [{ Key: 'owner', Value: 'ana' }] }),
      );
      return id;
    },
    told: (id) =>
      event('ec2-volume-encryption/fail-create-volume-from-plain-snapshot', { 'vol-0a1b2c3d4e5f60002': id }),
    async look({ ec2 }, id) {
      const { Volumes: volumes } = await ec2.send(new DescribeVolumesCommand({ VolumeIds: [id] }));
      return inShort((volumes?.[0]?.Tags ?? []).map(({ Key, Value }) => [Key, Value]));
    },
    failing: ['owner=ana'],
    mended: ['owner=ana', ...tagsFor('ec2-volume-encryption')],
    atLast: ['owner=ana', ...tagsFor('ec2-volume-encryption')],
    actionRuns: { tag: { ends: 'done', changes: ['ec2:CreateTags'] } },
    undo: { action: 'tag', before: ['owner=ana'] },
  },
  {
    name: 'clusters without audit logs',
    control: 'eks-audit-logging',
    count: 10,
    async make(stack, nth) {
      const name = `silent-${String(nth).padStart(2, '0')}`;
      await createCluster(stack, { name, version: '1.33', audit: false });
      return name;
    },
    told: (id) => event('eks-audit-logging/fail-switched-off', { payments: id }),
    async look({ eks }, name) {
      const { cluster } = await eks.send(new DescribeClusterCommand({ name }));
      return cluster?.logging?.clusterLogging?.flatMap(({ types = [], enabled }) => (enabled ? types : []));
    },
    failing: [],
    mended: ['audit', 'authenticator'],
    atLast: ['audit', 'authenticator'],
    actionRuns: { 'fix:enable-audit-logging': { ends: 'done', changes: ['eks:UpdateClusterConfig'] } },
    undo: { action: 'fix:enable-audit-logging', before: [] },
  },
  {
    name: 'encryption that is not the default',
    control: 'ebs-default-encryption',
    count: 1,
    async make({ ec2 }) {
      await ec2.send(new DisableEbsEncryptionByDefaultCommand({}));
      return account;
    },
    told: () => event('ebs-default-encryption/fail-disable-encryption-by-default', {}),
    look: async ({ ec2 }) =>
      (await ec2.send(new GetEbsEncryptionByDefaultCommand({}))).EbsEncryptionByDefault,
    failing: false,
    mended: true,
    atLast: true,
    actionRuns: {
      'fix:enable-default-encryption': { ends: 'done', changes: ['ec2:EnableEbsEncryptionByDefault'] },
    },
    concerns: (_id, call) => call.includes('EbsEncryptionByDefault'),
    undo: { action: 'fix:enable-default-encryption', before: false },
  },
];
