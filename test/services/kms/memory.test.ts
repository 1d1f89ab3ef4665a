import { describe, expect, it } from 'vitest';
import type { Resource } from '../../../lib/core/control.ts';
import { type KeyObservation, memosOf } from '../../../lib/services/kms/memory.ts';
import { accountRegion } from '../../remediation/actions/simulated-resource.ts';

const key: Resource = {
  type: 'AwsKmsKey',
  id: 'k',
  arn: `arn:aws:kms:${accountRegion.region}:${accountRegion.account}:key/k`,
  ...accountRegion,
};

function states(observation: Omit<KeyObservation, 'key'>): readonly (readonly [string, number])[] {
  return memosOf({ key, ...observation }).map(({ value, at }) => [value, at]);
}

describe('of an evaluation is remembered', () => {
  it.each(['Enabled', 'Disabled'])('that the key is %s', (state) => {
    expect(states({ at: 5, state })).toEqual([[state, 5]]);
  });

  it.each(['PendingDeletion', 'PendingImport', 'Unavailable'])('nothing of a key that is %s', (state) => {
    expect(states({ at: 5, state })).toEqual([]);
  });

  it('what the event behind it did, where the evaluation came too late to read it', () => {
    const event = { name: 'DisableKey', time: 3 };
    expect(states({ at: 5, state: 'PendingDeletion', event })).toEqual([['Disabled', 3]]);
  });

  it('what it saw itself, where that is newer than the event', () => {
    expect(states({ at: 5, state: 'Enabled', event: { name: 'DisableKey', time: 3 } })).toEqual([
      ['Enabled', 5],
    ]);
  });

  it('a policy that passes', () => {
    expect(states({ at: 5, policy: { text: '{}', verdict: 'PASS' } })).toEqual([['{}', 5]]);
  });

  it.each(['FAIL', 'UNKNOWN', 'NOT_APPLICABLE'] as const)('no policy that is %s', (verdict) => {
    expect(states({ at: 5, policy: { text: '{}', verdict } })).toEqual([]);
  });

  it('nothing of what is no key', () => {
    expect(memosOf({ key: { ...key, type: 'AwsKmsGrant' }, at: 5, state: 'Enabled' })).toEqual([]);
  });
});
