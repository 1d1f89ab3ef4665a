import { describe, expect, it } from 'vitest';
import type { Facts, Resource } from '../../lib/core/control.ts';
import type { FactProvider, FactRequest } from '../../lib/core/fact-provider.ts';
import { known, unknownFact } from '../../lib/core/facts.ts';
import { combinedFacts } from '../../lib/pipeline/combined-facts.ts';

const key: Resource = {
  type: 'AwsKmsKey',
  id: '1234abcd-12ab-34cd-56ef-1234567890ab',
  arn: 'arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab',
  account: '111122223333',
  region: 'eu-central-1',
};
const request = { resource: key, facts: ['kms.rotation', 'kms.keyState'] } as const;

const rotation = known({ enabled: true, rotationPeriodInDays: 365 }, {
  kind: 'api',
  call: 'GetKeyRotationStatus',
  at: '2026-11-30T10:00:00.000Z',
} as const);
const state = known({ keyState: 'Enabled', pendingWindowInDays: null, deletionDate: null, changedBy: null }, {
  kind: 'event',
  eventName: 'EnableKey',
  eventId: 'e-1',
  eventTime: '2026-11-30T09:00:00.000Z',
} as const);

/** A provider with the same answers for every resource, and what it was asked. */
function telling(answers: Partial<Facts>): FactProvider & { readonly asked: FactRequest[] } {
  const asked: FactRequest[] = [];
  return {
    asked,
    gather: async (requests) => {
      asked.push(...requests);
      return requests.map(({ facts }) => Object.fromEntries(facts.map((name) => [name, answers[name]])));
    },
  };
}

describe('facts of several providers', () => {
  const denied = unknownFact('denied', 'kms:DescribeKey was denied');

  it('are those of the first that knows, each with its own source', async () => {
    const aws = telling({ 'kms.rotation': rotation, 'kms.keyState': denied });
    const trail = telling({ 'kms.rotation': unknownFact('not-in-trail', 'no event'), 'kms.keyState': state });
    expect(await combinedFacts([aws, trail]).gather([request])).toEqual([
      { 'kms.rotation': rotation, 'kms.keyState': state },
    ]);
  });

  it('are unknown for the first reason where none knows', async () => {
    const other = telling({ 'kms.keyState': unknownFact('not-in-trail', 'no event') });
    const first = telling({ 'kms.keyState': denied });
    const [facts] = await combinedFacts([first, other]).gather([{ resource: key, facts: ['kms.keyState'] }]);
    expect(facts).toEqual({ 'kms.keyState': denied });
  });

  it('are asked of the second only where the first does not know', async () => {
    const second = telling({ 'kms.keyState': state });
    await combinedFacts([telling({ 'kms.rotation': rotation, 'kms.keyState': denied }), second]).gather([
      request,
      { resource: key, facts: ['kms.rotation'] },
    ]);
    expect(second.asked).toEqual([{ resource: key, facts: ['kms.keyState'] }]);
  });
});
