import * as z from 'zod/mini';
import { defineControl, fail, observe, pass, unknown } from '../../../core/control.ts';
import { keyInEvent } from '../resources.ts';

/**
 * Deleting a key makes everything that it encrypted unreadable for good; only during the waiting period can the
 * deletion be cancelled.
 * Source: AWS KMS Developer Guide, "Deleting AWS KMS keys"; KMS API Reference, ScheduleKeyDeletion.
 */
export const kmsKeyDeletion = defineControl({
  id: 'kms-key-deletion',
  title: 'KMS keys should not be scheduled for deletion',
  description:
    'Deleting a KMS key makes all data encrypted under it unrecoverable, and nothing brings the key back. ' +
    'From ScheduleKeyDeletion on the key can no longer be used; until the waiting period of 7 to 30 days ends ' +
    'the deletion can be cancelled. A multi-Region primary key waits for its replicas to go first.',
  severity: 'CRITICAL',
  resourceType: 'AwsKmsKey',
  standards: {
    'NIST.800-53.r5': ['SC-12', 'SC-12(2)'],
    'PCI DSS v4.0.1': [],
    'AWS FSBP': ['KMS.3'],
  },
  triggers: [
    {
      kind: 'api-call',
      eventSource: 'kms.amazonaws.com',
      eventNames: ['ScheduleKeyDeletion', 'CancelKeyDeletion'],
      resources: keyInEvent,
    },
    {
      kind: 'service-event',
      eventSource: 'kms.amazonaws.com',
      eventNames: ['DeleteKey'],
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
    const required = 'a key that is neither pending deletion nor deleted';
    const seen = [
      observe('keyState', state, (value) => value.keyState),
      ...(state.known && state.value.keyState.startsWith('Pending')
        ? [
            observe('pendingWindowInDays', state, (value) => value.pendingWindowInDays),
            observe('deletionDate', state, (value) => value.deletionDate),
          ]
        : []),
      // Only events contain the actor: KMS itself does not return it.
      ...(state.known && state.value.changedBy !== null
        ? [observe('changedBy', state, (value) => value.changedBy)]
        : []),
    ];
    if (!state.known)
      return unknown(`The state of key ${key.id} is unknown: ${state.detail}.`, required, seen);
    const { keyState, deletionDate, pendingWindowInDays, changedBy } = state.value;
    const by = changedBy === null ? '' : ` by ${changedBy}`;
    const window = pendingWindowInDays === null ? '' : ` after ${pendingWindowInDays} days`;
    const date = deletionDate === null ? '' : ` (${deletionDate})`;
    switch (keyState) {
      case 'PendingDeletion':
        return fail(`Key ${key.id} was scheduled for deletion${window}${date}${by}.`, required, seen);
      case 'PendingReplicaDeletion':
        return fail(
          `Key ${key.id} was scheduled for deletion${window}${by}; the wait begins when its last replica was deleted.`,
          required,
          seen,
        );
      case 'Deleted':
        return fail(`Key ${key.id} was deleted${by}.`, required, seen);
      default:
        return pass(`Key ${key.id} is not scheduled for deletion: it is ${keyState}.`, required, seen);
    }
  },
  actions: ['notify', 'tag', 'fix:cancel-key-deletion'],
  remediation:
    'Before the waiting period ends: aws kms cancel-key-deletion --key-id ARN, then, as that leaves the key ' +
    'disabled: aws kms enable-key --key-id ARN. If the key should go, disable it first and watch for a while ' +
    'who still calls it (GetKeyLastUsage, CloudTrail).',
  reference: 'https://docs.aws.amazon.com/kms/latest/developerguide/deleting-keys.html',
});
