/** What the trail proves about the managers of keys, for services that encrypt with them. */
import type { TrailEvent } from '../../../core/control.ts';
import { type Known, known, unknownFact } from '../../../core/facts.ts';
import { text } from '../../../core/json.ts';
import { sourceOf, type TrailRelated } from '../../../core/trail-facts.ts';
import type { KeyManager } from '../facts.ts';

/**
 * Opens a reader of the managers of keys, by ARN; a key's manager never changes.
 * @returns a reader without events; a key whose creation it has not seen is unknown.
 * @example openKeyManagers().related['kms.keyManager'](accountRegion, arn).known // false
 */
export function openKeyManagers() {
  const managers = new Map<string, Known<KeyManager>>();
  const related: TrailRelated<'kms.keyManager'> = {
    'kms.keyManager': (_accountRegion, arn) =>
      managers.get(arn) ?? unknownFact('not-in-trail', 'the trail does not show the creation of this key'),
  };
  return {
    /**
     * CreateKey: only customers create keys; one made on an AWS service's behalf says so in `keyManager`.
     * Source: AWS KMS API Reference, "KeyMetadata": KeyManager.
     */
    learn(event: TrailEvent): void {
      if (event.eventName !== 'CreateKey') return;
      const arn =
        text(event.response, 'keyMetadata', 'arn') ??
        event.resources.find((resource) => resource.arn?.includes(':key/'))?.arn;
      const answered = text(event.response, 'keyMetadata', 'keyManager');
      const manager = answered ?? (event.actor.type === 'AWSService' ? undefined : 'CUSTOMER');
      if (arn !== undefined && (manager === 'AWS' || manager === 'CUSTOMER')) {
        managers.set(arn, known({ arn, manager }, sourceOf(event)));
      }
    },
    related,
  };
}
