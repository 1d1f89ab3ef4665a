import { CancelKeyDeletionCommand, EnableKeyCommand } from '@aws-sdk/client-kms';
import * as z from 'zod/mini';
import { defineAction, type Target } from '../../../core/action.ts';
import { commandLine } from '../../../core/command-line.ts';
import type { ArnResource } from '../../../core/control.ts';
import { kmsKeyDeletion } from '../controls/kms-key-deletion.ts';
import { keyWasEnabled } from '../memory.ts';
import {
  describeKey,
  describeKeyPermission,
  isPendingDeletion,
  keyIsDeleted,
  obstacleOf,
  writesKeys,
} from './kms-key.ts';

/**
 * CancelKeyDeletion leaves the key disabled, and while the deletion is pending KMS does not return whether it was
 * enabled before: only earlier evaluations know it. Where none does, the key stays disabled: its data is safe,
 * somebody may have disabled it for a reason, and `kms-key-disabled` reports it.
 * Source: KMS API Reference, "CancelKeyDeletion", "EnableKey"; AWS KMS Developer Guide, "Key states of AWS KMS keys".
 */
export const cancelKeyDeletion = defineAction({
  id: 'fix:cancel-key-deletion',
  description:
    'Cancels the scheduled deletion of a KMS key, and enables the key again if it was last seen enabled before the ' +
    'deletion was scheduled. If that is not known, the key stays disabled, which kms-key-disabled reports. Safe: it ' +
    'brings back what was there, and no data is touched.',
  risk:
    'A key that was rightly being retired stays, is charged for, and, if it was enabled, can be used again by whoever ' +
    'its policy lets in.',
  permissions: {
    reads: [describeKeyPermission],
    writes: [writesKeys('kms:CancelKeyDeletion'), writesKeys('kms:EnableKey')],
  },
  settings: kmsKeyDeletion.settings,
  before: z.object({
    keyState: z.string(),
    pendingWindowInDays: z.nullable(z.number()),
    deletionDate: z.nullable(z.string()),
    /** Whether it was enabled before the deletion was scheduled; `null`: not known. */
    wasEnabled: z.nullable(z.boolean()),
    lastSeenAt: z.nullable(z.string()),
  }),
  was: ({ keyState, deletionDate, wasEnabled }) => [
    `the key is ${keyState}${deletionDate === null ? '' : `, to be deleted at ${deletionDate}`}`,
    ...(wasEnabled === null
      ? []
      : [`it was ${wasEnabled ? 'enabled' : 'disabled'} before its deletion was scheduled`]),
  ],

  async prepare({ resource }, deps) {
    const key = await describeKey(resource, deps);
    const because = obstacleOf(resource, key);
    if (key === undefined || because !== undefined) {
      return { kind: 'skipped', because: because ?? `Key ${resource.id} was deleted.` };
    }
    if (!isPendingDeletion(key)) {
      return { kind: 'needless', because: `Key ${resource.id} is not scheduled for deletion.` };
    }
    const seen = await keyWasEnabled(deps.memory, resource);
    const before = {
      keyState: key.KeyState ?? 'PendingDeletion',
      pendingWindowInDays: key.PendingDeletionWindowInDays ?? null,
      deletionDate: key.DeletionDate?.toISOString() ?? null,
      wasEnabled: seen?.value ?? null,
      lastSeenAt: seen?.at ?? null,
    };
    return {
      kind: 'ready',
      before,
      plan: [`Cancel the deletion of key ${resource.id}.`, enabling(before)],
    };
  },

  async apply({ resource }, before, deps) {
    let key = await describeKey(resource, deps);
    if (key !== undefined && isPendingDeletion(key)) {
      await deps.clients.kms.send(new CancelKeyDeletionCommand({ KeyId: resource.id }));
      key = await describeKey(resource, deps);
    }
    if (before.wasEnabled === true && key?.KeyState === 'Disabled') {
      await deps.clients.kms.send(new EnableKeyCommand({ KeyId: resource.id }));
    }
  },

  async check({ resource }, before, deps) {
    const key = await describeKey(resource, deps);
    if (key === undefined) return keyIsDeleted(resource);
    if (isPendingDeletion(key)) {
      return { kind: 'differs', differences: ['the key is scheduled for deletion'], partial: true };
    }
    if (before.wasEnabled === true && key.KeyState === 'Disabled') {
      // CancelKeyDeletion left it so, or somebody disabled it after that: KMS does not distinguish them.
      return { kind: 'differs', differences: ['the key is disabled'], partial: true };
    }
    return { kind: 'as-set', state: [`the key is ${key.KeyState}`] };
  },

  undo: {
    kind: 'command',
    because:
      'Scheduling the deletion of a key puts all data under it at risk, so that a person has to do it by hand.',
    command: (
      { resource }: Target<z.infer<typeof kmsKeyDeletion.settings>, ArnResource>,
      { pendingWindowInDays },
    ) =>
      commandLine([
        ...['aws', 'kms', 'schedule-key-deletion', '--region', resource.region, '--key-id', resource.arn],
        ...['--pending-window-in-days', String(pendingWindowInDays ?? 30)],
      ]),
  },
});

function enabling({
  wasEnabled,
  lastSeenAt,
}: {
  readonly wasEnabled: boolean | null;
  readonly lastSeenAt: string | null;
}): string {
  if (wasEnabled === null) return 'Leave it disabled: whether it was enabled before is not known.';
  return wasEnabled
    ? `Enable it, as it was when last seen (${lastSeenAt}).`
    : `Leave it disabled, as it was when last seen (${lastSeenAt}).`;
}
