import {
  DescribeSnapshotAttributeCommand,
  DescribeSnapshotsCommand,
  ModifySnapshotAttributeCommand,
} from '@aws-sdk/client-ec2';
import * as z from 'zod/mini';
import { unlessDeleted } from '../../../aws/refusal.ts';
import { type ActionDeps, type Check, defineAction } from '../../../core/action.ts';
import type { Resource } from '../../../core/control.ts';
import { absent, type Write } from '../../../core/write.ts';
import { ebsSnapshotSharing } from '../controls/ebs-snapshot-sharing.ts';
import { allSnapshots } from '../write-targets.ts';

/** The most accounts in one call; EC2's own limit is not documented. */
const mostAccounts = 100;

/** With whom a snapshot is shared. */
interface Sharing {
  readonly everybody: boolean;
  readonly accounts: readonly string[];
}

const reads = ['ec2:DescribeSnapshots', 'ec2:DescribeSnapshotAttribute'];
const action = 'ec2:ModifySnapshotAttribute';
const on = [allSnapshots] as const;
/**
 * Sharing is only ever taken away: a request that adds anything, or does not say what it removes, is refused. EC2 sets no
 * `ec2:Attribute` in requests of this kind, although the Service Authorization Reference lists it.
 */
const unshares: readonly Write[] = [
  {
    action,
    on,
    condition: {
      StringEquals: { 'ec2:Remove/group': 'all' },
      ...absent('ec2:Add/group', 'ec2:Add/userId', 'ec2:Remove/userId'),
    },
  },
  {
    action,
    on,
    condition: {
      Null: {
        'ec2:Remove/userId': 'false',
        'ec2:Remove/group': 'true',
        'ec2:Add/group': 'true',
        'ec2:Add/userId': 'true',
      },
    },
  },
];
/** The undo only ever gives it back. */
const shares: Write = { action, on, condition: absent('ec2:Remove/group', 'ec2:Remove/userId') };

/**
 * Withdraws the public and external permissions of a snapshot, and none else.
 * Source: EC2 API Reference, "ModifySnapshotAttribute"; Amazon EBS User Guide, "Share an Amazon EBS snapshot with other
 * AWS accounts".
 */
export const unshareSnapshot = defineAction({
  id: 'fix:unshare-snapshot',
  description:
    'Takes away from an EBS snapshot the permission of everybody, and of each account that the control does not ' +
    'allow, to make volumes of it; allowed accounts keep theirs. Safe: the snapshot itself and volumes made of it stay.',
  risk: 'Whoever copies or restores the snapshot from another account, such as a backup or a partner, can not any more.',
  permissions: { reads, writes: unshares },
  settings: ebsSnapshotSharing.settings,
  before: z.object({ everybody: z.boolean(), accounts: z.array(z.string()) }),
  was: (before) => [shared(before)],

  async prepare({ resource, settings }, deps) {
    const owner = await ownerOf(resource, deps);
    const sharing = await sharingOf(resource, deps);
    if (owner === undefined || sharing === undefined) {
      return { kind: 'skipped', because: `The snapshot ${resource.id} was deleted.` };
    }
    if (owner !== resource.account) {
      return { kind: 'skipped', because: `The snapshot ${resource.id} belongs to account ${owner}.` };
    }
    const allowed = new Set([resource.account, ...settings.allowedAccounts]);
    const accounts = sharing.accounts.filter((account) => !allowed.has(account));
    if (!sharing.everybody && accounts.length === 0) {
      return {
        kind: 'needless',
        because: `The snapshot ${resource.id} is shared with nobody outside the allowed accounts.`,
      };
    }
    return {
      kind: 'ready',
      before: { everybody: sharing.everybody, accounts },
      plan: [
        ...(sharing.everybody ? [`Make the snapshot ${resource.id} private.`] : []),
        ...(accounts.length > 0 ? [`Stop its sharing with ${accounts.join(', ')}.`] : []),
      ],
    };
  },

  async apply({ resource }, before, deps) {
    const sharing = await sharingOf(resource, deps);
    if (sharing === undefined) return;
    await modify(resource, 'remove', common(before, sharing), deps);
  },

  async check({ resource }, before, deps) {
    const sharing = await sharingOf(resource, deps);
    if (sharing === undefined) return snapshotIsDeleted(resource);
    const left = common(before, sharing);
    return left.everybody || left.accounts.length > 0
      ? { kind: 'differs', differences: [shared(left)], partial: true }
      : { kind: 'as-set', state: [shared(sharing)] };
  },

  undo: {
    kind: 'restores',
    by: 'operator',
    because: 'It shares the snapshot again with whomever it was shared with, be it everybody.',
    except: [
      'copies that were made while it was shared, which stay where they are',
      'the protection, which the undo takes away: whoever the snapshot was shared with, be it everybody, can copy it again',
    ],
    permissions: { reads, writes: [shares] },
    async restore({ resource }, before, deps) {
      const sharing = await sharingOf(resource, deps);
      if (sharing === undefined) return;
      await modify(resource, 'add', missing(before, sharing), deps);
    },
    async restored({ resource }, before, deps) {
      const sharing = await sharingOf(resource, deps);
      if (sharing === undefined) return snapshotIsDeleted(resource);
      const lacking = missing(before, sharing);
      return lacking.everybody || lacking.accounts.length > 0
        ? { kind: 'differs', differences: [`not yet ${shared(lacking)}`], partial: true }
        : { kind: 'as-set', state: [shared(sharing)] };
    },
  },
});

