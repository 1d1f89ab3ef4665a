import { AssociateEncryptionConfigCommand, type Cluster } from '@aws-sdk/client-eks';
import { DescribeKeyCommand, type KeyMetadata } from '@aws-sdk/client-kms';
import * as z from 'zod/mini';
import { unlessDeleted } from '../../../aws/refusal.ts';
import { type ActionDeps, type Check, defineAction } from '../../../core/action.ts';
import { parseArn } from '../../../core/arn.ts';
import type { Resource } from '../../../core/control.ts';
import { notOwn } from '../../../core/write.ts';
import { eksSecretsEncryption, keyNamed } from '../controls/eks-secrets-encryption.ts';
import { bringAbout, clusterIsDeleted, clusterReads, describeCluster, obstacleOfCluster } from './cluster.ts';

/**
 * Gives a cluster the customer's key that the policy names, for good. EKS describes the key and makes a grant on it
 * in the caller's name. A key of another account is left to people, because the grant would be a change in that
 * account. Sources: EKS API Reference, "AssociateEncryptionConfig", "Provider" (symmetric, of the cluster's Region);
 * Amazon EKS User Guide, "Encrypt Kubernetes secrets with KMS on existing clusters" (encrypts and decrypts;
 * kms:DescribeKey and kms:CreateGrant; existing secrets; what a lost key means).
 */
export const associateEncryption = defineAction({
  id: 'fix:associate-encryption',
  description:
    'Gives a cluster that has no encryptionConfig the one key that the policy lists for it in the setting key of ' +
    'eks-secrets-encryption. The key has to be an enabled symmetric one for encryption, of the same account and ' +
    'Region, that AWS does not manage. EKS carries it out in some minutes, in which the cluster goes on working. ' +
    'Secrets that are there already are encrypted with the key only when they are written again, which the action ' +
    'leaves to operators: kubectl get secrets --all-namespaces -o json | kubectl annotate --overwrite -f - ' +
    'kms-encryption-timestamp="TIME".',
  risk:
    'From then on the cluster depends on the key: it is degraded while the key is disabled, and lost for good once it ' +
    'is deleted. KMS charges for the key and for its use.',
  permissions: {
    reads: [...clusterReads, 'kms:DescribeKey'],
    writes: [
      {
        action: 'eks:AssociateEncryptionConfig',
        on: [{ service: 'eks', resource: 'cluster/*' }],
        condition: {
          'ForAllValues:ArnEquals': {
            'eks:encryptionConfigProviderKeyArns': { of: 'setting', setting: 'key' },
          },
          Null: { 'eks:encryptionConfigProviderKeyArns': 'false' },
        },
      },
      {
        // A grant lets others use the key: only on the one key that the policy names; where it names none, the action
        // is skipped. EKS makes the grant in the caller's name, but not so that kms:GrantIsForAWSResource holds.
        // Source: Amazon EKS User Guide, "Encrypt Kubernetes secrets with KMS on existing clusters" (last note).
        action: 'kms:CreateGrant',
        on: [{ service: 'kms', resource: 'key/*', namedInSetting: 'key' }],
        condition: notOwn,
      },
    ],
  },
  settings: eksSecretsEncryption.settings,
  /** There was no key; this is the one that the cluster gets. */
  before: z.object({ keyArn: z.string() }),
  was: () => ['the cluster has no key of its own for secrets'],

  async prepare({ resource, settings }, deps) {
    const cluster = await describeCluster(resource, deps);
    if (cluster === undefined) return { kind: 'skipped', because: `Cluster ${resource.id} was deleted.` };
    const keyArn = keyNamed(settings.key);
    const present = keyOf(cluster);
    if (present !== undefined && present === keyArn) {
      return { kind: 'needless', because: `Cluster ${resource.id} has the key ${present} already.` };
    }
    const obstacle = obstacleOfCluster(resource, cluster) ?? otherKey(resource, cluster);
    if (obstacle !== undefined) return { kind: 'skipped', because: obstacle };
    if (keyArn === undefined) return { kind: 'skipped', because: notOneKey };
    const because = await obstacleOfKey(resource, keyArn, deps);
    if (because !== undefined) return { kind: 'skipped', because };
    return {
      kind: 'ready',
      before: { keyArn },
      plan: [
        `Associate cluster ${resource.id} with the key ${keyArn}, which can be neither changed nor taken back.`,
      ],
    };
  },

  apply: ({ resource }, { keyArn }, deps) =>
    bringAbout(
      resource,
      async (cluster) => {
        // An interrupted run may be resumed much later, and this change is permanent.
        const because = otherKey(resource, cluster) ?? (await obstacleOfKey(resource, keyArn, deps));
        if (because !== undefined) throw new Error(`the key can't be associated any more: ${because}`);
        const { update } = await deps.clients.eks.send(
          new AssociateEncryptionConfigCommand({
            clusterName: resource.id,
            encryptionConfig: [{ resources: ['secrets'], provider: { keyArn } }],
          }),
        );
        return update;
      },
      (cluster) => keyOf(cluster) === keyArn,
      deps,
    ),

  check: ({ resource }, { keyArn }, deps) => compare(resource, keyArn, deps),

  undo: {
    kind: 'impossible',
    because: 'EKS neither changes nor takes away a key that was associated with a cluster.',
  },
});

