import { describe, expect, it } from 'vitest';
import { keyState } from '../pipeline/live/world.ts';
import { fixing, id, room } from './fixture.ts';

/** A fix that made the control pass by its first write, and was broken off before its second. */
async function halfway(policy = fixing) {
  const world = await room(policy);
  await world.it.killedFor(id);
  world.answers.facts = keyState('Enabled');
  await world.it.means.wait(3_600_000);
  return world;
}

describe('a fix that was broken off when the control passed already', () => {
  it('is gone on with', async () => {
    const { it: lit, remediate } = await halfway();
    expect(await remediate()).toMatchObject({ events: [{ outcome: 'done' }], again: false });
    expect(lit.state).toMatchObject({ light: 'on', presses: 1 });
  });

  it('is gone on with when the finding is closed by then', async () => {
    const { it: lit, remediate, record } = await halfway();
    await record('PASS', lit.means.now().getTime());
    await remediate();
    expect(lit.state).toMatchObject({ light: 'on', presses: 1 });
  });

  it('comes again while AWS is at it', async () => {
    const { it: lit, remediate } = await halfway();
    lit.state.fault = new Error('AWS is busy');
    expect(await remediate()).toMatchObject({ events: [{ outcome: 'half-done' }], again: true });
  });

  it('is left as it is, and told so, where the resource is exempt by now', async () => {
    const { it: lit, remediate } = await halfway(`${fixing}
exemptions:
  - controls: [kms-key-disabled]
    accounts: ['111122223333']
    reason: A test
    owner: ana@example.com
    expires: 2027-01-31
`);
    expect(await remediate()).toMatchObject({ events: [{ outcome: 'half-done' }], again: false });
    expect(lit.state.presses).toBe(0);
  });
});

describe('a message that comes again', () => {
  const again = { redelivered: true };

  it('has what was done told once more, in the same event', async () => {
    const { it: lit, remediate } = await room(fixing, again);
    const first = await remediate();
    await lit.means.wait(1_000);
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
    await record('PASS', lit.means.now().getTime() + 1_000);
    await lit.means.wait(3_600_000);
    await record('FAIL', lit.means.now().getTime());
    const openedAt = lit.means.now().toISOString();
    expect((await remediate({ openedAt })).events).toEqual([]);
  });
});
