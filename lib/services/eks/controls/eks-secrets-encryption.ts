import * as z from 'zod/mini';
import { parseArn } from '../../../core/arn.ts';
import { commandLine } from '../../../core/command-line.ts';
import {
  defineControl,
  type Evaluation,
  type Facts,
  fail,
  observe,
  pass,
  type Resource,
  unknown,
} from '../../../core/control.ts';
import { fewerKeys } from '../../settings/fewer-keys.ts';
import { cluster } from '../resources.ts';

/**
 * From Kubernetes 1.28 on EKS wraps all API data, secrets among them, in a key that AWS owns; a customer managed key
 * replaces it where the cluster has an encryptionConfig. Below 1.28, data is not encrypted without one. The content
 * of encryptionConfig[].resources no longer matters, so the control does not read it.
 * Source: Amazon EKS User Guide, "Default envelope encryption for all Kubernetes API Data"; EKS API Reference,
 * EncryptionConfig; AWS Config, eks-secrets-encrypted.
 */
export const eksSecretsEncryption = defineControl({
  id: 'eks-secrets-encryption',
  title:
    'EKS clusters should have their Kubernetes secrets under envelope encryption, as the policy requires',
  description:
    'Without envelope encryption, whoever gets at the data of etcd, or a backup of it, reads every password ' +
    'and token that the cluster keeps. With a customer managed key, its use is logged and it can be withdrawn. ' +
    'Clusters from 1.28 on are encrypted without an encryptionConfig, which AWS Config and Security Hub ' +
    '(EKS.3) do not take into account. In an archive, an accepted update counts from when it was asked for.',
  severity: 'MEDIUM',
  resourceType: 'AwsEksCluster',
  standards: {
    'NIST.800-53.r5': ['SC-12', 'SC-13', 'SC-28', 'SC-28(1)'],
    'PCI DSS v4.0.1': ['8.3.2'],
    'AWS FSBP': ['EKS.3'],
  },
  triggers: [
    {
      kind: 'api-call',
      eventSource: 'eks.amazonaws.com',
      eventNames: ['CreateCluster', 'AssociateEncryptionConfig', 'UpdateClusterVersion'],
      resources: cluster,
    },
  ],
  deletions: [
    { kind: 'api-call', eventSource: 'eks.amazonaws.com', eventNames: ['DeleteCluster'], resources: cluster },
  ],
  facts: ['eks.version', 'eks.secretsEncryption'],
  settings: z.strictObject({
    key: z
      ._default(
        z.union([z.enum(['default', 'customer-managed']), z.array(z.string()).check(z.minLength(1))]),
        'default',
      )
      .check(
        z.describe(
          "Which encryption is good enough: default accepts AWS's own (1.28 and later); customer-managed; or a list of key ARNs.",
        ),
      ),
  }),
  narrowing: { key: fewerKeys('default') },
  evaluate(resource, facts, settings) {
    if (settings.key === 'default') return evaluateDefault(resource.id, facts);
    return settings.key === 'customer-managed'
      ? evaluateCustomerManaged(resource, facts)
      : evaluateListed(resource, facts, settings.key);
  },
  actions: ['notify', 'tag'],
  onRequestOnly: ['fix:associate-encryption'],
  broadActions: {
    'fix:associate-encryption':
      'kms:CreateGrant lets its caller give anybody the use of the key that the setting key names',
  },
  whyNeverRuns(action, { key }) {
    if (action !== 'fix:associate-encryption' || isKeyArn(keyNamed(key))) return undefined;
    return {
      because: 'the setting key of eks-secrets-encryption does not name just one key',
      hint: 'list one key ARN in controls.eks-secrets-encryption.settings.key',
    };
  },
  remediation:
    'Decide first: an associated key can be neither changed nor taken away again, and losing it loses the ' +
    'cluster. Then: aws eks associate-encryption-config --cluster-name NAME --encryption-config ' +
    '\'[{"resources":["secrets"],"provider":{"keyArn":"KEY_ARN"}}]\'. Or, where the policy accepts AWS\'s ' +
    'own key, upgrade to 1.28 or later: aws eks update-cluster-version --name NAME --kubernetes-version VERSION.',
  reference: 'https://docs.aws.amazon.com/eks/latest/userguide/envelope-encryption.html',
});

