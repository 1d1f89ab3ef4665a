import { describe, expect, it } from 'vitest';
import { keyState } from '../pipeline/live/world.ts';
import { fixing, id, room } from './fixture.ts';

/** A fix that made the control pass by its first write, and was interrupted before its second. */
async function partial(policy = fixing) {
  const world = await room(policy);
  await world.it.killedFor(id);
  world.answers.facts = keyState('Enabled');
  await world.it.deps.wait(3_600_000);
  return world;
}

describe('a fix that was interrupted when the control passed already', () => {
  it('is resumed', async () => {
    const { it: lit, remediate } = await partial();
    expect(await remediate()).toMatchObject({ events: [{ outcome: 'done' }], again: false });
    expect(lit.state).toMatchObject({ light: 'on', customActionEvents: 1 });
  });

  it('is resumed when the finding is closed by then', async () => {
    const { it: lit, remediate, record } = await partial();
    await record('PASS', lit.deps.now().getTime());
    await remediate();
    expect(lit.state).toMatchObject({ light: 'on', customActionEvents: 1 });
  });

  it('comes again while AWS is at it', async () => {
    const { it: lit, remediate } = await partial();
    lit.state.fault = new Error('AWS is busy');
    expect(await remediate()).toMatchObject({ events: [{ outcome: 'partially-completed' }], again: true });
  });

  it('is left as it is, and told so, where the resource is exempt by now', async () => {
    const { it: lit, remediate } = await partial(`${fixing}
exemptions:
  - controls: [kms-key-disabled]
    accounts: ['111122223333']
    reason: A test
    owner: ana@example.com
    expires: 2027-01-31
`);
    expect(await remediate()).toMatchObject({ events: [{ outcome: 'partially-completed' }], again: false });
    expect(lit.state.customActionEvents).toBe(0);
  });
});

describe('a message that comes again', () => {
  const again = { redelivered: true };

  it('has what was done told once more, in the same event', async () => {
    const { it: lit, remediate } = await room(fixing, again);
    const first = await remediate();
    await lit.deps.wait(1_000);
    const second = await remediate();
    expect(second.events.map(({ id: name, outcome }) => [name, outcome])).toEqual([
      [`${id} fix:enable-key 1 done`, 'done'],
    ]);
    expect(first.events[0]?.id).toBe(second.events[0]?.id);
  });

  it('has the beginning of a grace period told once more', async () => {
    const { remediate } = await room(`${fixing}\nguardrails: { gracePeriod: { fix: 15 minutes } }`, again);
    await remediate();
    expect((await remediate()).events).toMatchObject([{ outcome: 'pending' }]);
  });

  it('has nothing told that was done before the finding was opened anew', async () => {
    const { it: lit, remediate, record } = await room(fixing, again);
    await remediate();
    await record('PASS', lit.deps.now().getTime() + 1_000);
    await lit.deps.wait(3_600_000);
    await record('FAIL', lit.deps.now().getTime());
    const openedAt = lit.deps.now().toISOString();
    expect((await remediate({ openedAt })).events).toEqual([]);
  });
});
