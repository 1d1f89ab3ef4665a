/** Remediation by the tags of a key, which DescribeKey does not return. */
import { describe, expect, it, vi } from 'vitest';
import type { Tags } from '../../lib/core/fact-provider.ts';
import { type Fact, known, unknownFact } from '../../lib/core/facts.ts';
import { fixing, simulated } from './fixture.ts';

const protecting = `${fixing}\nguardrails: { protectedTags: { environment: [prod] } }`;
const exempting = `${fixing}\nexemptionTags: { controls: [kms-key-disabled], maxDays: 365 }`;
const source = { kind: 'api', call: 'ListResourceTags', at: '2026-03-01T12:00:00.000Z' } as const;

/** Remediates the fake key, whose tags are these. */
async function remediated(policy: string, tags: Fact<Tags>) {
  const tagsOf = vi.fn(async (resources: readonly unknown[]) => resources.map(() => tags));
  const { fake, remediate, carryOutRequest, now } = await simulated(policy, { tagsOf });
  return { tagsOf, fake, carryOutRequest, now, done: await remediate() };
}

describe('a key', () => {
  it('is fixed where its tags do not protect it', async () => {
    const { fake } = await remediated(protecting, known({ environment: 'test' }, source));
    expect(fake.state.writes).toBe(1);
  });

  it('is not fixed where a tag protects it', async () => {
    const { fake } = await remediated(protecting, known({ environment: 'prod' }, source));
    expect(fake.state.writes).toBe(0);
  });

  it('is not fixed where a tag exempts it', async () => {
    const { fake } = await remediated(
      exempting,
      known({ 'trailseal:exempt': '2026-12-31 load test' }, source),
    );
    expect(fake.state.writes).toBe(0);
  });

  it('is not fixed, and not asked about again, where reading the tags that might protect it is denied', async () => {
    const { fake, done } = await remediated(protecting, unknownFact('denied', 'it was denied'));
    expect(fake.state.writes).toBe(0);
    expect(done.again).toBe(false);
  });

  it.each([protecting, exempting])(
    'is not fixed until its tags, which might protect or exempt it, are answered: %s',
    async (policy) => {
      const { fake, done } = await remediated(policy, unknownFact('throttled', 'it was throttled'));
      expect(fake.state.writes).toBe(0);
      expect(done).toMatchObject({
        again: true,
        events: [],
        because: 'The policy goes by its tags, and they are not known: it was throttled.',
      });
    },
  );

  it('has its tags read only where the policy goes by them', async () => {
    const { fake, tagsOf } = await remediated(fixing, known({}, source));
    expect(fake.state.writes).toBe(1);
    expect(tagsOf).not.toHaveBeenCalled();
  });
});

describe('a requested action on a key whose tags could not be read', () => {
  it('is answered with the reason', async () => {
    const policy = `${protecting}\noperators: { customActions: [fix:enable-key] }`;
    const { carryOutRequest, now } = await remediated(
      policy,
      unknownFact('denied', 'kms:ListResourceTags was denied'),
    );
    const { events } = await carryOutRequest({ at: now() });
    expect(events).toMatchObject([
      {
        outcome: 'skipped',
        because:
          'Its tags are not known (kms:ListResourceTags was denied), and the policy protects resources by the tags environment.',
      },
    ]);
  });
});