/** Which keys the policy accepts, as in the setting. */
type AllowedKeys = 'default' | 'customer-managed' | readonly string[];

/**
 * The only key that the policy accepts.
 * @returns its ARN; `undefined` where the policy lists none, or several.
 * @example keyNamed('customer-managed') // undefined
 */
export function keyNamed(keys: AllowedKeys): string | undefined {
  return typeof keys !== 'string' && keys.length === 1 ? keys[0] : undefined;
}

function isKeyArn(text: string | undefined): boolean {
  const arn = text === undefined ? undefined : parseArn(text);
  return arn?.service === 'kms' && arn.resource.startsWith('key/');
}

/**
 * The command that gives a cluster a customer's key, with `KEY_ARN` instead of the key unless the policy lists
 * exactly one. Source: EKS API Reference, "AssociateEncryptionConfig"; Amazon EKS User Guide, "Encrypt Kubernetes
 * secrets with KMS on existing clusters".
 * @returns one line for a shell.
 * @example associateEncryptionCommand({ id: 'my-cluster', region: 'eu-central-1' }, 'customer-managed') // 'aws eks associate-encryption-config --region eu-central-1 …'
 */
export function associateEncryptionCommand(
  { id, region }: Pick<Resource, 'id' | 'region'>,
  keys: AllowedKeys,
): string {
  const encryption = [{ resources: ['secrets'], provider: { keyArn: keyNamed(keys) ?? 'KEY_ARN' } }];
  return commandLine([
    ...['aws', 'eks', 'associate-encryption-config', '--region', region, '--cluster-name', id],
    ...['--encryption-config', JSON.stringify(encryption)],
  ]);
}

type EncryptionFacts = Pick<Facts, 'eks.version' | 'eks.secretsEncryption'>;

/** Part of each verdict on a cluster without encryptionConfig from 1.28 on, because AWS's own checks differ. */
const disagreement =
  "AWS Config's eks-secrets-encrypted, and so Security Hub's EKS.3, fail every cluster without encryptionConfig, whatever its version";

function observed({ 'eks.version': version, 'eks.secretsEncryption': encryption }: EncryptionFacts) {
  return [
    observe('version', version, (value) => value),
    observe('encryptionConfig[].provider.keyArn', encryption, (value) => value.key),
  ];
}

function evaluateDefault(id: string, facts: EncryptionFacts): Evaluation {
  const required = 'Kubernetes 1.28 or later, or an encryptionConfig with a KMS key';
  const seen = observed(facts);
  const encryption = facts['eks.secretsEncryption'];
  const version = facts['eks.version'];
  if (encryption.known && encryption.value.key !== null)
    return evaluateKey(id, facts, encryption.value.key, required);
  const encrypted = version.known ? encryptsByDefault(version.value) : undefined;
  if (version.known && encrypted === true) {
    const how = encryption.known ? ` with a key that AWS owns; ${disagreement}` : '';
    return pass(
      `Cluster ${id} runs ${version.value}, where EKS encrypts all API data by default${how}.`,
      required,
      seen,
    );
  }
  if (!encryption.known) {
    return unknown(
      `Whether the secrets of cluster ${id} are encrypted is unknown: ${encryption.detail}.`,
      required,
      seen,
    );
  }
  if (!version.known) {
    return unknown(
      `Cluster ${id} has no encryptionConfig, and whether EKS encrypts it by default is unknown: ${version.detail}.`,
      required,
      seen,
    );
  }
  return encrypted === undefined
    ? unknown(
        `Cluster ${id} has no encryptionConfig, and "${version.value}" is no version to evaluate by.`,
        required,
        seen,
      )
    : fail(
        `Cluster ${id} runs ${version.value}, where EKS encrypts no secrets by default, and has no encryptionConfig.`,
        required,
        seen,
      );
}