function snapshotIsDeleted({ id }: Resource): Check {
  return { kind: 'deleted', because: `snapshot ${id} was deleted` };
}

function ownerOf({ id }: Resource, { clients }: ActionDeps): Promise<string | undefined> {
  return unlessDeleted(async () => {
    const answer = await clients.ec2.send(new DescribeSnapshotsCommand({ SnapshotIds: [id] }));
    return answer.Snapshots?.[0]?.OwnerId;
  });
}

function sharingOf({ id }: Resource, { clients }: ActionDeps): Promise<Sharing | undefined> {
  return unlessDeleted(async () => {
    const answer = await clients.ec2.send(
      new DescribeSnapshotAttributeCommand({ SnapshotId: id, Attribute: 'createVolumePermission' }),
    );
    const permissions = answer.CreateVolumePermissions ?? [];
    return {
      everybody: permissions.some(({ Group: group }) => group === 'all'),
      accounts: permissions.flatMap(({ UserId: account }) => account ?? []).sort(),
    };
  });
}

/** Removes the public permission first, and alone, because it matters most. Nothing to remove gives no call. */
async function modify(
  { id }: Resource,
  operation: 'add' | 'remove',
  { everybody, accounts }: Sharing,
  { clients }: ActionDeps,
): Promise<void> {
  const common = { SnapshotId: id, Attribute: 'createVolumePermission', OperationType: operation } as const;
  if (everybody)
    await clients.ec2.send(new ModifySnapshotAttributeCommand({ ...common, GroupNames: ['all'] }));
  for (let start = 0; start < accounts.length; start += mostAccounts) {
    const some = accounts.slice(start, start + mostAccounts);
    await clients.ec2.send(new ModifySnapshotAttributeCommand({ ...common, UserIds: some }));
  }
}

function common(one: Sharing, other: Sharing): Sharing {
  return {
    everybody: one.everybody && other.everybody,
    accounts: one.accounts.filter((account) => other.accounts.includes(account)),
  };
}

function missing(wanted: Sharing, there: Sharing): Sharing {
  return {
    everybody: wanted.everybody && !there.everybody,
    accounts: wanted.accounts.filter((account) => !there.accounts.includes(account)),
  };
}

function shared({ everybody, accounts }: Sharing): string {
  const whom = [...(everybody ? ['everybody'] : []), ...accounts];
  return whom.length === 0 ? 'shared with nobody' : `shared with ${whom.join(', ')}`;
}
