import { describe, expect, it } from 'vitest';
import type { ActionDeps } from '../../lib/core/action.ts';
import { unknownFact } from '../../lib/core/facts.ts';
import type { Recorded } from '../../lib/findings/state/table.ts';
import type { RemediationDeps } from '../../lib/remediation/deps.ts';
import { actionEventSchema } from '../../lib/remediation/events/action-event.ts';
import { noRuns } from '../../lib/remediation/limits.ts';
import { parseRemediation } from '../../lib/remediation/message.ts';
import { envelope, transition } from '../notifications/events.ts';
import { fakeKey, start } from './actions/simulated-resource.ts';
import { fixing, id, simulated } from './fixture.ts';

type Simulated = Awaited<ReturnType<typeof simulated>>;

describe('a failure', () => {
  it('is fixed as the policy asks, once, and the event says how to undo it', async () => {
    const { fake, remediate } = await simulated();
    const { events } = await remediate();
    expect(fake.state).toMatchObject({ value: 'enabled', writes: 1 });
    expect(events).toMatchObject([
      {
        outcome: 'done',
        action: 'fix:enable-key',
        finding: id,
        actor: { type: 'IAMUser', arn: 'arn:aws:iam::111122223333:user/ana', name: 'ana' },
        summary: 'It is FAIL.',
        plan: ['Enable the key.'],
        undo: `trailseal undo --stage dev --region eu-central-1 --action fix:enable-key '${id}'`,
        decision: { actor: 'policy', name: 'trailseal.policy.yml' },
      },
    ]);
    expect(actionEventSchema.parse(JSON.parse(JSON.stringify(events[0])))).toEqual(events[0]);
    expect(await remediate()).toMatchObject({
      events: [],
      because: expect.stringMatching(/does not fail any more/),
    });
    expect(fake.state.writes).toBe(1);
  });

  it('is not fixed where the policy only reports', async () => {
    const { fake, remediate } = await simulated('controls: {}');
    expect(await remediate()).toMatchObject({ events: [], again: false });
    expect(fake.state.writes).toBe(0);
  });

  it('that is over, or unknown, is not fixed', async () => {
    const { fake, answers, remediate } = await simulated();
    fake.state.value = 'enabled';
    expect((await remediate()).because).toMatch(/does not fail any more/);
    answers.facts = unknownFact('denied', 'kms:DescribeKey was denied');
    fake.state.value = 'disabled';
    expect((await remediate()).because).toMatch(/does not fail any more|unknown/);
    fake.state.value = 'deleted';
    answers.facts = undefined;
    expect((await remediate()).because).toBe('The resource was deleted.');
    expect(fake.state.writes).toBe(0);
  });

  it('whose finding was closed or reopened meanwhile is left to the message about that', async () => {
    const { fake, remediate, record } = await simulated();
    expect((await remediate({ openedAt: '2026-01-01T00:00:00.000Z' })).because).toMatch(/opened again/);
    await record('PASS', start + 1_000);
    expect((await remediate()).because).toBe('The finding is RESOLVED.');
    expect(fake.state.writes).toBe(0);
  });

  it('whose finding is not in the state table is not acted on', async () => {
    const { fake, remediate, record } = await simulated();
    await record('PASS', start + 1_000);
    expect((await remediate({ finding: 'trailseal/kms-key-disabled/none' })).because).toMatch(
      /no such finding/,
    );
    expect(fake.state.writes).toBe(0);
  });
});

describe('a forged entry of the state table', () => {
  it('that names another type of resource is not acted on', async () => {
    const { stateTable } = await simulated();
    const entries = JSON.stringify([...stateTable.entries]).replaceAll('"AwsKmsKey"', '"__proto__"');
    const forged = { read: async () => new Map<string, Recorded>(JSON.parse(entries)) };
    const { fake, remediate } = await simulated(fixing, { stateTable: forged });
    expect(await remediate()).toMatchObject({
      events: [],
      because: 'The state table holds another type of resource than kms-key-disabled evaluates.',
    });
    expect(fake.state.writes).toBe(0);
  });
});

