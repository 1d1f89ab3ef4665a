/** What the trail proves about key policies. */
import type { ArnResource, TrailEvent } from '../../../core/control.ts';
import { type Fact, known, unknownFact } from '../../../core/facts.ts';
import { at } from '../../../core/json.ts';
import { sourceOf, type TrailSubject } from '../../../core/trail-facts.ts';
import { defaultKeyPolicy, parseKeyPolicy } from '../../../iam/document.ts';
import type { KmsKeyPolicy } from '../facts.ts';
import { keyInEvent, replicaInEvent } from '../resources.ts';
import { wholeRequest } from './whole-request.ts';

/**
 * Opens a reader of key policies from CreateKey, ReplicateKey and PutKeyPolicy, which contain the policy as JSON
 * text.
 * @returns a reader without events; a key without events is unknown.
 * @example openKeyPolicies().read['kms.keyPolicy'](key).known // false
 */
export function openKeyPolicies(): TrailSubject<'kms.keyPolicy', ArnResource> {
  const policies = new Map<string, Fact<KmsKeyPolicy>>();

  const learnCreation = (key: ArnResource, event: TrailEvent): void => {
    const given = at(event.request, 'policy');
    const stated = wholeRequest(event) !== undefined;
    const type = at(event.response, 'keyMetadata', 'multiRegionConfiguration', 'multiRegionKeyType');
    // The CreateKey event of a replica need not repeat the policy in the ReplicateKey call.
    const mayBeReplica =
      type === 'REPLICA' ||
      (key.id.startsWith('mrk-') && type !== 'PRIMARY' && at(event.request, 'multiRegion') !== true);
    if (given !== undefined && given !== null) policies.set(key.arn, policyFact(given, event));
    // A policy that is known before the creation comes from ReplicateKey.
    else if (policies.has(key.arn)) return;
    else if (stated && !mayBeReplica) policies.set(key.arn, byDefault(key, event));
    else {
      policies.set(
        key.arn,
        unknownFact('not-in-trail', 'the trail shows the creation of the key, but not with which key policy'),
      );
    }
  };

  const learnReplication = (event: TrailEvent): void => {
    const given = at(event.response, 'replicaPolicy') ?? at(event.request, 'policy');
    const stated = wholeRequest(event) !== undefined;
    for (const replica of replicaInEvent(event)) {
      if (given !== undefined && given !== null) policies.set(replica.arn, policyFact(given, event));
      else if (stated) policies.set(replica.arn, byDefault(replica, event));
    }
  };

  return {
    learn(event) {
      if (event.eventName === 'ReplicateKey') return learnReplication(event);
      for (const key of keyInEvent(event)) {
        if (event.eventName === 'CreateKey') learnCreation(key, event);
        // PutKeyPolicy replaces the whole policy, so after an unreadable one the policy is unknown.
        else if (event.eventName === 'PutKeyPolicy') {
          policies.set(key.arn, policyFact(at(event.request, 'policy'), event));
        }
      }
    },
    read: {
      'kms.keyPolicy': ({ arn }) =>
        policies.get(arn) ?? unknownFact('not-in-trail', 'the trail does not show the key policy'),
    },
  };
}

function policyFact(given: unknown, event: TrailEvent): Fact<KmsKeyPolicy> {
  if (given === undefined || given === null) {
    return unknownFact('not-in-trail', `the record of ${event.eventName} does not hold the key policy`);
  }
  const parsed = parseKeyPolicy(given);
  return parsed.ok
    ? known({ policy: parsed.policy, isDefault: false }, sourceOf(event))
    : unknownFact(
        'unreadable',
        `the record of ${event.eventName} does not hold a readable key policy (${parsed.reason})`,
      );
}

function byDefault(key: ArnResource, event: TrailEvent): Fact<KmsKeyPolicy> {
  return known({ policy: defaultKeyPolicy(key.arn, key.account), isDefault: true }, sourceOf(event));
}
