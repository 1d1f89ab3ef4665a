import { describe, expect, it } from 'vitest';
import type { AnyAction } from '../../lib/core/action.ts';
import { actionEventSchema } from '../../lib/remediation/events/action-event.ts';
import { start } from './actions/simulated-resource.ts';
import { id, key, simulated } from './fixture.ts';

/** The policy does nothing by itself, and lets operators request everything. */
const customActions = 'operators: { customActions: [fix:enable-key, undo, exempt] }';
const later = (milliseconds: number) => new Date(start + milliseconds).toISOString();

describe('a requested fix', () => {
  it('is carried out though the policy does not ask for it, without a grace period, in the operator’s name', async () => {
    const { fake, carryOutRequest } = await simulated(
      `${customActions}\nguardrails: { gracePeriod: { fix: 1 hour } }`,
    );
    const { events } = await carryOutRequest();
    expect(events).toMatchObject([
      {
        outcome: 'done',
        action: 'fix:enable-key',
        decision: { actor: 'operator', name: 'an operator', reason: '"Fix" was used.' },
      },
    ]);
    expect(actionEventSchema.parse(JSON.parse(JSON.stringify(events[0])))).toEqual(events[0]);
    expect(fake.state).toMatchObject({ value: 'enabled', writes: 1 });
  });

  it('is carried out once, and gets the same answer when it comes again', async () => {
    const { fake, carryOutRequest, record } = await simulated(customActions);
    const first = await carryOutRequest();
    await record('PASS', start + 1_000);
    const again = await carryOutRequest();
    expect(again.events.map(({ id: name, outcome }) => [name, outcome])).toEqual(
      first.events.map(({ id: name, outcome }) => [name, outcome]),
    );
    expect(fake.state.writes).toBe(1);
  });

  it('that comes again after an undo is not carried out again', async () => {
    const { fake, carryOutRequest, now } = await simulated(customActions);
    await carryOutRequest();
    await fake.deps.wait(1_000);
    await carryOutRequest({ id: 'event-2', action: 'undo', at: now() });
    expect(fake.state).toMatchObject({ value: 'disabled', writes: 2 });
    expect(await carryOutRequest()).toMatchObject({
      events: [],
      because: 'The request was carried out already.',
    });
    expect(fake.state.writes).toBe(2);
  });

  it('that is made anew after an undo is carried out', async () => {
    const { fake, carryOutRequest, now } = await simulated(customActions);
    await carryOutRequest();
    await fake.deps.wait(1_000);
    await carryOutRequest({ id: 'event-2', action: 'undo', at: now() });
    await fake.deps.wait(1_000);
    expect((await carryOutRequest({ id: 'event-3', at: now() })).events).toMatchObject([{ outcome: 'done' }]);
    expect(fake.state.value).toBe('enabled');
  });

  it('that was interrupted is resumed when it comes again', async () => {
    const { fake, carryOutRequest } = await simulated(customActions);
    fake.state.fault = new Error('AWS is busy');
    expect(await carryOutRequest()).toMatchObject({
      events: [{ outcome: 'partially-completed' }],
      again: true,
    });
    fake.state.fault = undefined;
    expect(await carryOutRequest()).toMatchObject({ events: [{ outcome: 'done' }], again: false });
    expect(fake.state.writes).toBe(1);
  });

  it.each([
    [
      'the policy does not let operators request it',
      'operators: { customActions: [undo] }',
      {},
      /does not let operators request a fix/,
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
  ])('is not carried out where %s, which is the answer', async (_what, policy, more, reason) => {
    const { fake, carryOutRequest } = await simulated(policy, more);
    expect((await carryOutRequest()).events).toMatchObject([
      { outcome: 'skipped', because: expect.stringMatching(reason), decision: { actor: 'operator' } },
    ]);
    expect(fake.state.writes).toBe(0);
  });

  it('that the plan skips is answered with the reason for machines', async () => {
    const { carryOutRequest } = await simulated(customActions, {
      workflow: async () => ({ status: 'SUPPRESSED' }),
    });
    expect((await carryOutRequest()).events).toMatchObject([{ skippedBecause: 'suppressed' }]);
  });

  it('is not carried out where an operator exempted the finding', async () => {
    const exemption = {
      finding: id,
      reason: 'load test',
      owner: 'ana',
      expires: '2026-12-21',
      givenAt: later(0),
      lifted: null,
    };
    const { fake, carryOutRequest } = await simulated(customActions, {
      exemptions: async () => new Map([[id, exemption]]),
    });
    expect((await carryOutRequest()).events).toMatchObject([
      { outcome: 'skipped', because: 'Exempt until 2026-12-21 (UTC) by ana: load test' },
    ]);
    expect(fake.state.writes).toBe(0);
  });

  it('is not carried out where the resource passes, or the finding is closed', async () => {
    const { fake, carryOutRequest, record } = await simulated(customActions);
    fake.state.value = 'enabled';
    expect((await carryOutRequest()).events).toMatchObject([
      { outcome: 'skipped', because: expect.stringMatching(/does not fail any more/) },
    ]);
    await record('PASS', start + 1_000);
    expect((await carryOutRequest()).events).toMatchObject([
      { outcome: 'skipped', because: 'The finding is RESOLVED: there is nothing to be done.' },
    ]);
  });

  it('is not carried out when somebody requested "Undo" after it', async () => {
    const lifted = {
      finding: id,
      reason: 'None was given.',
      owner: 'ana',
      expires: '2026-11-21',
      givenAt: later(1_000),
      lifted: { by: 'ana', at: later(1_000) },
    };
    const { fake, carryOutRequest } = await simulated(customActions, {
      exemptions: async () => new Map([[id, lifted]]),
    });
    expect((await carryOutRequest()).events).toMatchObject([
      { outcome: 'skipped', because: expect.stringMatching(/requested "Undo" after it/) },
    ]);
    expect((await carryOutRequest({ at: later(1_000) })).events).toMatchObject([{ outcome: 'done' }]);
    expect(fake.state.writes).toBe(1);
  });

  it('is tried again, and not refused, where the workflow could not be read for now', async () => {
    const workflow = async () => ({ status: 'unreadable' as const, unanswered: true });
    const { carryOutRequest } = await simulated(customActions, { workflow });
    expect(await carryOutRequest()).toMatchObject({ events: [], again: true });
  });

  it('that is not tried any more is answered', async () => {
    const { abandonRequest } = await simulated(customActions);
    expect((await abandonRequest('It could not be done.')).events).toMatchObject([
      { outcome: 'skipped', because: 'It could not be done.', decision: { actor: 'operator' } },
    ]);
  });

  it('is not carried out a day later', async () => {
    const { fake, carryOutRequest } = await simulated(customActions);
    await fake.deps.wait(25 * 3_600_000);
    expect((await carryOutRequest()).events).toMatchObject([
      { outcome: 'skipped', because: 'It was requested more than a day ago: request it again.' },
    ]);
    expect(fake.state.writes).toBe(0);
  });

  it('about a finding that is not known is not answered, as there is nothing to note it on', async () => {
    const { carryOutRequest } = await simulated(customActions);
    expect(await carryOutRequest({ finding: 'trailseal/none' })).toMatchObject({
      events: [],
      because: 'There is no such finding here.',
    });
  });
});

describe('a requested undo', () => {
  const acting = `${customActions}\ncontrols: { kms-key-disabled: { actions: [fix:enable-key] } }`;

  it('undoes what the policy did, so that it does not do it again for the same failure', async () => {
    const { fake, remediate, carryOutRequest, now } = await simulated(acting);
    await remediate();
    await fake.deps.wait(1_000);
    expect((await carryOutRequest({ action: 'undo', at: now() })).events).toMatchObject([
      { outcome: 'undone', action: 'fix:enable-key', decision: { actor: 'operator' } },
    ]);
    expect(fake.state).toMatchObject({ value: 'disabled', writes: 2 });
    expect((await remediate()).events).toMatchObject([
      { outcome: 'skipped', because: expect.stringMatching(/^an operator undid it/) },
    ]);
    expect(fake.state.writes).toBe(2);
  });

  it('of what exposes again is answered with the command, and nothing is changed', async () => {
    const because = 'It exposes it again.';
    const operators = (action: AnyAction): AnyAction =>
      action.undo.kind === 'restores'
        ? { ...action, undo: { ...action.undo, by: 'operator', because } }
        : action;
    const { fake, remediate, carryOutRequest, now } = await simulated(acting, {}, key, operators);
    await remediate();
    await fake.deps.wait(1_000);
    expect(await carryOutRequest({ action: 'undo', at: now() })).toMatchObject({
      events: [
        {
          outcome: 'undo-refused',
          action: 'fix:enable-key',
          because: `${because} To do it all the same, run: trailseal undo --stage dev --region ${key.region} --action fix:enable-key '${id}'`,
          undo: '',
        },
      ],
      again: false,
    });
    expect(fake.state).toMatchObject({ value: 'enabled', writes: 1 });
  });

  it('gets the same answer when it comes again', async () => {
    const { fake, remediate, carryOutRequest, now } = await simulated(acting);
    await remediate();
    await fake.deps.wait(1_000);
    const request = { action: 'undo', at: now() } as const;
    const first = await carryOutRequest(request);
    expect((await carryOutRequest(request)).events.map(({ id: name }) => name)).toEqual(
      first.events.map(({ id: name }) => name),
    );
    expect(fake.state.writes).toBe(2);
  });

  it('undoes what was done within the second of the request, as the time of events has no more digits', async () => {
    const { fake, remediate, carryOutRequest } = await simulated(acting);
    await fake.deps.wait(300);
    await remediate();
    await carryOutRequest({ action: 'undo' });
    expect(fake.state.value).toBe('disabled');
  });

  it('does not undo what was done after it was made', async () => {
    const { fake, remediate, carryOutRequest } = await simulated(acting);
    await fake.deps.wait(1_000);
    await remediate();
    expect((await carryOutRequest({ action: 'undo' })).events).toMatchObject([
      {
        outcome: 'skipped',
        because: expect.stringMatching(/nothing about this finding that is still in place/),
      },
    ]);
    expect(fake.state.value).toBe('enabled');
  });

  it('is refused, with what differs, where somebody else changed the resource', async () => {
    const { fake, remediate, carryOutRequest, now } = await simulated(acting);
    await remediate();
    await fake.deps.wait(1_000);
    fake.state.value = 'changed';
    expect((await carryOutRequest({ action: 'undo', at: now() })).events).toMatchObject([
      { outcome: 'undo-refused', because: expect.stringContaining('the key is changed') },
    ]);
    expect(fake.state.value).toBe('changed');
  });

  it('is answered where AWS does not allow it, and the others are undone all the same', async () => {
    const denied = Object.assign(new Error('not allowed'), { name: 'AccessDeniedException' });
    const { fake, remediate, carryOutRequest, now } = await simulated(acting);
    await remediate();
    await fake.deps.wait(1_000);
    fake.state.checkError = denied;
    expect((await carryOutRequest({ action: 'undo', at: now() })).events).toMatchObject([
      { outcome: 'skipped', because: expect.stringMatching(/not allowed to undo it.*by the command/) },
    ]);
  });

  it('waits while the kill switch is engaged, as an undo is a write', async () => {
    let state: 'disengaged' | 'engaged' = 'disengaged';
    const { fake, remediate, carryOutRequest, now } = await simulated(acting, {
      killSwitch: async () => ({ state }),
    });
    await remediate();
    await fake.deps.wait(1_000);
    state = 'engaged';
    expect((await carryOutRequest({ action: 'undo', at: now() })).events).toMatchObject([
      { outcome: 'skipped' },
    ]);
    expect(fake.state.value).toBe('enabled');
  });
});
