import {
  DisableKeyRotationCommand,
  EnableKeyRotationCommand,
  GetKeyRotationStatusCommand,
  type KeyMetadata,
} from '@aws-sdk/client-kms';
import * as z from 'zod/mini';
import { unlessDeleted } from '../../../aws/refusal.ts';
import { type ActionDeps, type Check, defineAction } from '../../../core/action.ts';
import type { Resource } from '../../../core/control.ts';
import { notOwn } from '../../../core/write.ts';
import { kmsKeyRotation } from '../controls/kms-key-rotation.ts';
import { describeKey, describeKeyPermission, keyIsDeleted, obstacleOf, writesKeys } from './kms-key.ts';

/** KMS's default period. Source: KMS API Reference, "EnableKeyRotation": RotationPeriodInDays. */
const defaultPeriod = 365;

interface Rotation {
  readonly enabled: boolean;
  /** `null` where KMS does not return it. */
  readonly periodInDays: number | null;
}

/**
 * Switches automatic rotation on, or shortens its period to what the control requires.
 * Source: KMS API Reference, "EnableKeyRotation", "DisableKeyRotation"; AWS KMS Developer Guide, "Rotate AWS KMS keys".
 */
export const enableRotation = defineAction({
  id: 'fix:enable-rotation',
  description:
    'Switches on the automatic rotation of a KMS key, every 365 days or as often as the control requires; where it is ' +
    'on, but rarer than required, shortens its period. Safe: KMS keeps the older key material, and nothing need be ' +
    'encrypted anew. Only of enabled symmetric keys whose material KMS made, and of the primary of a multi-Region key.',
  risk: 'KMS charges for the first and second rotation of a key. A multi-Region key is rotated in all its Regions.',
  permissions: {
    reads: [describeKeyPermission, 'kms:GetKeyRotationStatus'],
    writes: [
      {
        ...writesKeys('kms:EnableKeyRotation'),
        // The action never makes a period longer than KMS's default.
        condition: {
          ...notOwn,
          NumericLessThanEqualsIfExists: { 'kms:RotationPeriodInDays': String(defaultPeriod) },
        },
      },
    ],
  },
  settings: kmsKeyRotation.settings,
  before: z.object({
    enabled: z.boolean(),
    periodInDays: z.nullable(z.number()),
    /** The period to set; `null`: KMS's default. */
    newPeriodInDays: z.nullable(z.number()),
  }),
  was: ({ enabled, periodInDays }) => [stateText({ enabled, periodInDays })],

  async prepare({ resource, settings }, deps) {
    const key = await describeKey(resource, deps);
    const because = obstacleOf(resource, key) ?? obstacleToRotation(resource, key);
    if (because !== undefined) return { kind: 'skipped', because };
    const rotation = await rotationOf(resource, deps);
    if (rotation === undefined) return { kind: 'skipped', because: `Key ${resource.id} was deleted.` };
    const most = settings.maxRotationPeriodInDays;
    if (rotation.enabled && (most === null || (rotation.periodInDays ?? defaultPeriod) <= most)) {
      return { kind: 'needless', because: `Key ${resource.id} is rotated as often as it should be.` };
    }
    const newPeriodInDays = most === null ? null : Math.min(most, defaultPeriod);
    return {
      kind: 'ready',
      before: { ...rotation, newPeriodInDays },
      plan: [`Have KMS rotate key ${resource.id} every ${newPeriodInDays ?? defaultPeriod} days.`],
    };
  },

  async apply({ resource }, { newPeriodInDays }, deps) {
    const rotation = await rotationOf(resource, deps);
    if (rotation === undefined || isSo(rotation, true, newPeriodInDays)) return;
    await enable(resource, newPeriodInDays, deps);
  },

  check: ({ resource }, before, deps) =>
    compare(resource, { enabled: true, periodInDays: before.newPeriodInDays }, before, deps),

  undo: {
    kind: 'restores',
    by: 'function',
    except: ['rotations that were made meanwhile', 'the date of the next rotation, which is counted anew'],
    permissions: {
      reads: [describeKeyPermission, 'kms:GetKeyRotationStatus'],
      writes: [writesKeys('kms:EnableKeyRotation'), writesKeys('kms:DisableKeyRotation')],
    },
    async restore({ resource }, { enabled, periodInDays }, deps) {
      const rotation = await rotationOf(resource, deps);
      if (rotation === undefined || isSo(rotation, enabled, periodInDays)) return;
      if (enabled) await enable(resource, periodInDays, deps);
      else await deps.clients.kms.send(new DisableKeyRotationCommand({ KeyId: resource.id }));
    },
    restored: ({ resource }, before, deps) =>
      compare(resource, before, { enabled: true, periodInDays: before.newPeriodInDays }, deps),
  },
});

/** Why KMS can't rotate the key, as a sentence. */
function obstacleToRotation({ id }: Resource, key: KeyMetadata | undefined): string | undefined {
  if (key === undefined) return undefined;
  // The spec implies ENCRYPT_DECRYPT: no key of this spec has another usage.
  if (key.KeySpec !== 'SYMMETRIC_DEFAULT')
    return `KMS does not rotate keys of spec ${key.KeySpec}, as ${id} is.`;
  if (key.Origin !== 'AWS_KMS') return `KMS does not rotate ${id}: its material is of origin ${key.Origin}.`;
  if (key.CustomKeyStoreId) return `KMS does not rotate ${id}: it is in a custom key store.`;
  if (key.MultiRegionConfiguration?.MultiRegionKeyType === 'REPLICA') {
    return `Key ${id} is a replica, which is rotated with its primary key.`;
  }
  return key.KeyState === 'Enabled' ? undefined : `Key ${id} is ${key.KeyState}, and must be enabled first.`;
}

function rotationOf({ id }: Resource, { clients }: ActionDeps): Promise<Rotation | undefined> {
  return unlessDeleted(async () => {
    const answer = await clients.kms.send(new GetKeyRotationStatusCommand({ KeyId: id }));
    const enabled = answer.KeyRotationEnabled === true;
    return { enabled, periodInDays: enabled ? (answer.RotationPeriodInDays ?? null) : null };
  });
}

/** Whether rotation is as wanted; a period that is not required, or that KMS does not return, matches. */
function isSo(rotation: Rotation, enabled: boolean, periodInDays: number | null): boolean {
  if (rotation.enabled !== enabled) return false;
  return !enabled || periodInDays === null || (rotation.periodInDays ?? periodInDays) === periodInDays;
}

async function enable({ id }: Resource, periodInDays: number | null, { clients }: ActionDeps): Promise<void> {
  await clients.kms.send(
    new EnableKeyRotationCommand({
      KeyId: id,
      ...(periodInDays === null ? {} : { RotationPeriodInDays: periodInDays }),
    }),
  );
}

async function compare(
  resource: Resource,
  wanted: Rotation,
  other: Rotation,
  deps: ActionDeps,
): Promise<Check> {
  const key = await describeKey(resource, deps);
  const rotation = await rotationOf(resource, deps);
  if (key === undefined || rotation === undefined) return keyIsDeleted(resource);
  const state = [stateText(rotation)];
  return isSo(rotation, wanted.enabled, wanted.periodInDays)
    ? { kind: 'as-set', state }
    : { kind: 'differs', differences: state, partial: isSo(rotation, other.enabled, other.periodInDays) };
}

function stateText({ enabled, periodInDays }: Rotation): string {
  const period = periodInDays === null ? '' : `, every ${periodInDays} days`;
  return enabled ? `rotation is on${period}` : 'rotation is off';
}
