import { describe, expect, it } from 'vitest';
import { keyState } from '../pipeline/live/evaluator-fixture.ts';
import { fixing, id, simulated } from './fixture.ts';

/** A fix that made the control pass by its first write, and was interrupted before its second. */
async function partial(policy = fixing) {
  const simulation = await simulated(policy);
  await simulation.fake.interruptedFor(id, 'kms-key-disabled');
  simulation.answers.facts = keyState('Enabled');
  await simulation.fake.deps.wait(3_600_000);
  return simulation;
}

describe('a fix that was interrupted when the control passed already', () => {
  it('is resumed', async () => {
    const { fake, remediate } = await partial();
    expect(await remediate()).toMatchObject({ events: [{ outcome: 'done' }], again: false });
    expect(fake.state).toMatchObject({ value: 'enabled', writes: 1 });
  });

  it('is resumed when the finding is closed by then', async () => {
    const { fake, remediate, record } = await partial();
    await record('PASS', fake.deps.now().getTime());
    await remediate();
    expect(fake.state).toMatchObject({ value: 'enabled', writes: 1 });
  });

  it('comes again while AWS is still carrying it out', async () => {
    const { fake, remediate } = await partial();
    fake.state.fault = new Error('AWS is busy');
    expect(await remediate()).toMatchObject({ events: [{ outcome: 'partially-completed' }], again: true });
  });

  it('is not resumed, which is reported, where the resource is exempt by now', async () => {
    const { fake, remediate } = await partial(`${fixing}
exemptions:
  - controls: [kms-key-disabled]
    accounts: ['111122223333']
    reason: A test
    owner: ana@example.com
    expires: 2027-01-31
`);
    expect(await remediate()).toMatchObject({ events: [{ outcome: 'partially-completed' }], again: false });
    expect(fake.state.writes).toBe(0);
  });
});

describe('a message that comes again', () => {
  const again = { redelivered: true };

  it('has what was done published once more, in the same event', async () => {
    const { fake, remediate } = await simulated(fixing, again);
    const first = await remediate();
    await fake.deps.wait(1_000);
    const second = await remediate();
    expect(second.events.map(({ id: name, outcome }) => [name, outcome])).toEqual([
      [`${id} fix:enable-key 1 done`, 'done'],
    ]);
    expect(first.events[0]?.id).toBe(second.events[0]?.id);
  });

  it('has the beginning of a grace period published once more', async () => {
    const { remediate } = await simulated(
      `${fixing}\nguardrails: { gracePeriod: { fix: 15 minutes } }`,
      again,
    );
    await remediate();
    expect((await remediate()).events).toMatchObject([{ outcome: 'pending' }]);
  });

  it('has nothing published that was done before the finding was opened anew', async () => {
    const { fake, remediate, record } = await simulated(fixing, again);
    await remediate();
    await record('PASS', fake.deps.now().getTime() + 1_000);
    await fake.deps.wait(3_600_000);
    await record('FAIL', fake.deps.now().getTime());
    const openedAt = fake.deps.now().toISOString();
    expect((await remediate({ openedAt })).events).toEqual([]);
  });
});
