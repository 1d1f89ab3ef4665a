import { describe, expect, it } from 'vitest';
import type { ActionDeps } from '../../lib/core/action.ts';
import { unknownFact } from '../../lib/core/facts.ts';
import { actionEventSchema } from '../../lib/remediation/events/action-event.ts';
import { lamp, start } from './actions/simulated-resource.ts';
import { fixing, id, room } from './fixture.ts';

describe('a failure', () => {
  it('is fixed as the policy asks, once, and that is told with how to undo it', async () => {
    const { it: lit, remediate } = await room();
    const { events } = await remediate();
    expect(lit.state).toMatchObject({ light: 'on', customActionEvents: 1 });
    expect(events).toMatchObject([
      {
        outcome: 'done',
        action: 'fix:enable-key',
        finding: id,
        actor: { type: 'IAMUser', arn: 'arn:aws:iam::111122223333:user/ana', name: 'ana' },
        summary: 'It is FAIL.',
        plan: ['Switch it on.'],
        undo: `trailseal undo --stage dev '${id}'`,
        decision: { by: 'policy', name: 'trailseal.policy.yml' },
      },
    ]);
    expect(actionEventSchema.parse(JSON.parse(JSON.stringify(events[0])))).toEqual(events[0]);
    expect(await remediate()).toMatchObject({
      events: [],
      nothing: expect.stringMatching(/does not fail any more/),
    });
    expect(lit.state.customActionEvents).toBe(1);
  });

  it('is left alone where the policy only reports', async () => {
    const { it: lit, remediate } = await room('controls: {}');
    expect(await remediate()).toMatchObject({ events: [], again: false });
    expect(lit.state.customActionEvents).toBe(0);
  });

  it('that is none any more, or of which nobody knows, is left alone', async () => {
    const { it: lit, answers, remediate } = await room();
    lit.state.light = 'on';
    expect((await remediate()).nothing).toMatch(/does not fail any more/);
    answers.facts = unknownFact('denied', 'kms:DescribeKey was denied');
    lit.state.light = 'off';
    expect((await remediate()).nothing).toMatch(/does not fail any more|unknown/);
    lit.state.light = 'deleted';
    answers.facts = undefined;
    expect((await remediate()).nothing).toBe('The resource was deleted.');
    expect(lit.state.customActionEvents).toBe(0);
  });

  it('whose finding was closed or reopened meanwhile is left to the message that tells of it', async () => {
    const { it: lit, remediate, record } = await room();
    expect((await remediate({ openedAt: '2026-01-01T00:00:00.000Z' })).nothing).toMatch(/opened again/);
    await record('PASS', start + 1_000);
    expect((await remediate()).nothing).toBe('The finding is RESOLVED.');
    expect(lit.state.customActionEvents).toBe(0);
  });

  it('that is unknown is never acted on', async () => {
    const { it: lit, remediate, record } = await room();
    await record('PASS', start + 1_000);
    expect((await remediate({ finding: 'trailseal/kms-key-disabled/none' })).nothing).toMatch(
      /no such finding/,
    );
    expect(lit.state.customActionEvents).toBe(0);
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
      'a Security Hub that does not tell whether one did',
      { workflow: async () => ({ status: 'unreadable' as const }) },
      /could not be read/,
    ],
    ['that the resource is Trailseal’s own', { isOwn: () => true }, /own/],
  ])('is %s, and that is told', async (_what, more, reason) => {
    const { it: lit, remediate } = await room(fixing, more);
    const { events } = await remediate();
    expect(events.map(({ outcome, because }) => ({ outcome, because }))).toEqual([
      { outcome: 'skipped', because: expect.stringMatching(reason) },
      ...('workflow' in more ? [{ outcome: 'skipped', because: expect.stringMatching(reason) }] : []),
    ]);
    expect(lit.state.customActionEvents).toBe(0);
  });

  it.each([
    ['suppressed', { workflow: async () => ({ status: 'SUPPRESSED' as const }) }],
    ['kill-switch', { killSwitch: async () => ({ state: 'engaged' as const }) }],
    ['own-resource', { isOwn: () => true }],
  ])('is told for machines as well: %s', async (because, more) => {
    const { remediate } = await room(fixing, more);
    expect((await remediate()).events.at(-1)).toMatchObject({
      action: 'fix:enable-key',
      skippedBecause: because,
    });
  });

  it('is the switch, also when it is engaged between the decision and the first write', async () => {
    let reads = 0;
    const { it: lit, remediate } = await room(fixing, {
      killSwitch: async () => {
        reads += 1;
        return { state: reads === 1 ? 'disengaged' : 'engaged' };
      },
    });
    expect((await remediate()).events).toMatchObject([
      { outcome: 'skipped', because: 'The kill switch is on.' },
    ]);
    expect(lit.state.customActionEvents).toBe(0);
  });

  it('is the limit, which opens the breaker', async () => {
    const { it: lit, remediate } = await room(
      `${fixing}\nguardrails: { actionsPerHour: { fix: { perAccount: 1, total: 1 } } }`,
    );
    await remediate();
    lit.state.light = 'off';
    const { events } = await remediate();
    expect(events).toMatchObject([
      { outcome: 'skipped', because: expect.stringMatching(/allows 1 fixes an hour/) },
    ]);
    const { events: after } = await remediate();
    expect(after).toMatchObject([{ outcome: 'skipped', because: expect.stringMatching(/breaker/) }]);
    expect(lit.state.customActionEvents).toBe(1);
  });
});

