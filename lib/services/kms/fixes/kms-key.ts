/**
 * A KMS key, read and evaluated for the actions on keys. They call keys by id and not by ARN: an id is one of the caller's
 * own account and Region, whatever an event said.
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

/** The key as KMS describes it now; `undefined` when there is none any more. */
export function describeKey({ id }: Resource, { clients }: ActionDeps): Promise<KeyMetadata | undefined> {
  return unlessDeleted(async () => {
    const { KeyMetadata: key } = await clients.kms.send(new DescribeKeyCommand({ KeyId: id }));
    return key;
  });
}

export const getKeyPolicyPermission = 'kms:GetKeyPolicy';

/** The key's policy, as KMS gives it; `undefined` when there is no such key any more. */
export function keyPolicyOf({ id }: Resource, { clients }: ActionDeps): Promise<string | undefined> {
  return unlessDeleted(async () => {
    const { Policy: policy } = await clients.kms.send(
      new GetKeyPolicyCommand({ KeyId: id, PolicyName: 'default' }),
    );
    return policy;
  });
}

/** Whether the key is on its way to be deleted. */
export function isPendingDeletion({ KeyState: state }: KeyMetadata): boolean {
  return state === 'PendingDeletion' || state === 'PendingReplicaDeletion';
}

/** Why nothing is done to the key by anybody but AWS, as a sentence; `undefined` for a customer's own key. */
export function obstacleOf(resource: Resource, key: KeyMetadata | undefined): string | undefined {
  if (key === undefined) return `Key ${resource.id} was deleted.`;
  if (key.AWSAccountId !== undefined && key.AWSAccountId !== resource.account) {
    return `Key ${resource.id} belongs to account ${key.AWSAccountId}.`;
  }
  return key.KeyManager === 'AWS' ? `AWS manages key ${resource.id}.` : undefined;
}

export function keyIsDeleted({ id }: Resource): Extract<Check, { readonly kind: 'deleted' }> {
  return { kind: 'deleted', because: `key ${id} was deleted` };
}