describe('what stands in the way', () => {
  it.each([
    ['the kill switch', { killSwitch: async () => ({ state: 'engaged' as const }) }, /kill switch/],
    [
      'a kill switch that can’t be read',
      { killSwitch: async () => ({ state: 'unreadable' as const, because: 'denied' }) },
      /kill switch/,
    ],
    [
      'an operator who suppressed the finding',
      { workflow: async () => ({ status: 'SUPPRESSED' as const }) },
      /suppressed/,
    ],
    [
      'a Security Hub that does not answer whether one did',
      { workflow: async () => ({ status: 'unreadable' as const }) },
      /could not be read/,
    ],
    ['that the resource is Trailseal’s own', { isOwn: () => true }, /own/],
  ])('is %s, and that is reported', async (_what, more, reason) => {
    const { fake, remediate } = await simulated(fixing, more);
    const { events } = await remediate();
    expect(events.map(({ outcome, because }) => ({ outcome, because }))).toEqual([
      { outcome: 'skipped', because: expect.stringMatching(reason) },
      ...('workflow' in more ? [{ outcome: 'skipped', because: expect.stringMatching(reason) }] : []),
    ]);
    expect(fake.state.writes).toBe(0);
  });

  it.each([
    ['suppressed', { workflow: async () => ({ status: 'SUPPRESSED' as const }) }],
    ['kill-switch', { killSwitch: async () => ({ state: 'engaged' as const }) }],
    ['own-resource', { isOwn: () => true }],
  ])('is reported for machines as well: %s', async (because, more) => {
    const { remediate } = await simulated(fixing, more);
    expect((await remediate()).events.at(-1)).toMatchObject({
      action: 'fix:enable-key',
      skippedBecause: because,
    });
  });

  it('is the switch, also when it is engaged between the decision and the first write', async () => {
    let reads = 0;
    const { fake, remediate } = await simulated(fixing, {
      killSwitch: async () => {
        reads += 1;
        return { state: reads === 1 ? 'disengaged' : 'engaged' };
      },
    });
    expect((await remediate()).events).toMatchObject([
      { outcome: 'skipped', because: 'The kill switch is engaged.' },
    ]);
    expect(fake.state.writes).toBe(0);
  });

  it('is an open circuit breaker', async () => {
    const open = { ...noRuns, breakers: [{ since: start, because: 'Rate limit reached.' }] };
    const limiter: RemediationDeps['limiter'] = {
      admit: async () => {
        throw new Error('it asked for budget all the same');
      },
      show: async () => ({ tag: noRuns, fix: open, quarantine: noRuns }),
    };
    const { fake, remediate } = await simulated(fixing, { limiter });
    expect((await remediate()).events).toMatchObject([
      { outcome: 'skipped', skippedBecause: 'breaker-open', because: expect.stringMatching(/breaker/) },
    ]);
    expect(fake.state.writes).toBe(0);
  });
});

