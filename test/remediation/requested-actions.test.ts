import { describe, expect, it } from 'vitest';
import { actionEventSchema } from '../../lib/remediation/events/action-event.ts';
import { start } from './actions/simulated-resource.ts';
import { id, room } from './fixture.ts';

/** The policy does nothing by itself, and lets operators order all. */
const customActions = 'operators: { customActions: [fix:enable-key, undo, exempt] }';
const later = (milliseconds: number) => new Date(start + milliseconds).toISOString();

describe('an order to fix', () => {
  it('is obeyed though the policy does not ask for it, without a grace period, in the operator’s name', async () => {
    const { it: lit, carryOutRequest } = await room(
      `${customActions}\nguardrails: { gracePeriod: { fix: 1 hour } }`,
    );
    const { events } = await carryOutRequest();
    expect(events).toMatchObject([
      {
        outcome: 'done',
        action: 'fix:enable-key',
        decision: { by: 'operator', name: 'an operator', why: 'Somebody pressed "Fix".' },
      },
    ]);
    expect(actionEventSchema.parse(JSON.parse(JSON.stringify(events[0])))).toEqual(events[0]);
    expect(lit.state).toMatchObject({ light: 'on', customActionEvents: 1 });
  });

  it('is obeyed once, and answered likewise when it comes again', async () => {
    const { it: lit, carryOutRequest, record } = await room(customActions);
    const first = await carryOutRequest();
    await record('PASS', start + 1_000);
    const again = await carryOutRequest();
    expect(again.events.map(({ id: name, outcome }) => [name, outcome])).toEqual(
      first.events.map(({ id: name, outcome }) => [name, outcome]),
    );
    expect(lit.state.customActionEvents).toBe(1);
  });

  it('that comes again after an undo is not obeyed again', async () => {
    const { it: lit, carryOutRequest, now } = await room(customActions);
    await carryOutRequest();
    await lit.deps.wait(1_000);
    await carryOutRequest({ id: 'event-2', what: 'undo', at: now() });
    expect(lit.state).toMatchObject({ light: 'off', customActionEvents: 2 });
    expect(await carryOutRequest()).toMatchObject({ events: [], nothing: 'The order was obeyed already.' });
    expect(lit.state.customActionEvents).toBe(2);
  });

  it('that is given anew after an undo is obeyed', async () => {
    const { it: lit, carryOutRequest, now } = await room(customActions);
    await carryOutRequest();
    await lit.deps.wait(1_000);
    await carryOutRequest({ id: 'event-2', what: 'undo', at: now() });
    await lit.deps.wait(1_000);
    expect((await carryOutRequest({ id: 'event-3', at: now() })).events).toMatchObject([{ outcome: 'done' }]);
    expect(lit.state.light).toBe('on');
  });

  it('that was interrupted is resumed when it comes again', async () => {
    const { it: lit, carryOutRequest } = await room(customActions);
    lit.state.fault = new Error('AWS is busy');
    expect(await carryOutRequest()).toMatchObject({
      events: [{ outcome: 'partially-completed' }],
      again: true,
    });
    lit.state.fault = undefined;
    expect(await carryOutRequest()).toMatchObject({ events: [{ outcome: 'done' }], again: false });
    expect(lit.state.customActionEvents).toBe(1);
  });

  it.each([
    [
      'the policy lets nobody order it',
      'operators: { customActions: [undo] }',
      {},
      /lets nobody order a fix/,
    ],
    [
      'the kill switch is engaged',
      customActions,
      { killSwitch: async () => ({ state: 'engaged' as const }) },
      /kill switch/,
    ],
    [
      'the finding was suppressed',
      customActions,
      { workflow: async () => ({ status: 'SUPPRESSED' as const }) },
      /suppressed/,
    ],
    ['the resource is Trailseal’s own', customActions, { isOwn: () => true }, /own/],
    [
      'the limit is reached',
      `${customActions}\nguardrails: { actionsPerHour: { fix: { perAccount: 0 } } }`,
      {},
      /allows no fixes/,
    ],
    [
      'the policy protects the resource, as far as is known',
      `${customActions}\nguardrails: { protectedTags: { environment: [prod] } }`,
      {},
      /tags are not known/,
    ],
    [
      'the resource is exempt',
      `${customActions}\nexemptions: [{ controls: [kms-key-disabled], reason: a test, owner: ana, expires: 2027-01-01 }]`,
      {},
      /Exempt until 2027-01-01/,
    ],
  ])('is not obeyed where %s, which is the answer', async (_what, policy, more, reason) => {
    const { it: lit, carryOutRequest } = await room(policy, more);
    expect((await carryOutRequest()).events).toMatchObject([
      { outcome: 'skipped', because: expect.stringMatching(reason), decision: { by: 'operator' } },
    ]);
    expect(lit.state.customActionEvents).toBe(0);
  });

  it('that the plan skips is answered with the reason for machines', async () => {
    const { carryOutRequest } = await room(customActions, {
      workflow: async () => ({ status: 'SUPPRESSED' }),
    });
    expect((await carryOutRequest()).events).toMatchObject([{ skippedBecause: 'suppressed' }]);
  });

  it('is not obeyed where an operator exempted the finding', async () => {
    const exemption = {
      finding: id,
      reason: 'load test',
      owner: 'ana',
      expires: '2026-12-21',
      givenAt: later(0),
      lifted: null,
    };
    const { it: lit, carryOutRequest } = await room(customActions, {
      exemptions: async () => new Map([[id, exemption]]),
    });
    expect((await carryOutRequest()).events).toMatchObject([
      { outcome: 'skipped', because: 'Exempt until 2026-12-21 (UTC) by ana: load test' },
    ]);
    expect(lit.state.customActionEvents).toBe(0);
  });

  it('is not obeyed where the resource passes, or the finding is closed', async () => {
    const { it: lit, carryOutRequest, record } = await room(customActions);
    lit.state.light = 'on';
    expect((await carryOutRequest()).events).toMatchObject([
      { outcome: 'skipped', because: expect.stringMatching(/does not fail any more/) },
    ]);
    await record('PASS', start + 1_000);
    expect((await carryOutRequest()).events).toMatchObject([
      { outcome: 'skipped', because: 'The finding is RESOLVED: there is nothing to be done.' },
    ]);
  });

  it('is not obeyed when somebody pressed "Release and undo" after it', async () => {
    const disengaged = {
      finding: id,
      reason: 'None was given.',
      owner: 'ana',
      expires: '2026-11-21',
      givenAt: later(1_000),
      lifted: { by: 'ana', at: later(1_000) },
    };
    const { it: lit, carryOutRequest } = await room(customActions, {
      exemptions: async () => new Map([[id, disengaged]]),
    });
    expect((await carryOutRequest()).events).toMatchObject([
      { outcome: 'skipped', because: expect.stringMatching(/Release and undo/) },
    ]);
    expect((await carryOutRequest({ at: later(1_000) })).events).toMatchObject([{ outcome: 'done' }]);
    expect(lit.state.customActionEvents).toBe(1);
  });

  it('is tried again, and not refused, where the workflow could not be read for now', async () => {
    const workflow = async () => ({ status: 'unreadable' as const, unanswered: true });
    const { carryOutRequest } = await room(customActions, { workflow });
    expect(await carryOutRequest()).toMatchObject({ events: [], again: true });
  });

  it('that nobody tries any more is answered', async () => {
    const { giveUp } = await room(customActions);
    expect((await giveUp('It could not be done.')).events).toMatchObject([
      { outcome: 'skipped', because: 'It could not be done.', decision: { by: 'operator' } },
    ]);
  });

  it('is not obeyed a day later', async () => {
    const { it: lit, carryOutRequest } = await room(customActions);
    await lit.deps.wait(25 * 3_600_000);
    expect((await carryOutRequest()).events).toMatchObject([
      { outcome: 'skipped', because: 'It was ordered more than a day ago: order it again.' },
    ]);
    expect(lit.state.customActionEvents).toBe(0);
  });

  it('about a finding that is not known is not answered, as nobody can be told', async () => {
    const { carryOutRequest } = await room(customActions);
    expect(await carryOutRequest({ finding: 'trailseal/none' })).toMatchObject({
      events: [],
      nothing: 'There is no such finding here.',
    });
  });
});

