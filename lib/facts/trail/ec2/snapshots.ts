/** What the trail proves about snapshots: whom they are shared with, and whether they are encrypted. */
import type { Fact, Resource, TrailEvent } from '../../../control.ts';
import { at, flag, isObject, list, text } from '../../../json.ts';
import {
  snapshotCreated,
  snapshotInRequest,
  snapshotWhoseSharingChanged,
} from '../../../trail/resources/ec2/snapshots.ts';
import type { SnapshotSharing } from '../../types/ec2.ts';
import { known, unknownFact } from '../../types.ts';
import { sourceOf } from '../chronicle.ts';

export const snapshotLessons = [
  'CreateSnapshot',
  'CopySnapshot',
  'ModifySnapshotAttribute',
  'ResetSnapshotAttribute',
  'DeleteSnapshot',
] as const;

/** Shares by what they are for: account ids, and groups by name. */
interface Change {
  readonly add: readonly string[];
  readonly remove: readonly string[];
  /** Whether that is the whole change, as far as can be told. */
  readonly readable: boolean;
}

/** Snapshots by ARN. */
export function openSnapshots() {
  const sharing = new Map<string, Fact<SnapshotSharing>>();
  const encryption = new Map<string, Fact<boolean>>();

  const change = (event: TrailEvent, arn: string): void => {
    const before = sharing.get(arn);
    const { add, remove, readable } = sharesChanged(event.request);
    const shares = new Set(before?.known ? before.value.sharedWith : []);
    for (const share of remove) shares.delete(share);
    for (const share of add) shares.add(share);
    const coverage = before?.known ? before.value.coverage : 'since-trail-began';
    sharing.set(
      arn,
      known(
        { sharedWith: [...shares], coverage: readable ? coverage : 'partly-unreadable' },
        sourceOf(event),
      ),
    );
  };

  return {
    learn(event: TrailEvent): void {
      switch (event.eventName) {
        // A new snapshot is its owner's alone.
        case 'CreateSnapshot':
        case 'CopySnapshot':
          for (const { arn } of snapshotCreated(event)) {
            sharing.set(arn, known({ sharedWith: [], coverage: 'complete' }, sourceOf(event)));
            const encrypted = flag(event.response, 'encrypted') ?? flag(event.request, 'encrypted');
            if (encrypted !== undefined) encryption.set(arn, known(encrypted, sourceOf(event)));
          }
          break;
        case 'ModifySnapshotAttribute':
          for (const { arn } of snapshotWhoseSharingChanged(event)) change(event, arn);
          break;
        case 'ResetSnapshotAttribute':
          for (const { arn } of snapshotWhoseSharingChanged(event)) {
            sharing.set(arn, known({ sharedWith: [], coverage: 'complete' }, sourceOf(event)));
          }
          break;
        case 'DeleteSnapshot':
          for (const { arn } of snapshotInRequest(event)) {
            sharing.delete(arn);
            encryption.delete(arn);
          }
      }
    },
    sharing: (resource: Resource): Fact<SnapshotSharing> =>
      sharing.get(resource.arn) ??
      unknownFact('not-in-trail', 'the trail does not show any change of who may restore this snapshot'),
    encryption: (resource: Resource): Fact<boolean> =>
      encryption.get(resource.arn) ??
      unknownFact('not-in-trail', 'the trail does not show how this snapshot was made'),
  };
}

/**
 * The shares that ModifySnapshotAttribute adds and removes. Real records have `createVolumePermission.add.items`
 * (and `.remove`); the API also takes an operation type beside user ids and groups, whose spelling in a trail
 * no sample shows, so that the likely ones are all read. Source: EC2 API Reference, "ModifySnapshotAttribute".
 */
function sharesChanged(request: unknown): Change {
  const permission = at(request, 'createVolumePermission') ?? undefined;
  const operation = text(request, 'operationType')?.toLowerCase();
  const flat = flatMembers.flatMap((name) => list(request, name));
  const add = [
    ...list(permission, 'add'),
    ...list(permission, 'Add'),
    ...(operation === 'add' ? flat : []),
  ].map(shareIn);
  const remove = [
    ...list(permission, 'remove'),
    ...list(permission, 'Remove'),
    ...(operation === 'remove' ? flat : []),
  ].map(shareIn);
  const told = (share: string | undefined) => share !== undefined;
  return {
    add: add.filter(told),
    remove: remove.filter(told),
    readable:
      (isObject(permission) || (operation !== undefined && flat.length > 0)) &&
      [...add, ...remove].every(told),
  };
}

const flatMembers = [
  'userId',
  'userIds',
  'userIdSet',
  'userGroup',
  'userGroups',
  'userGroupSet',
  'groupSet',
  'groupNames',
  'groupNameSet',
];

/** An account as its 12 digits, a group by its name in lower case; `undefined` when neither can be read. */
function shareIn(item: unknown): string | undefined {
  const account = text(item, 'userId') ?? text(item, 'UserId');
  const group = ['group', 'Group', 'groupName', 'groupId', 'userGroup']
    .map((name) => text(item, name))
    .find((name) => name !== undefined);
  const share = group ?? account ?? text(item);
  if (share === undefined || share === '' || share.startsWith('<')) return undefined;
  // A number loses its leading zeros, and people write account ids with dashes.
  const digits = share.replaceAll('-', '');
  return /^\d{1,12}$/.test(digits) ? digits.padStart(12, '0') : share.toLowerCase();
}
