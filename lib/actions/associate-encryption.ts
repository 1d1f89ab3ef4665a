/**
 * The command that gives an EKS cluster a customer's key. It is no action: an associated key can be neither changed
 * nor taken away again, so that a person decides. Source: EKS API Reference, "AssociateEncryptionConfig"; Amazon EKS
 * User Guide, "Encrypt Kubernetes secrets with KMS on existing clusters".
 */
import type { Resource } from '../control.ts';
import { commandLine } from './command-line.ts';

/**
 * @param keys the keys that the policy's `eks-secrets-encryption` accepts, as its setting has them.
 * @returns the command, with `KEY_ARN` in the place of the key unless the policy names just one.
 */
export function associateEncryptionCommand(
  { id, region }: Pick<Resource, 'id' | 'region'>,
  keys: 'default' | 'customer-managed' | readonly string[],
): string {
  const [key = 'KEY_ARN', ...others] = typeof keys === 'string' ? [] : keys;
  const keyArn = others.length === 0 ? key : 'KEY_ARN';
  return commandLine([
    ...['aws', 'eks', 'associate-encryption-config', '--region', region, '--cluster-name', id],
    ...['--encryption-config', JSON.stringify([{ resources: ['secrets'], provider: { keyArn } }])],
  ]);
}