const notOneKey =
  'The policy does not name the key: list just one key ARN in the setting key of eks-secrets-encryption.';

/** The customer's key for the cluster's data, as EKS returns it. */
function keyOf({ encryptionConfig = [] }: Cluster): string | undefined {
  return encryptionConfig.find(({ provider }) => provider?.keyArn !== undefined)?.provider?.keyArn;
}

function otherKey({ id }: Resource, cluster: Cluster): string | undefined {
  if ((cluster.encryptionConfig ?? []).length === 0) return undefined;
  return `Cluster ${id} has an encryptionConfig with ${keyOf(cluster) ?? 'an unnamed key'}, which can't be changed.`;
}

/** Why EKS can't, or must not, use the key for the cluster, as a sentence. */
async function obstacleOfKey(
  { id, account, region }: Resource,
  keyArn: string,
  { clients }: ActionDeps,
): Promise<string | undefined> {
  const arn = parseArn(keyArn);
  if (arn?.service !== 'kms' || !arn.resource.startsWith('key/'))
    return `The policy names ${keyArn}, which is not the ARN of a KMS key.`;
  if (arn.account !== account) {
    return `Key ${keyArn} is not of account ${account}, and nothing elsewhere is changed from here.`;
  }
  if (arn.region !== region) return `Key ${keyArn} is not in ${region}, where cluster ${id} is.`;
  const key = await unlessDeleted(
    async () => (await clients.kms.send(new DescribeKeyCommand({ KeyId: keyArn }))).KeyMetadata,
  );
  if (key === undefined) return `There is no key ${keyArn}.`;
  return key.Arn === keyArn
    ? unfitness(keyArn, key)
    : `KMS calls the key ${keyArn} by another ARN: ${key.Arn}.`;
}

function unfitness(keyArn: string, key: KeyMetadata): string | undefined {
  if (key.KeyManager === 'AWS') return `AWS manages key ${keyArn}.`;
  if (key.KeySpec !== 'SYMMETRIC_DEFAULT' || key.KeyUsage !== 'ENCRYPT_DECRYPT') {
    return `Key ${keyArn} is of spec ${key.KeySpec} for ${key.KeyUsage}, and EKS takes only symmetric ones for encryption.`;
  }
  return key.KeyState === 'Enabled'
    ? undefined
    : `Key ${keyArn} is ${key.KeyState}, and must be enabled first.`;
}

async function compare(resource: Resource, keyArn: string, deps: ActionDeps): Promise<Check> {
  const cluster = await describeCluster(resource, deps);
  if (cluster === undefined) return clusterIsDeleted(resource);
  const present = keyOf(cluster);
  if (present === keyArn && cluster.status === 'ACTIVE') {
    return { kind: 'as-set', state: [`the cluster's key is ${present}`] };
  }
  const difference =
    present === keyArn
      ? `the cluster is still ${cluster.status}`
      : `the cluster's key is ${present ?? 'none'}`;
  const partial = present === keyArn || (cluster.encryptionConfig ?? []).length === 0;
  return { kind: 'differs', differences: [difference], partial };
}
