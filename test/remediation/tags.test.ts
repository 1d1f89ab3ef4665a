/** Remediation by the tags of a key, which no look at it tells. */
import { describe, expect, it, vi } from 'vitest';
import type { Tags } from '../../lib/core/fact-provider.ts';
import { type Fact, known, unknownFact } from '../../lib/core/facts.ts';
import { fixing, room } from './fixture.ts';

const protecting = `${fixing}\nguardrails: { protectedTags: { environment: [prod] } }`;
const exempting = `${fixing}\nexemptionTags: { controls: [kms-key-disabled], maxDays: 365 }`;
const source = { kind: 'api', call: 'ListResourceTags', at: '2026-03-01T12:00:00.000Z' } as const;

/** Remediates the lamp, whose tags are these. */
async function remediated(policy: string, tags: Fact<Tags>) {
  const tagsOf = vi.fn(async (resources: readonly unknown[]) => resources.map(() => tags));
  const { it: lit, remediate, carryOutRequest, now } = await room(policy, { tagsOf });
  return { tagsOf, lit, carryOutRequest, now, done: await remediate() };
}

describe('a key', () => {
  it('is fixed where its tags do not protect it', async () => {
    const { lit } = await remediated(protecting, known({ environment: 'test' }, source));
    expect(lit.state.customActionEvents).toBe(1);
  });

  it('is left alone where a tag protects it', async () => {
    const { lit } = await remediated(protecting, known({ environment: 'prod' }, source));
    expect(lit.state.customActionEvents).toBe(0);
  });

  it('is left alone where a tag exempts it', async () => {
    const { lit } = await remediated(
      exempting,
      known({ 'trailseal:exempt': '2026-12-31 load test' }, source),
    );
    expect(lit.state.customActionEvents).toBe(0);
  });

  it('is left alone, and not asked about again, where its tags are denied that might protect it', async () => {
    const { lit, done } = await remediated(protecting, unknownFact('denied', 'it was denied'));
    expect(lit.state.customActionEvents).toBe(0);
    expect(done.again).toBe(false);
  });

  it.each([protecting, exempting])(
    'waits for tags that were not answered, which might save it: %s',
    async (policy) => {
      const { lit, done } = await remediated(policy, unknownFact('throttled', 'it was throttled'));
      expect(lit.state.customActionEvents).toBe(0);
      expect(done).toMatchObject({
        again: true,
        events: [],
        nothing: 'The policy goes by its tags, and they are not known: it was throttled.',
      });
    },
  );

  it('is asked for its tags only where the policy goes by them', async () => {
    const { lit, tagsOf } = await remediated(fixing, known({}, source));
    expect(lit.state.customActionEvents).toBe(1);
    expect(tagsOf).not.toHaveBeenCalled();
  });
});

describe('an order about a key whose tags could not be read', () => {
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