describe('the kill switch', () => {
  it('stops an action that waits between two writes', async () => {
    let state: 'disengaged' | 'engaged' = 'disengaged';
    let written = false;
    const waiting = {
      ...lamp().action,
      apply: async (_target: unknown, _before: unknown, { wait }: ActionDeps) => {
        state = 'engaged';
        await wait(60_000);
        written = true;
      },
    };
    const { remediate } = await room(fixing, { killSwitch: async () => ({ state }), actions: [waiting] });
    expect(await remediate()).toMatchObject({
      events: [
        { outcome: 'partially-completed', because: expect.stringContaining('The kill switch is on.') },
      ],
      again: true,
    });
    expect(written).toBe(false);
  });
});

describe('a grace period', () => {
  const patient = `${fixing}\nguardrails: { gracePeriod: { fix: 15 minutes } }`;

  it('is announced once, and nothing is done while it lasts', async () => {
    const { it: lit, remediate, woken } = await room(patient);
    const { events } = await remediate();
    const due = new Date(start + 15 * 60_000);
    expect(events).toMatchObject([{ outcome: 'pending', due: due.toISOString() }]);
    expect((await remediate()).events).toEqual([]);
    expect(woken[0]?.time).toEqual(due);
    expect(lit.state.customActionEvents).toBe(0);
  });

  it('is not announced for what would not be done at its end', async () => {
    const skipped = {
      ...lamp().action,
      prepare: async () => ({ kind: 'skipped' as const, because: 'It belongs to an Auto Scaling group.' }),
    };
    const { remediate, woken } = await room(patient, { actions: [skipped] });
    const told = { outcome: 'skipped', because: 'It belongs to an Auto Scaling group.' };
    expect((await remediate()).events).toMatchObject([told]);
    expect((await remediate({ reminder: true })).events).toEqual([]);
    expect(woken).toEqual([]);
  });

  it('does not begin for what an operator took back', async () => {
    const {
      it: lit,
      remediate,
      carryOutRequest,
      now,
      woken,
    } = await room(`${patient}\noperators: { customActions: [undo, fix:enable-key] }`);
    await carryOutRequest();
    await lit.deps.wait(1_000);
    await carryOutRequest({ what: 'undo', at: now() });
    expect((await remediate({ reminder: true, since: lit.deps.now().getTime() })).events).toEqual([]);
    expect(woken).toEqual([]);
  });

  it('ends with the action, if nothing has stopped it', async () => {
    const { it: lit, remediate, woken } = await room(patient);
    await remediate();
    await lit.deps.wait(15 * 60_000);
    const { events } = await remediate(woken[0]?.occasion ?? {});
    expect(events).toMatchObject([{ outcome: 'done' }]);
    expect(lit.state.light).toBe('on');
  });

  it('ends with nothing when somebody fixed it meanwhile', async () => {
    const { it: lit, remediate } = await room(patient);
    await remediate();
    lit.state.light = 'on';
    await lit.deps.wait(15 * 60_000);
    expect((await remediate()).events).toEqual([]);
    expect(lit.state.customActionEvents).toBe(0);
  });
});

