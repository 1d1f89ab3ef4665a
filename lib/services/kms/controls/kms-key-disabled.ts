import * as z from 'zod/mini';
import { defineControl, fail, notApplicable, observe, pass, unknown } from '../../../core/control.ts';
import { keyInEvent } from '../resources.ts';

/**
 * Data that a key encrypted cannot be read while the key is disabled.
 * Source: AWS KMS Developer Guide, "Enable and disable keys"; KMS API Reference, CancelKeyDeletion, which leaves the
 * key disabled.
 */
export const kmsKeyDisabled = defineControl({
  id: 'kms-key-disabled',
  title: 'KMS keys should not be disabled',
  description:
    'A disabled key encrypts and decrypts nothing: volumes under it do not attach, databases do not start and ' +
    'clusters fail at the next restart. To disable a key is also the quietest way to hold data to ransom. A ' +
    'key whose deletion was cancelled is disabled too, until somebody enables it.',
  severity: 'HIGH',
  resourceType: 'AwsKmsKey',
  standards: {
    'NIST.800-53.r5': ['SC-12', 'SC-12(1)'],
    'PCI DSS v4.0.1': [],
    'AWS FSBP': [],
  },
  triggers: [
    {
      kind: 'api-call',
      eventSource: 'kms.amazonaws.com',
      eventNames: ['DisableKey', 'EnableKey', 'CancelKeyDeletion'],
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
  facts: ['kms.keyState'],
  settings: z.strictObject({}),
  narrowing: {},
  evaluate(key, facts) {
    const state = facts['kms.keyState'];
    const required = 'a key that is enabled';
    const seen = [
      observe('keyState', state, (value) => value.keyState),
      // Only events contain the actor: KMS itself does not return it.
      ...(state.known && state.value.changedBy !== null
        ? [observe('changedBy', state, (value) => value.changedBy)]
        : []),
    ];
    if (!state.known)
      return unknown(`The state of key ${key.id} is unknown: ${state.detail}.`, required, seen);
    const { keyState, changedBy } = state.value;
    const by = changedBy === null ? '' : ` by ${changedBy}`;
    if (keyState === 'Enabled') return pass(`Key ${key.id} is enabled.`, required, seen);
    if (keyState !== 'Disabled') {
      return notApplicable(
        `Key ${key.id} is ${keyState}, which is not a matter of being enabled.`,
        required,
        seen,
      );
    }
    return state.source.kind === 'event' && state.source.eventName === 'CancelKeyDeletion'
      ? fail(`The deletion of key ${key.id} was cancelled${by}, which leaves it disabled.`, required, seen)
      : fail(`Key ${key.id} was disabled${by}.`, required, seen);
  },
  actions: ['notify', 'tag', 'fix:enable-key'],
  remediation: 'If the key is still needed: aws kms enable-key --key-id ARN.',
  reference: 'https://docs.aws.amazon.com/kms/latest/developerguide/enabling-keys.html',
});
