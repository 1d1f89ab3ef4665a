/** Snapshots: DescribeSnapshots, and DescribeSnapshotAttribute, which takes one at a time. */

import {
  type CreateVolumePermission,
  DescribeSnapshotAttributeCommand,
  DescribeSnapshotsCommand,
  type DescribeSnapshotsCommandInput,
  type Snapshot,
} from '@aws-sdk/client-ec2';
import { allPages, askEach, type Describe, describeAll } from '../../../aws/facts/calls.ts';
import { derive, type Lookup, type Lookups } from '../../../aws/facts/lookups.ts';
import type { Readers } from '../../../aws/facts/reader.ts';
import { withEc2Tags } from '../../../aws/facts/tags.ts';
import type { ArnResource } from '../../../core/control.ts';
import { known, unknownFact } from '../../../core/facts.ts';

const action = 'ec2:DescribeSnapshots';

function describe(input: DescribeSnapshotsCommandInput, lookups: Lookups): Promise<readonly Snapshot[]> {
  return allPages(async (token) => {
    const answer = await lookups.call(({ ec2 }) =>
      ec2.send(
        new DescribeSnapshotsCommand({ ...input, ...(token === undefined ? {} : { NextToken: token }) }),
      ),
    );
    return { items: answer.Snapshots, next: answer.NextToken };
  });
}

const byIds: Describe<Snapshot> = {
  action,
  size: 200,
  byId: (ids, lookups) => describe({ SnapshotIds: [...ids] }, lookups),
  // Without an owner, EC2 would search through every public snapshot there is.
  byFilter: (ids, lookups) =>
    describe({ OwnerIds: ['self'], Filters: [{ Name: 'snapshot-id', Values: [...ids] }] }, lookups),
  idsOf: (snapshot) => [snapshot.SnapshotId],
};

const snapshots: Lookup<Snapshot> = {
  permissions: [action],
  find: (ids, lookups, waitsFor) => describeAll(byIds, ids, lookups, waitsFor),
};

const sharingAction = 'ec2:DescribeSnapshotAttribute';

/** Who may create volumes from a snapshot, besides its owner. */
const permissionsToRestore: Lookup<readonly CreateVolumePermission[]> = {
  permissions: [sharingAction],
  find: (ids, lookups, waitsFor) =>
    askEach(sharingAction, ids, lookups, waitsFor, async (id) => {
      const answer = await lookups.call(({ ec2 }) =>
        ec2.send(
          new DescribeSnapshotAttributeCommand({ SnapshotId: id, Attribute: 'createVolumePermission' }),
        ),
      );
      // AWS returns an empty list for nobody, which the SDK may leave out.
      return answer.CreateVolumePermissions ?? [];
    }),
};

export const snapshotReaders: Readers<'ec2.snapshotSharing' | 'ec2.snapshotEncryption', ArnResource> = {
  'ec2.snapshotSharing': {
    uses: [permissionsToRestore],
    read: async (resource, aws) =>
      derive(await aws.ask(permissionsToRestore, resource.id), (permissions, source) => {
        const sharedWith = permissions.flatMap(({ Group: group, UserId: user }) => group ?? user ?? []);
        const coverage =
          sharedWith.length < permissions.length ? ('partly-unreadable' as const) : ('complete' as const);
        return known({ sharedWith: [...new Set(sharedWith)], coverage }, source);
      }),
  },
  'ec2.snapshotEncryption': {
    uses: [snapshots],
    read: async (resource, aws) =>
      derive(await aws.ask(snapshots, resource.id), ({ Encrypted: encrypted }, source) =>
        encrypted === undefined
          ? unknownFact('unreadable', `${action} does not tell whether the snapshot is encrypted`)
          : known(encrypted, source),
      ),
    async identify(resource, aws) {
      const fact = await aws.ask(snapshots, resource.id);
      return [fact.known ? withEc2Tags(resource, fact.value.Tags) : resource];
    },
  },
};