function evaluateCustomerManaged(resource: Resource, facts: EncryptionFacts): Evaluation {
  const { id } = resource;
  const required = 'an encryptionConfig with a customer managed KMS key';
  const encryption = facts['eks.secretsEncryption'];
  if (!encryption.known) return keyUnknown(id, facts, encryption.detail, required);
  const { key } = encryption.value;
  if (key === null) return keyMissing(resource, facts, required, 'customer-managed');
  if (/(^|:)alias\/aws\//.test(key)) {
    return fail(
      `Key ${key} of cluster ${id} is managed by AWS, not by the customer.`,
      required,
      observed(facts),
    );
  }
  return evaluateKey(id, facts, key, required);
}

function evaluateListed(resource: Resource, facts: EncryptionFacts, keys: readonly string[]): Evaluation {
  const { id } = resource;
  const required = `an encryptionConfig with one of the keys ${keys.join(', ')}`;
  const encryption = facts['eks.secretsEncryption'];
  if (!encryption.known) return keyUnknown(id, facts, encryption.detail, required);
  const { key } = encryption.value;
  if (key === null) return keyMissing(resource, facts, required, keys);
  if (keys.includes(key)) return evaluateKey(id, facts, key, required);
  return /^arn:[^:]+:kms:[^:]+:\d{12}:key\//.test(key)
    ? fail(`Key ${key} of cluster ${id} is none of those that the policy lists.`, required, observed(facts))
    : unknown(
        `The key of cluster ${id} is named as ${key}, and the ARN that this stands for is unknown.`,
        required,
        observed(facts),
      );
}

/** AssociateEncryptionConfig continues after its call: only DescribeUpdate shows whether it completed. */
function evaluateKey(id: string, facts: EncryptionFacts, key: string, required: string): Evaluation {
  const fact = facts['eks.secretsEncryption'];
  const requested =
    fact.known && fact.source.kind === 'event' && fact.source.eventName === 'AssociateEncryptionConfig';
  return pass(
    requested
      ? `Encryption of cluster ${id} with ${key} was requested and EKS accepted the request; only DescribeUpdate shows its completion.`
      : `The secrets of cluster ${id} are encrypted with ${key}.`,
    required,
    observed(facts),
  );
}

function keyUnknown(id: string, facts: EncryptionFacts, detail: string, required: string): Evaluation {
  return unknown(
    `The key that encrypts the secrets of cluster ${id} is unknown: ${detail}.`,
    required,
    observed(facts),
  );
}

function keyMissing(
  resource: Resource,
  facts: EncryptionFacts,
  required: string,
  keys: AllowedKeys,
): Evaluation {
  const { id } = resource;
  const version = facts['eks.version'];
  return fail(
    version.known && encryptsByDefault(version.value) === true
      ? `Cluster ${id} has no encryptionConfig: its secrets are no plaintext, as EKS encrypts ${version.value} with a key ` +
          `that AWS owns, but the policy requires a customer's key; ${disagreement}.`
      : `Cluster ${id} has no encryptionConfig, and so no key of the customer.`,
    required,
    observed(facts),
    associateEncryptionCommand(resource, keys),
  );
}

/** Whether `version` is 1.28 or later, compared part by part as numbers; `undefined` when it is no version. */
function encryptsByDefault(version: string): boolean | undefined {
  const match = /^v?(\d{1,9})\.(\d{1,9})(?:[.+-].*)?$/.exec(version);
  if (match === null) return undefined;
  const [major, minor] = [Number(match[1]), Number(match[2])];
  return major > 1 || (major === 1 && minor >= 28);
}
