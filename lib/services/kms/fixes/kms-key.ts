/**
 * Reads and checks a KMS key, for the actions on keys. They name keys by id and not by ARN, because an id always
 * means a key of the caller's own account and Region, whatever an event said.
 */
import { DescribeKeyCommand, GetKeyPolicyCommand, type KeyMetadata } from '@aws-sdk/client-kms';
import { unlessDeleted } from '../../../aws/refusal.ts';
import type { ActionDeps, Check } from '../../../core/action.ts';
import type { Resource } from '../../../core/control.ts';
import { type IamAction, notOwn, type Write } from '../../../core/write.ts';

export const describeKeyPermission = 'kms:DescribeKey';

/** A write on the keys of the account, but for those of Trailseal's own stack. */
export function writesKeys(action: IamAction): Write {
  return { action, on: [{ service: 'kms', resource: 'key/*' }], condition: notOwn };
}

/**
 * Reads a key.
 * @returns the key as KMS describes it now; `undefined` when it was deleted. Rejects with what the SDK throws.
 * @example (await describeKey(resource, deps))?.KeyState // 'Enabled'
 */
export function describeKey({ id }: Resource, { clients }: ActionDeps): Promise<KeyMetadata | undefined> {
  return unlessDeleted(async () => {
    const { KeyMetadata: key } = await clients.kms.send(new DescribeKeyCommand({ KeyId: id }));
    return key;
  });
}

export const getKeyPolicyPermission = 'kms:GetKeyPolicy';

/**
 * Reads a key's policy.
 * @returns the policy's text as KMS returns it; `undefined` when the key was deleted. Rejects with what the SDK
 *   throws.
 * @example await keyPolicyOf(resource, deps) // '{"Version":"2012-10-17",…}'
 */
export function keyPolicyOf({ id }: Resource, { clients }: ActionDeps): Promise<string | undefined> {
  return unlessDeleted(async () => {
    const { Policy: policy } = await clients.kms.send(
      new GetKeyPolicyCommand({ KeyId: id, PolicyName: 'default' }),
    );
    return policy;
  });
}

/**
 * Whether the key's deletion is scheduled.
 * @example isPendingDeletion({ KeyId: '1234abcd-12ab-34cd-56ef-1234567890ab', KeyState: 'PendingDeletion' }) // true
 */
export function isPendingDeletion({ KeyState: state }: KeyMetadata): boolean {
  return state === 'PendingDeletion' || state === 'PendingReplicaDeletion';
}

/**
 * Why no action may change a key: it was deleted, belongs to another account, or AWS manages it.
 * @param key as KMS describes it; `undefined` when it was deleted.
 * @returns a sentence; `undefined` for a customer's own key.
 * @example obstacleOf(resource, undefined) // 'Key 1234abcd-12ab-34cd-56ef-1234567890ab was deleted.'
 */
export function obstacleOf(resource: Resource, key: KeyMetadata | undefined): string | undefined {
  if (key === undefined) return `Key ${resource.id} was deleted.`;
  if (key.AWSAccountId !== undefined && key.AWSAccountId !== resource.account) {
    return `Key ${resource.id} belongs to account ${key.AWSAccountId}.`;
  }
  return key.KeyManager === 'AWS' ? `AWS manages key ${resource.id}.` : undefined;
}

/**
 * The result of a check that found no key.
 * @example keyIsDeleted(resource) // { kind: 'deleted', because: 'key 1234abcd-12ab-34cd-56ef-1234567890ab was deleted' }
 */
export function keyIsDeleted({ id }: Resource): Extract<Check, { readonly kind: 'deleted' }> {
  return { kind: 'deleted', because: `key ${id} was deleted` };
}
