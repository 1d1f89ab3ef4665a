/** What the trail proves about the states of keys. */
import type { ArnResource, TrailEvent } from '../../../core/control.ts';
import { type Known, known, unknownFact } from '../../../core/facts.ts';
import { text } from '../../../core/json.ts';
import { sourceOf, type TrailSubject } from '../../../core/trail-facts.ts';
import type { KmsKeyState } from '../facts.ts';
import { keyInEvent } from '../resources.ts';

/**
 * Opens a reader of key states.
 * Source: AWS KMS Developer Guide, "Key states of AWS KMS keys"; KMS API Reference, each operation.
 * @returns a reader without events; a key without events is unknown.
 * @example openKeyStates().read['kms.keyState'](key).known // false
 */
export function openKeyStates(): TrailSubject<'kms.keyState', ArnResource> {
  const states = new Map<string, Known<KmsKeyState>>();

  return {
    learn(event) {
      for (const { arn } of keyInEvent(event)) {
        const keyState = stateAfter(event, states.get(arn)?.value.keyState);
        if (keyState === undefined) continue;
        if (keyState === null) {
          states.delete(arn);
          continue;
        }
        const days = Number(
          text(event.response, 'pendingWindowInDays') ??
            text(event.request, 'pendingWindowInDays') ??
            Number.NaN,
        );
        const value = {
          keyState,
          pendingWindowInDays: Number.isFinite(days) ? days : null,
          deletionDate: text(event.response, 'deletionDate') ?? null,
          changedBy: event.actor.name,
        };
        states.set(arn, known(value, sourceOf(event)));
      }
    },
    read: {
      'kms.keyState': ({ arn }) =>
        states.get(arn) ?? unknownFact('not-in-trail', 'the trail does not show in which state the key is'),
    },
  };
}

/** The key's state after an event; `undefined` when the event leaves it as it was, `null` when it is no longer known. */
function stateAfter(event: TrailEvent, before: string | undefined): string | null | undefined {
  switch (event.eventName) {
    case 'CreateKey':
      return text(event.response, 'keyMetadata', 'keyState');
    case 'EnableKey':
      return 'Enabled';
    // A cancelled deletion leaves the key disabled: EnableKey is a second step.
    case 'DisableKey':
    case 'CancelKeyDeletion':
      return 'Disabled';
    // PendingReplicaDeletion for a primary key that still has replicas.
    case 'ScheduleKeyDeletion':
      return text(event.response, 'keyState') ?? 'PendingDeletion';
    case 'DeleteKey':
      return 'Deleted';
    case 'DeleteImportedKeyMaterial':
    case 'DeleteExpiredKeyMaterial':
      return before?.startsWith('Pending') ? undefined : 'PendingImport';
    // Enabled, unless other material is still missing; in other states, an import changes nothing.
    case 'ImportKeyMaterial':
      return before === 'PendingImport' ? null : undefined;
    default:
      return undefined;
  }
}