describe('an action for which there is no budget', () => {
  const narrow = 'guardrails: { actionsPerHour: { fix: { perAccount: 1, total: 1 } } }';
  const hour = 3_600_000;

  /** A key, disabled by a principal that has used up its budget. */
  async function withoutBudget(more: Partial<RemediationDeps> = {}) {
    const all = await simulated(`${fixing}\n${narrow}`, more);
    all.useUpLimits();
    return { ...all, done: await all.remediate() };
  }

  it('is reported: which budget was used up, by whom, when it is tried again, and how to hasten or stop that', async () => {
    const { fake, done } = await withoutBudget();
    const [event, ...others] = done.events;
    expect([event?.outcome, others]).toEqual(['skipped', []]);
    expect(event?.because).toBe(
      'Rate limit reached: 1 of 1 fix because of arn:aws:iam::111122223333:user/ana in the last hour. ' +
        `It is tried again by itself at ${new Date(start + hour).toISOString()}. To hasten it: ` +
        '"trailseal breaker reset fix --stage dev --region eu-central-1"; to stop it, exempt the resource or suppress ' +
        'the finding in Security Hub.',
    );
    expect(fake.state.writes).toBe(0);
  });

  it('is tried again when there is, and done then', async () => {
    const { fake, remediate, nextTries } = await withoutBudget();
    const [{ request, time } = { request: {}, time: new Date(0) }] = nextTries;
    expect(time).toEqual(new Date(start + hour));
    await fake.deps.wait(hour);
    expect((await remediate(request)).events).toMatchObject([{ outcome: 'done' }]);
    expect([fake.state.value, fake.state.writes]).toEqual(['enabled', 1]);
  });

  it('is reported once, and asks for the same time however often its message comes before', async () => {
    const { remediate, nextTries } = await withoutBudget();
    const { request } = nextTries[0] ?? {};
    expect((await remediate(request)).events).toEqual([]);
    expect((await remediate({ reminder: true })).events).toEqual([]);
    expect(new Set(nextTries.map(({ time }) => time.getTime()))).toEqual(new Set([start + hour]));
  });

  it('is not done once the finding is closed, or the kill switch engaged', async () => {
    let state: 'engaged' | 'disengaged' = 'disengaged';
    const { fake, remediate, record, nextTries } = await withoutBudget({
      killSwitch: async () => ({ state }),
    });
    const { request } = nextTries[0] ?? {};
    await fake.deps.wait(hour);
    state = 'engaged';
    expect((await remediate(request)).events).toEqual([]);
    state = 'disengaged';
    await record('PASS', start + hour);
    expect((await remediate(request)).because).toBe('The finding is RESOLVED.');
    expect(fake.state.writes).toBe(0);
  });

  it('waits in the same way where somebody reverted it, and it is to be repeated', async () => {
    const { fake, remediate, nextTries } = await simulated(`${fixing}\n${narrow}`);
    await remediate();
    fake.state.value = 'disabled';
    expect((await remediate()).events).toMatchObject([{ outcome: 'reverted' }, { outcome: 'skipped' }]);
    await fake.deps.wait(hour);
    expect((await remediate(nextTries[0]?.request)).events).toMatchObject([{ outcome: 'done' }]);
    expect(fake.state.writes).toBe(2);
  });

  it('waits for no time where an operator requested it, who is asked to request it again', async () => {
    const { carryOutRequest, nextTries, fake, now } = await simulated(
      `${fixing}\n${narrow}\noperators: { customActions: [fix:enable-key] }`,
    );
    await carryOutRequest();
    fake.state.value = 'disabled';
    await fake.deps.wait(1_000);
    const { events } = await carryOutRequest({ id: 'event-2', at: now() });
    expect(events).toMatchObject([
      { outcome: 'skipped', because: expect.stringContaining('Request it again when there is budget') },
    ]);
    expect(nextTries).toEqual([]);
  });
});

describe('the kill switch', () => {
  it('stops an action that waits between two writes', async () => {
    let state: 'disengaged' | 'engaged' = 'disengaged';
    let written = false;
    const waiting = {
      ...fakeKey().action,
      apply: async (_target: unknown, _before: unknown, { wait }: ActionDeps) => {
        state = 'engaged';
        await wait(60_000);
        written = true;
      },
    };
    const { remediate } = await simulated(fixing, {
      killSwitch: async () => ({ state }),
      actions: [waiting],
    });
    expect(await remediate()).toMatchObject({
      events: [
        { outcome: 'partially-completed', because: expect.stringContaining('The kill switch is engaged.') },
      ],
      again: true,
    });
    expect(written).toBe(false);
  });
});

