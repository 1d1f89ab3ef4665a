import * as z from 'zod/mini';
import {
  defineControl,
  type Facts,
  fail,
  notApplicable,
  observe,
  pass,
  unknown,
} from '../../../core/control.ts';
import { lower } from '../../../core/narrowing.ts';
import { keyInEvent } from '../resources.ts';

/**
 * Automatic rotation gives a key new material at fixed intervals, and limits how much data one material protects. KMS
 * rotates symmetric encryption keys whose material it made itself; rotation is off for a new key.
 * Source: AWS KMS Developer Guide, "Rotate AWS KMS keys"; KMS API Reference, EnableKeyRotation.
 */
export const kmsKeyRotation = defineControl({
  id: 'kms-key-rotation',
  title: 'KMS keys should be rotated automatically where KMS supports it',
  description:
    'Rotation limits how much data one key material protects, and how long a leaked one is of use; old data ' +
    'stays readable, and nothing that uses the key has to change. KMS rotates customer managed symmetric ' +
    'encryption keys of its own material; of a set of multi-Region keys, the primary. All others are not ' +
    'concerned. A new key is not rotated until somebody enables it.',
  severity: 'MEDIUM',
  resourceType: 'AwsKmsKey',
  standards: {
    'NIST.800-53.r5': ['SC-12', 'SC-12(2)', 'SC-28(3)'],
    'PCI DSS v4.0.1': ['3.7.4'],
    // KMS.4, on the same matter, is part of other standards of Security Hub, but not of AWS FSBP.
    'AWS FSBP': [],
  },
  triggers: [
    {
      kind: 'api-call',
      eventSource: 'kms.amazonaws.com',
      eventNames: ['CreateKey', 'EnableKeyRotation', 'DisableKeyRotation'],
      resources: keyInEvent,
    },
  ],
  deletions: [
    {
      kind: 'service-event',
      eventSource: 'kms.amazonaws.com',
      eventNames: ['DeleteKey'],
      resources: keyInEvent,
    },
  ],
  facts: ['kms.key', 'kms.rotation'],
  settings: z.strictObject({
    maxRotationPeriodInDays: z
      ._default(z.nullable(z.int().check(z.gte(90), z.lte(2560))), null)
      .check(
        z.describe(
          'The longest period between rotations that is accepted, in days (KMS takes 90 to 2560); null: any.',
        ),
      ),
  }),
  narrowing: { maxRotationPeriodInDays: lower() },
  evaluate(key, facts, settings) {
    const metadata = facts['kms.key'];
    const rotation = facts['kms.rotation'];
    const max = settings.maxRotationPeriodInDays;
    const required =
      max === null ? 'automatic rotation enabled' : `automatic rotation enabled, at least every ${max} days`;
    const seen = [
      observe('rotationEnabled', rotation, (value) => value.enabled),
      ...(rotation.known && rotation.value.enabled
        ? [observe('rotationPeriodInDays', rotation, (value) => value.rotationPeriodInDays)]
        : []),
      observe('keySpec', metadata, (value) => value.keySpec),
      observe('origin', metadata, (value) => value.origin),
      observe('multiRegionKeyType', metadata, (value) => value.multiRegionKeyType),
    ];
    const support = rotationSupport(metadata);
    if (support.supported === false) {
      return notApplicable(`KMS does not rotate key ${key.id}: ${support.because}.`, required, seen);
    }
    if (!rotation.known) {
      return unknown(`Whether key ${key.id} is rotated is unknown: ${rotation.detail}.`, required, seen);
    }
    const { enabled, rotationPeriodInDays } = rotation.value;
    if (enabled) {
      if (max === null) return pass(`Key ${key.id} is rotated automatically.`, required, seen);
      if (rotationPeriodInDays === null) {
        return unknown(`Key ${key.id} is rotated automatically, but how often is unknown.`, required, seen);
      }
      const summary = `Key ${key.id} is rotated every ${rotationPeriodInDays} days`;
      return rotationPeriodInDays <= max
        ? pass(`${summary}.`, required, seen)
        : fail(`${summary}, which is more than ${max}.`, required, seen);
    }
    return support.supported
      ? fail(`Key ${key.id} is not rotated automatically.`, required, seen)
      : unknown(
          `Key ${key.id} is not rotated automatically, and whether KMS supports it is unknown: ${support.because}.`,
          required,
          seen,
        );
  },
  actions: ['notify', 'tag', 'fix:enable-rotation'],
  remediation:
    'aws kms enable-key-rotation --key-id ARN --rotation-period-in-days 365 (for a multi-Region key, in the ' +
    'Region of its primary). Data need not be encrypted anew.',
  reference: 'https://docs.aws.amazon.com/kms/latest/developerguide/rotate-keys.html',
});

type Support =
  | { readonly supported: true }
  | { readonly supported: false | undefined; readonly because: string };

/** Whether KMS can rotate a key automatically; `undefined` where the known facts do not decide it. */
function rotationSupport(metadata: Facts['kms.key']): Support {
  if (!metadata.known) return { supported: undefined, because: metadata.detail };
  const { origin, keySpec, keyUsage, keyManager, customKeyStoreId, multiRegionKeyType } = metadata.value;
  const obstacle =
    (keyManager === 'AWS' && 'AWS manages it, and rotates it every year') ||
    (keySpec !== null && keySpec !== 'SYMMETRIC_DEFAULT' && `its spec is ${keySpec}`) ||
    (keyUsage !== null && keyUsage !== 'ENCRYPT_DECRYPT' && `its usage is ${keyUsage}`) ||
    (origin === 'EXTERNAL' && 'its key material is imported') ||
    (origin !== null && origin !== 'AWS_KMS' && `its key material is kept in ${origin}`) ||
    (customKeyStoreId !== null && `it is in custom key store ${customKeyStoreId}`) ||
    (multiRegionKeyType === 'REPLICA' && 'it is a replica, rotated with its primary key');
  if (obstacle !== false) return { supported: false, because: obstacle };
  const missing = [
    origin === null ? 'its origin' : '',
    keySpec === null ? 'its spec' : '',
    multiRegionKeyType === null ? 'whether it is a primary or a replica key' : '',
  ].filter((name) => name !== '');
  return missing.length === 0
    ? { supported: true }
    : { supported: undefined, because: `no source says ${missing.join(' and ')}` };
}
