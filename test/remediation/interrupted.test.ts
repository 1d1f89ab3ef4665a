import { describe, expect, it } from 'vitest';
import { StateTableError } from '../../lib/findings/state/error.ts';
import type { RunHistory } from '../../lib/remediation/actions/action-run.ts';
import { giveUpLeases, givingUpLeases } from '../../lib/remediation/interrupted.ts';
import { remediate } from '../../lib/remediation/remediate.ts';
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

/** The same, where its run has given up its lease and a minute has passed. */
async function begun() {
  const simulation = await simulated();
  const { fake } = simulation;
  await fake.interruptedFor(id, 'kms-key-disabled');
  const [actionRun] = await fake.history.of(id);
  if (actionRun?.lease == null) throw new Error('no action run has a lease');
  await giveUpLeases({ ...simulation.deps, run: actionRun.lease.owner }, id);
  simulation.answers.facts = keyState('Enabled');
  await fake.deps.wait(60_000);
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

  it('is left for a while to the message that it was begun for', async () => {
    const { deps, request } = await begun();
    expect(await remediate(deps, request)).toMatchObject({ events: [], again: false });
  });

  it('is resumed by that message, a minute later', async () => {
    const { deps, request, fake } = await begun();
    const resuming = { ...deps, handledBefore: true };
    expect(await remediate(resuming, request)).toMatchObject({ events: [{ outcome: 'done' }], again: false });
    expect(fake.state).toMatchObject({ value: 'enabled' });
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

const comesAgain = { redelivered: true, handledBefore: true };

describe('a run that an error ended, after its first write', () => {
  /** The run history does not take how the run ended. */
  async function failed() {
    const simulation = await simulated();
    const { history } = simulation.fake;
    const failing = {
      ...simulation.deps,
      history: withSave(history, async () => Promise.reject(tableError)),
    };
    await expect(remediate(failing, simulation.request)).rejects.toThrow(tableError);
    return simulation;
  }
  const tableError = new StateTableError('busy', [id], 'DynamoDB had no capacity.');
  const withSave = (history: RunHistory, save: RunHistory['save']): RunHistory => ({
    latest: (...input) => history.latest(...input),
    of: (...input) => history.of(...input),
    since: (...input) => history.since(...input),
    begin: (...input) => history.begin(...input),
    save,
  });

  it('keeps the next from going on until its lease expires, where it does not give that up', async () => {
    const { deps, request } = await failed();
    const next = await remediate({ ...deps, run: 'run-2', ...comesAgain }, request);
    expect(next).toMatchObject({ events: [], again: true });
  });

  it('gives up its lease, so that the next ends it within seconds', async () => {
    const { deps, request, fake } = await failed();
    const work = async () => Promise.reject(tableError);
    await expect(givingUpLeases(deps, id, work)).rejects.toThrow(tableError);
    await fake.deps.wait(5_000);
    const next = await remediate({ ...deps, run: 'run-2', ...comesAgain }, request);
    expect(next).toMatchObject({ events: [{ outcome: 'done' }], again: false });
    expect(fake.state).toMatchObject({ value: 'enabled' });
  });

  it('leaves another run its lease', async () => {
    const { deps, request } = await failed();
    await giveUpLeases({ ...deps, run: 'run-2' }, id);
    const next = await remediate({ ...deps, run: 'run-3', ...comesAgain }, request);
    expect(next).toMatchObject({ events: [], again: true });
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