describe('an action that AWS does not finish', () => {
  it('is resumed later, and told as partially completed', async () => {
    const { it: lit, remediate } = await room();
    lit.state.fault = new Error('AWS is busy');
    const { events, again } = await remediate();
    expect(events).toMatchObject([{ outcome: 'partially-completed' }]);
    expect(again).toBe(true);
    lit.state.fault = undefined;
    expect((await remediate()).events).toMatchObject([{ outcome: 'done' }]);
    expect(lit.state).toMatchObject({ light: 'on', customActionEvents: 1 });
  });
});

describe('a run that was interrupted after its write', () => {
  it('is told as done when the resource passes by then', async () => {
    const { it: lit, remediate, record } = await room();
    await lit.killedFor(id);
    lit.state.light = 'on';
    await record('PASS', start + 1_000);
    await lit.deps.wait(3_600_000);
    expect((await remediate()).events).toMatchObject([{ outcome: 'done', action: 'fix:enable-key' }]);
    expect((await lit.journal.latest(id, 'fix:enable-key'))?.status).toBe('done');
    expect((await remediate()).events).toEqual([]);
  });

  it('is told as partially completed, and not resumed, when its write is missing and the finding is over', async () => {
    const { it: lit, remediate, record } = await room();
    await lit.killedFor(id);
    await record('PASS', start + 1_000);
    await lit.deps.wait(3_600_000);
    expect((await remediate()).events).toMatchObject([{ outcome: 'partially-completed' }]);
    expect(lit.state.customActionEvents).toBe(0);
  });
});

describe('a reminder', () => {
  const reminder = { reminder: true };

  it('does what something stood in the way of, once that is over', async () => {
    let state: 'engaged' | 'disengaged' = 'engaged';
    const { it: lit, remediate } = await room(fixing, { killSwitch: async () => ({ state }) });
    expect((await remediate()).events).toMatchObject([{ outcome: 'skipped' }]);
    expect((await remediate(reminder)).events).toEqual([]);
    state = 'disengaged';
    expect((await remediate(reminder)).events).toMatchObject([{ outcome: 'done' }]);
    expect(lit.state.customActionEvents).toBe(1);
  });

  it('begins a grace period that has not begun, and no second one', async () => {
    const { it: lit, remediate } = await room(`${fixing}\nguardrails: { gracePeriod: { fix: 15 minutes } }`);
    expect((await remediate(reminder)).events).toMatchObject([{ outcome: 'pending' }]);
    expect((await remediate(reminder)).events).toEqual([]);
    expect(lit.state.customActionEvents).toBe(0);
  });

  it('looks at nothing where all was done since the finding was opened', async () => {
    let looks = 0;
    const { it: lit, remediate } = await room(fixing, {
      workflow: async () => {
        looks += 1;
        return { status: 'NEW' };
      },
    });
    await remediate();
    const before = looks;
    expect(await remediate(reminder)).toMatchObject({ events: [], nothing: 'All was done already.' });
    expect([looks, lit.state.customActionEvents]).toEqual([before, 1]);
  });
});
