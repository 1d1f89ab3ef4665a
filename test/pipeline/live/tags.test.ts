/** The tags of what fails, where the policy goes by them and no look at the resource tells them. */
import { describe, expect, it } from 'vitest';
import type { Resource } from '../../../lib/core/control.ts';
import type { Tags } from '../../../lib/core/fact-provider.ts';
import { type Fact, known, unknownFact } from '../../../lib/core/facts.ts';
import { findingId } from '../../../lib/findings/id.ts';
import { recheckBody } from '../../../lib/pipeline/live/message.ts';
import { accountRegion, keyState, World } from './world.ts';

const key = (id: string): Resource => ({
  type: 'AwsKmsKey',
  id,
  arn: `arn:aws:kms:${accountRegion.region}:${accountRegion.account}:key/${id}`,
  ...accountRegion,
});
const acting = 'version: 1\ncontrols: { kms-key-disabled: { actions: [notify, fix:enable-key] } }\n';
const protecting = `${acting}guardrails: { protectedTags: { environment: [prod] } }`;
const source = { kind: 'api', call: 'ListResourceTags', at: '2026-03-01T12:00:00.000Z' } as const;

/** Looks at keys of which those fail that are said to be disabled, and tells what was decided about each. */
async function decided(
  policy: string,
  tags: Readonly<Record<string, Fact<Tags>>>,
  states: Readonly<Record<string, 'Disabled' | 'Enabled'>> = { one: 'Disabled' },
) {
  const asked: string[][] = [];
  const world = new World('kms', accountRegion, policy, new Map(), async (resources) => {
    asked.push(resources.map(({ id }) => id));
    return resources.map(({ id }) => tags[id] ?? unknownFact('denied', 'kms:ListResourceTags was denied'));
  });
  for (const [id, state] of Object.entries(states)) world.answers.set(id, keyState(state));
  const rechecks = Object.keys(states).map((id) => ({ controls: ['kms-key-disabled'], resource: key(id) }));
  await world.deliver(recheckBody(rechecks));
  const entryOf = (id: string) => world.stateTable.entries.get(findingId('kms-key-disabled', key(id)));
  const findingOf = (id: string) => entryOf(id)?.finding;
  const skippedOf = (id: string) =>
    findingOf(id)?.plan.skipped.find(({ action }) => action === 'fix:enable-key');
  return { asked, entryOf, findingOf, skippedOf };
}

describe('a key that fails', () => {
  it('is left alone where a tag of it protects it', async () => {
    const { skippedOf } = await decided(protecting, { one: known({ environment: 'prod' }, source) });
    expect(skippedOf('one')).toMatchObject({
      because: 'protected-resource',
      reason: 'The policy protects it: it is tagged environment=prod.',
    });
  });

  it('is acted on where its tags do not protect it', async () => {
    const { findingOf } = await decided(protecting, { one: known({}, source) });
    expect(findingOf('one')?.plan.actions.map(({ action }) => action)).toEqual(['notify', 'fix:enable-key']);
  });

  it('is exempt by the tags that an exemption names', async () => {
    const exempting = `${acting}exemptions: [{ tags: { environment: 'sand*' }, reason: Sandbox, owner: me, expires: 2026-12-31 }]`;
    const { findingOf } = await decided(exempting, { one: known({ environment: 'sandbox' }, source) });
    expect(findingOf('one')).toMatchObject({
      exemption: { state: 'active', from: 'policy' },
      plan: { actions: [] },
    });
  });

  it('is exempt by the tag that exempts', async () => {
    const exempting = `${acting}exemptionTags: { controls: [kms-key-disabled], maxDays: 30 }`;
    const tags = { 'trailseal:exempt': '2026-03-20 load test' };
    const { findingOf } = await decided(exempting, { one: known(tags, source) });
    expect(findingOf('one')).toMatchObject({ exemption: { state: 'active', from: 'tag' } });
  });

  it('is left alone where its tags could not be read, with the reason', async () => {
    const { skippedOf } = await decided(protecting, {});
    expect(skippedOf('one')?.reason).toBe(
      'Its tags are not known (kms:ListResourceTags was denied), and the policy protects resources by the tags environment.',
    );
  });

  it('whose tags were throttled counts as not answered, so that the same delivery is news when it comes again', async () => {
    const { entryOf } = await decided(protecting, { one: unknownFact('throttled', 'it was throttled') });
    expect(entryOf('one')?.observations.map(({ key: said }) => said)).toEqual([
      expect.stringMatching(/ unanswered$/),
    ]);
  });
});

describe('tags are asked for', () => {
  it('of all that fails at once, and of nothing that passes', async () => {
    const states = { one: 'Disabled', two: 'Enabled', three: 'Disabled' } as const;
    expect((await decided(protecting, {}, states)).asked).toEqual([['one', 'three']]);
  });

  it('of nothing while all passes', async () => {
    expect((await decided(protecting, {}, { one: 'Enabled' })).asked).toEqual([]);
  });

  it('of nothing where the policy does not go by them', async () => {
    expect((await decided(acting, {})).asked).toEqual([]);
  });
});
