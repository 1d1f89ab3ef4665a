/** What the trail proves about an account's EBS defaults in a Region: encryption by default, and its key. */

import { type AccountRegion, accountRegionKey } from '../../../core/account-region.ts';
import type { Fact, TrailEvent } from '../../../core/control.ts';
import { known, unknownFact } from '../../../core/facts.ts';
import { flag, member, memberText } from '../../../core/json.ts';
import { sourceOf } from '../../../core/trail-facts.ts';
import type { EncryptionKey } from '../facts.ts';
import { requestOf, responseOf } from '../resources/wrapped.ts';
import type { Keys } from './keys.ts';

export const ebsDefaultContextEvents = [
  'EnableEbsEncryptionByDefault',
  'DisableEbsEncryptionByDefault',
  'ModifyEbsDefaultKmsKeyId',
  'ResetEbsDefaultKmsKeyId',
] as const;

export type EbsDefaults = ReturnType<typeof openEbsDefaults>;

/**
 * Opens a reader of an account's EBS defaults in each Region.
 * @param keys the reader of the keys that EC2's events name.
 * @returns a reader without events; defaults of which it has seen no event are unknown.
 * @example openEbsDefaults(keys).encryption(resource).known // false
 */
export function openEbsDefaults(keys: Keys) {
  const encryption = new Map<string, Fact<boolean>>();
  const defaultKeys = new Map<string, Fact<EncryptionKey>>();

  /** The response contains the key's ARN; the request may name an alias, or nothing for AWS's own key. */
  const learnKey = (event: TrailEvent): void => {
    const answered = memberText(responseOf(event), 'KmsKeyId');
    const requested =
      event.eventName === 'ResetEbsDefaultKmsKeyId'
        ? 'alias/aws/ebs'
        : (memberText(requestOf(event), 'KmsKeyId') ??
          (answered === undefined ? 'alias/aws/ebs' : undefined));
    const key = keys.named(event, answered, requested);
    defaultKeys.set(
      accountRegionKey(event),
      key === undefined
        ? unknownFact('unreadable', 'the trail shows that the default key was changed, but not to which')
        : known(key, sourceOf(event)),
    );
  };

  return {
    learn(event: TrailEvent): void {
      switch (event.eventName) {
        case 'EnableEbsEncryptionByDefault':
        case 'DisableEbsEncryptionByDefault': {
          const answered = flag(member(responseOf(event), 'EbsEncryptionByDefault'));
          const on = answered ?? event.eventName === 'EnableEbsEncryptionByDefault';
          encryption.set(accountRegionKey(event), known(on, sourceOf(event)));
          break;
        }
        case 'ModifyEbsDefaultKmsKeyId':
        case 'ResetEbsDefaultKmsKeyId':
          learnKey(event);
      }
    },

    encryption: (accountRegion: AccountRegion): Fact<boolean> =>
      encryption.get(accountRegionKey(accountRegion)) ??
      unknownFact(
        'not-in-trail',
        'the trail does not show whether encryption by default was switched on or off in this account and Region',
      ),

    key(accountRegion: AccountRegion): Fact<EncryptionKey> {
      const fact = defaultKeys.get(accountRegionKey(accountRegion));
      if (fact === undefined) {
        return unknownFact(
          'not-in-trail',
          'the trail does not show which is the default key for EBS in this account and Region',
        );
      }
      if (!fact.known) return fact;
      // Its manager may have been learned since.
      return known(keys.named(accountRegion, fact.value.arn) ?? fact.value, fact.source);
    },
  };
}