describe('an order to undo', () => {
  const acting = `${customActions}\ncontrols: { kms-key-disabled: { actions: [fix:enable-key] } }`;

  it('takes back what the policy did, so that it does not do it again for the same failure', async () => {
    const { it: lit, remediate, carryOutRequest, now } = await room(acting);
    await remediate();
    await lit.deps.wait(1_000);
    expect((await carryOutRequest({ what: 'undo', at: now() })).events).toMatchObject([
      { outcome: 'undone', action: 'fix:enable-key', decision: { by: 'operator' } },
    ]);
    expect(lit.state).toMatchObject({ light: 'off', customActionEvents: 2 });
    expect((await remediate()).events).toMatchObject([
      { outcome: 'skipped', because: expect.stringMatching(/^an operator undid it/) },
    ]);
    expect(lit.state.customActionEvents).toBe(2);
  });

  it('is answered likewise when it comes again', async () => {
    const { it: lit, remediate, carryOutRequest, now } = await room(acting);
    await remediate();
    await lit.deps.wait(1_000);
    const order = { what: 'undo', at: now() } as const;
    const first = await carryOutRequest(order);
    expect((await carryOutRequest(order)).events.map(({ id: name }) => name)).toEqual(
      first.events.map(({ id: name }) => name),
    );
    expect(lit.state.customActionEvents).toBe(2);
  });

  it('takes back what was done in the second of the press, as events tell no more', async () => {
    const { it: lit, remediate, carryOutRequest } = await room(acting);
    await lit.deps.wait(300);
    await remediate();
    await carryOutRequest({ what: 'undo' });
    expect(lit.state.light).toBe('off');
  });

  it('does not take back what was done after it was given', async () => {
    const { it: lit, remediate, carryOutRequest } = await room(acting);
    await lit.deps.wait(1_000);
    await remediate();
    expect((await carryOutRequest({ what: 'undo' })).events).toMatchObject([
      {
        outcome: 'skipped',
        because: expect.stringMatching(/nothing about this finding that is still in place/),
      },
    ]);
    expect(lit.state.light).toBe('on');
  });

  it('is refused, with what differs, where somebody else changed the resource', async () => {
    const { it: lit, remediate, carryOutRequest, now } = await room(acting);
    await remediate();
    await lit.deps.wait(1_000);
    lit.state.light = 'broken';
    expect((await carryOutRequest({ what: 'undo', at: now() })).events).toMatchObject([
      { outcome: 'undo-refused', because: expect.stringContaining('the lamp is broken') },
    ]);
    expect(lit.state.light).toBe('broken');
  });

  it('is answered where AWS does not allow it, and the others are undone all the same', async () => {
    const denied = Object.assign(new Error('not allowed'), { name: 'AccessDeniedException' });
    const { it: lit, remediate, carryOutRequest, now } = await room(acting);
    await remediate();
    await lit.deps.wait(1_000);
    lit.state.check = denied;
    expect((await carryOutRequest({ what: 'undo', at: now() })).events).toMatchObject([
      { outcome: 'skipped', because: expect.stringMatching(/not allowed to undo it.*by the command/) },
    ]);
  });

  it('waits while the kill switch is engaged, as an undo is a write', async () => {
    let state: 'disengaged' | 'engaged' = 'disengaged';
    const {
      it: lit,
      remediate,
      carryOutRequest,
      now,
    } = await room(acting, { killSwitch: async () => ({ state }) });
    await remediate();
    await lit.deps.wait(1_000);
    state = 'engaged';
    expect((await carryOutRequest({ what: 'undo', at: now() })).events).toMatchObject([
      { outcome: 'skipped' },
    ]);
    expect(lit.state.light).toBe('on');
  });
});