describe('a grace period', () => {
  const delayed = `${fixing}\nguardrails: { gracePeriod: { fix: 15 minutes } }`;

  it('is announced once, and nothing is done while it lasts', async () => {
    const { fake, remediate, scheduled } = await simulated(delayed);
    const { events } = await remediate();
    const due = new Date(start + 15 * 60_000);
    expect(events).toMatchObject([{ outcome: 'pending', due: due.toISOString() }]);
    expect((await remediate()).events).toEqual([]);
    expect(scheduled[0]?.time).toEqual(due);
    expect(fake.state.writes).toBe(0);
  });

  it('is not announced for what would not be done at its end', async () => {
    const skipped = {
      ...fakeKey().action,
      prepare: async () => ({ kind: 'skipped' as const, because: 'It belongs to an Auto Scaling group.' }),
    };
    const { remediate, scheduled } = await simulated(delayed, { actions: [skipped] });
    const event = { outcome: 'skipped', because: 'It belongs to an Auto Scaling group.' };
    expect((await remediate()).events).toMatchObject([event]);
    expect((await remediate({ reminder: true })).events).toEqual([]);
    expect(scheduled).toEqual([]);
  });

  it('does not begin for what an operator undid', async () => {
    const { fake, remediate, carryOutRequest, now, scheduled } = await simulated(
      `${delayed}\noperators: { customActions: [undo, fix:enable-key] }`,
    );
    await carryOutRequest();
    await fake.deps.wait(1_000);
    await carryOutRequest({ action: 'undo', at: now() });
    expect((await remediate({ reminder: true })).events).toEqual([]);
    expect(scheduled).toEqual([]);
  });

  it('ends with the action, if nothing has stopped it', async () => {
    const { fake, remediate, scheduled } = await simulated(delayed);
    await remediate();
    await fake.deps.wait(15 * 60_000);
    const { events } = await remediate(scheduled[0]?.request ?? {});
    expect(events).toMatchObject([{ outcome: 'done' }]);
    expect(fake.state.value).toBe('enabled');
  });

  it('ends with nothing when somebody fixed it meanwhile', async () => {
    const { fake, remediate } = await simulated(delayed);
    await remediate();
    fake.state.value = 'enabled';
    await fake.deps.wait(15 * 60_000);
    expect((await remediate()).events).toEqual([]);
    expect(fake.state.writes).toBe(0);
  });
});

describe('a grace period, whatever messages say', () => {
  const delayed = `${fixing}\nguardrails: { gracePeriod: { fix: 12 hours } }`;
  const hour = 3_600_000;

  /** A message as anybody would forge it who may send one: it names the finding, and lies about all else. */
  function forged(sequence: number): Parameters<Simulated['remediate']>[0] {
    const openedAt = new Date(start).toISOString();
    const message = parseRemediation(envelope(transition({ finding: id, openedAt, sequence })));
    if (message.kind !== 'remediation') throw new Error(JSON.stringify(message));
    return message.request;
  }

  it('is not skipped by a message that says the finding is old', async () => {
    const { fake, remediate } = await simulated(delayed);
    const { events } = await remediate(forged(0));
    expect(events).toMatchObject([{ outcome: 'pending', due: new Date(start + 12 * hour).toISOString() }]);
    await fake.deps.wait(11 * hour);
    expect((await remediate(forged(0))).events).toEqual([]);
    expect(fake.state.writes).toBe(0);
  });

  it('is not extended by a message that says the finding is new, before or after the true one', async () => {
    const { fake, remediate, scheduled } = await simulated(delayed);
    await remediate(forged(start + 1_000 * hour));
    await remediate();
    await fake.deps.wait(11 * hour);
    await remediate(forged(fake.deps.now().getTime()));
    expect(new Set(scheduled.map(({ time }) => time.getTime()))).toEqual(new Set([start + 12 * hour]));
    await fake.deps.wait(hour);
    expect((await remediate()).events).toMatchObject([{ outcome: 'done' }]);
  });

  it('begins when it is first announced, where something stood in the way until then', async () => {
    let state: 'engaged' | 'disengaged' = 'engaged';
    const { fake, remediate } = await simulated(delayed, { killSwitch: async () => ({ state }) });
    await remediate();
    await fake.deps.wait(48 * hour);
    state = 'disengaged';
    expect((await remediate(forged(0))).events).toMatchObject([
      { outcome: 'pending', due: new Date(start + 60 * hour).toISOString() },
    ]);
    expect(fake.state.writes).toBe(0);
  });

  it('begins anew when the finding was closed and opened again', async () => {
    const { fake, remediate, record } = await simulated(delayed);
    await remediate();
    await record('PASS', start + hour);
    await record('FAIL', start + 2 * hour);
    await fake.deps.wait(13 * hour);
    const openedAt = new Date(start + 2 * hour).toISOString();
    expect((await remediate({ openedAt })).events).toMatchObject([
      { outcome: 'pending', due: new Date(start + 25 * hour).toISOString() },
    ]);
    expect(fake.state.writes).toBe(0);
  });

  it('has the end that was announced, though the policy is another one by then', async () => {
    const { gracePeriods, remediate } = await simulated(delayed);
    await remediate();
    const shorter = await simulated(`${fixing}\nguardrails: { gracePeriod: { fix: 1 hour } }`, {
      gracePeriods,
    });
    await shorter.fake.deps.wait(2 * hour);
    expect((await shorter.remediate()).events).toMatchObject([
      { outcome: 'pending', due: new Date(start + 12 * hour).toISOString() },
    ]);
    expect(shorter.fake.state.writes).toBe(0);
  });
});

