import { describe, expect, it } from 'vitest';
import { fixing, id, simulated } from './fixture.ts';

const reminder = { reminder: true };
const when = (whenReverted: string) => `${fixing}\nguardrails: { whenReverted: ${whenReverted} }`;

describe('a fix that somebody reverts before the resource was seen to pass', () => {
  it('is done again by default, and the run history tells both', async () => {
    const { fake, remediate } = await simulated();
    await remediate();
    fake.state.value = 'disabled';
    expect((await remediate(reminder)).events.map(({ outcome }) => outcome)).toEqual(['reverted', 'done']);
    expect(fake.state.value).toBe('enabled');
    const runs = await fake.history.of(id);
    expect(runs.map(({ status }) => status)).toEqual(['reverted', 'done']);
    expect(runs[0]?.reversal).toMatchObject({ differences: ['the key is disabled'], response: 'repeat' });
    expect(runs[0]?.notes.at(-1)?.text).toMatch(
      /^Somebody has reverted it: the key is disabled\. The policy repeats it/,
    );
  });

  it('only notifies where the policy says so', async () => {
    const { fake, remediate } = await simulated(when('{ fix: notify }'));
    await remediate();
    fake.state.value = 'disabled';
    expect((await remediate(reminder)).events).toMatchObject([
      { outcome: 'reverted', because: expect.stringMatching(/guardrails\.whenReverted\.fix: notify/) },
    ]);
    expect(fake.state.value).toBe('disabled');
  });

  it('is not repeated at all with maxRepeats 0', async () => {
    const { fake, remediate } = await simulated(when('{ maxRepeats: 0 }'));
    await remediate();
    fake.state.value = 'disabled';
    expect((await remediate()).events).toMatchObject([
      { outcome: 'reverted', because: expect.stringMatching(/allows no repeat/) },
    ]);
    expect(fake.state.writes).toBe(1);
  });

  it('notifies once, also by the message that comes again after a run that was interrupted', async () => {
    const { fake, remediate } = await simulated(when('{ fix: notify }'), { redelivered: true });
    await remediate();
    fake.state.value = 'disabled';
    const first = await remediate();
    const again = await remediate();
    const reverted = [...first.events, ...again.events].filter(({ outcome }) => outcome === 'reverted');
    expect(new Set(reverted.map((event) => event.id)).size).toBe(1);
    expect(again.events).toContainEqual(first.events.find(({ outcome }) => outcome === 'reverted'));
  });

  it('counts anew for a new failure', async () => {
    const { fake, remediate, record } = await simulated(when('{ maxRepeats: 0 }'));
    await remediate();
    await fake.deps.wait(1_000);
    await record('PASS', fake.deps.now().getTime());
    await fake.deps.wait(1_000);
    const opened = fake.deps.now();
    await record('FAIL', opened.getTime());
    fake.state.value = 'disabled';
    expect((await remediate({ openedAt: opened.toISOString() })).events).toMatchObject([{ outcome: 'done' }]);
  });

  it('is tried again later where AWS does not tell how the resource is', async () => {
    const { fake, remediate } = await simulated();
    await remediate();
    fake.state.value = 'disabled';
    fake.state.checkError = new Error('AWS is busy');
    expect(await remediate()).toMatchObject({ events: [], again: true });
    expect(await remediate(reminder)).toMatchObject({
      events: [],
      again: false,
      because: expect.stringMatching(/could not be read: .*not acted on until that is known/),
    });
    expect(fake.state.writes).toBe(1);
  });

  it('is not repeated while the kill switch is engaged, and is afterwards', async () => {
    let state: 'engaged' | 'disengaged' = 'disengaged';
    const { fake, remediate } = await simulated(fixing, { killSwitch: async () => ({ state }) });
    await remediate();
    fake.state.value = 'disabled';
    state = 'engaged';
    expect((await remediate(reminder)).events).toMatchObject([
      { outcome: 'reverted', because: expect.stringMatching(/It is not repeated now: .*kill switch/) },
    ]);
    expect(fake.state.value).toBe('disabled');
    state = 'disengaged';
    expect((await remediate(reminder)).events).toMatchObject([{ outcome: 'done' }]);
    expect(fake.state.value).toBe('enabled');
  });
});
