/** What the trail proves about snapshots: with whom they are shared, and whether they are encrypted. */
import type { ArnResource, Fact, TrailEvent } from '../../../core/control.ts';
import { known, unknownFact } from '../../../core/facts.ts';
import { flag, isObject, member, memberText, text } from '../../../core/json.ts';
import { sourceOf } from '../../../core/trail-facts.ts';
import type { SnapshotSharing } from '../facts.ts';
import { snapshotCreated, snapshotInRequest, snapshotWhoseSharingChanged } from '../resources/snapshots.ts';
import { requestOf } from '../resources/wrapped.ts';

export const snapshotContextEvents = [
  'CreateSnapshot',
  'CopySnapshot',
  'ModifySnapshotAttribute',
  'ResetSnapshotAttribute',
  'DeleteSnapshot',
] as const;

/** Shares by what they are for: account ids, and groups by name. */
interface SharingChange {
  readonly add: readonly string[];
  readonly remove: readonly string[];
  /** Whether the shares are the whole change, as far as the event shows. */
  readonly readable: boolean;
}

export type Snapshots = ReturnType<typeof openSnapshots>;

/**
 * Opens a reader of the sharing and encryption of snapshots, by ARN.
 * @returns a reader without events; a snapshot without events is unknown.
 * @example openSnapshots().encryption(resource).known // false
 */
export function openSnapshots() {
  const sharing = new Map<string, Fact<SnapshotSharing>>();
  const encryption = new Map<string, Fact<boolean>>();

  const change = (event: TrailEvent, arn: string): void => {
    const before = sharing.get(arn);
    const { add, remove, readable } = sharesChanged(requestOf(event));
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
            // A copy may be encrypted without a request: because its source is, or by default.
            const asked = flag(event.request, 'encrypted') === true ? true : undefined;
            const encrypted = flag(event.response, 'encrypted') ?? asked;
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
    sharing: (resource: ArnResource): Fact<SnapshotSharing> =>
      sharing.get(resource.arn) ??
      unknownFact('not-in-trail', 'the trail does not show any change of who may restore this snapshot'),
    encryption: ({ arn }: Pick<ArnResource, 'arn'>): Fact<boolean> =>
      encryption.get(arn) ??
      unknownFact('not-in-trail', 'the trail does not show how this snapshot was made'),
  };
}

/**
 * The shares that ModifySnapshotAttribute adds and removes: in `createVolumePermission.add` and `.remove`, or by
 * an operation type with user ids and group names beside it. A change of which nothing can be understood is not
 * readable. Source: real records (invictus-ir/aws_dataset); EC2 API Reference, "ModifySnapshotAttribute".
 */
function sharesChanged(request: unknown): SharingChange {
  const permission = member(request, 'CreateVolumePermission');
  const operation = memberText(request, 'OperationType')?.toLowerCase();
  const add = [...sharesIn(member(permission, 'Add')), ...(operation === 'add' ? sharesOf(request) : [])];
  const remove = [
    ...sharesIn(member(permission, 'Remove')),
    ...(operation === 'remove' ? sharesOf(request) : []),
  ];
  const isNamed = (share: string | undefined) => share !== undefined;
  const all = [...add, ...remove];
  return {
    add: add.filter(isNamed),
    remove: remove.filter(isNamed),
    readable: all.length > 0 && all.every(isNamed),
  };
}

type Shares = readonly (string | undefined)[];

/**
 * The shares in a value, whichever of EC2's lists it is or holds; `undefined` stands for one that cannot be read.
 * Seen are `{"items": [{"userId": …}]}` and `{"items": [{"groups": "all"}]}`; a scalar is a list of one.
 */
function sharesIn(value: unknown): Shares {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value)) return value.flatMap((item) => orUnread(sharesIn(item)));
  if (!isObject(value)) return [shareIn(value)];
  return Object.keys(value).some(namesShares) ? sharesOf(value) : Object.keys(value).map(() => undefined);
}

/** The shares in those members of an object that are for users or groups; the others say something else. */
function sharesOf(value: unknown): Shares {
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([name, inner]) => (namesShares(name) ? sharesIn(inner) : []));
}

/** `userId`, `UserIds`, `userIdSet`, `group`, `groups`, `groupNames`, `userGroupSet` and so on, and lists' own. */
function namesShares(name: string): boolean {
  return /^(items?|(user|group|userGroup)(Id|Name)?s?(Set)?)$/i.test(name);
}

/** An item of a list is a share, even where nothing in it can be read. */
function orUnread(shares: Shares): Shares {
  return shares.length === 0 ? [undefined] : shares;
}

/** An account as its 12 digits, a group by its name in lower case; `undefined` when neither can be read. */
function shareIn(value: unknown): string | undefined {
  const share = text(value);
  if (share === undefined || share === '' || share.startsWith('<')) return undefined;
  // A number loses its leading zeros, and people write account ids with dashes.
  const digits = share.replaceAll('-', '');
  return /^\d{1,12}$/.test(digits) ? digits.padStart(12, '0') : share.toLowerCase();
}