describe('an action that AWS does not finish', () => {
  it('is resumed later, and reported as partially completed', async () => {
    const { fake, remediate } = await simulated();
    fake.state.fault = new Error('AWS is busy');
    const { events, again } = await remediate();
    expect(events).toMatchObject([{ outcome: 'partially-completed' }]);
    expect(again).toBe(true);
    fake.state.fault = undefined;
    expect((await remediate()).events).toMatchObject([{ outcome: 'done' }]);
    expect(fake.state).toMatchObject({ value: 'enabled', writes: 1 });
  });
});

describe('a run that was interrupted after its write', () => {
  it('is reported as done when the resource passes by then', async () => {
    const { fake, remediate, record } = await simulated();
    await fake.interruptedFor(id, 'kms-key-disabled');
    fake.state.value = 'enabled';
    await record('PASS', start + 1_000);
    await fake.deps.wait(3_600_000);
    expect((await remediate()).events).toMatchObject([{ outcome: 'done', action: 'fix:enable-key' }]);
    expect((await fake.history.latest(id, 'fix:enable-key'))?.status).toBe('done');
    expect((await remediate()).events).toEqual([]);
  });

  it('is reported as partially completed, and not resumed, when its write is missing and the finding is closed', async () => {
    const { fake, remediate, record } = await simulated();
    await fake.interruptedFor(id, 'kms-key-disabled');
    await record('PASS', start + 1_000);
    await fake.deps.wait(3_600_000);
    expect((await remediate()).events).toMatchObject([{ outcome: 'partially-completed' }]);
    expect(fake.state.writes).toBe(0);
  });
});

describe('a reminder', () => {
  const reminder = { reminder: true };

  it('does what something stood in the way of, once that is over', async () => {
    let state: 'engaged' | 'disengaged' = 'engaged';
    const { fake, remediate } = await simulated(fixing, { killSwitch: async () => ({ state }) });
    expect((await remediate()).events).toMatchObject([{ outcome: 'skipped' }]);
    expect((await remediate(reminder)).events).toEqual([]);
    state = 'disengaged';
    expect((await remediate(reminder)).events).toMatchObject([{ outcome: 'done' }]);
    expect(fake.state.writes).toBe(1);
  });

  it('begins a grace period that has not begun, and no second one', async () => {
    const { fake, remediate } = await simulated(
      `${fixing}\nguardrails: { gracePeriod: { fix: 15 minutes } }`,
    );
    expect((await remediate(reminder)).events).toMatchObject([{ outcome: 'pending' }]);
    expect((await remediate(reminder)).events).toEqual([]);
    expect(fake.state.writes).toBe(0);
  });

  it('reads nothing more where all was done since the finding was opened', async () => {
    let reads = 0;
    const { fake, remediate } = await simulated(fixing, {
      workflow: async () => {
        reads += 1;
        return { status: 'NEW' };
      },
    });
    await remediate();
    const before = reads;
    expect(await remediate(reminder)).toMatchObject({
      events: [],
      because: 'Everything was done already, and AWS still has it so.',
    });
    expect([reads, fake.state.writes]).toEqual([before, 1]);
  });
});
