import { describe, expect, it } from 'vitest';
import { actionEventSchema } from '../../lib/remediation/events/action-event.ts';
import { start } from './actions/simulated-resource.ts';
import { id, room } from './fixture.ts';

/** The policy does nothing by itself, and lets operators order all. */
const orders = 'operators: { orders: [fix:enable-key, undo, exempt] }';
const later = (milliseconds: number) => new Date(start + milliseconds).toISOString();

describe('an order to fix', () => {
  it('is obeyed though the policy does not ask for it, without a grace period, in the operator’s name', async () => {
    const { it: lit, obey } = await room(`${orders}\nguardrails: { gracePeriod: { fix: 1 hour } }`);
    const { events } = await obey();
    expect(events).toMatchObject([
      {
        outcome: 'done',
        action: 'fix:enable-key',
        decision: { by: 'operator', name: 'an operator', why: 'Somebody pressed "Fix".' },
      },
    ]);
    expect(actionEventSchema.parse(JSON.parse(JSON.stringify(events[0])))).toEqual(events[0]);
    expect(lit.state).toMatchObject({ light: 'on', presses: 1 });
  });

  it('is obeyed once, and answered likewise when it comes again', async () => {
    const { it: lit, obey, record } = await room(orders);
    const first = await obey();
    await record('PASS', start + 1_000);
    const again = await obey();
    expect(again.events.map(({ id: name, outcome }) => [name, outcome])).toEqual(
      first.events.map(({ id: name, outcome }) => [name, outcome]),
    );
    expect(lit.state.presses).toBe(1);
  });

  it('that comes again after an undo is not obeyed again', async () => {
    const { it: lit, obey, now } = await room(orders);
    await obey();
    await lit.means.wait(1_000);
    await obey({ id: 'event-2', what: 'undo', at: now() });
    expect(lit.state).toMatchObject({ light: 'off', presses: 2 });
    expect(await obey()).toMatchObject({ events: [], nothing: 'The order was obeyed already.' });
    expect(lit.state.presses).toBe(2);
  });

  it('that is given anew after an undo is obeyed', async () => {
    const { it: lit, obey, now } = await room(orders);
    await obey();
    await lit.means.wait(1_000);
    await obey({ id: 'event-2', what: 'undo', at: now() });
    await lit.means.wait(1_000);
    expect((await obey({ id: 'event-3', at: now() })).events).toMatchObject([{ outcome: 'done' }]);
    expect(lit.state.light).toBe('on');
  });

  it('that was broken off is gone on with when it comes again', async () => {
    const { it: lit, obey } = await room(orders);
    lit.state.fault = new Error('AWS is busy');
    expect(await obey()).toMatchObject({ events: [{ outcome: 'half-done' }], again: true });
    lit.state.fault = undefined;
    expect(await obey()).toMatchObject({ events: [{ outcome: 'done' }], again: false });
    expect(lit.state.presses).toBe(1);
  });

  it.each([
    ['the policy lets nobody order it', 'operators: { orders: [undo] }', {}, /lets nobody order a fix/],
    [
      'the kill switch is pulled',
      orders,
      { killSwitch: async () => ({ state: 'pulled' as const }) },
      /kill switch/,
    ],
    [
      'the finding was suppressed',
      orders,
      { workflow: async () => ({ status: 'SUPPRESSED' as const }) },
      /suppressed/,
    ],
    ['the resource is Trailseal’s own', orders, { isOwn: () => true }, /own/],
    [
      'the limit is reached',
      `${orders}\nguardrails: { actionsPerHour: { fix: { perAccount: 0 } } }`,
      {},
      /allows no fixes/,
    ],
    [
      'the policy protects the resource, as far as is known',
      `${orders}\nguardrails: { protectedTags: { environment: [prod] } }`,
      {},
      /tags are not known/,
    ],
    [
      'the resource is exempt',
      `${orders}\nexemptions: [{ controls: [kms-key-disabled], reason: a test, owner: ana, expires: 2027-01-01 }]`,
      {},
      /Exempt until 2027-01-01/,
    ],
  ])('is not obeyed where %s, which is the answer', async (_what, policy, more, reason) => {
    const { it: lit, obey } = await room(policy, more);
    expect((await obey()).events).toMatchObject([
      { outcome: 'withheld', because: expect.stringMatching(reason), decision: { by: 'operator' } },
    ]);
    expect(lit.state.presses).toBe(0);
  });

  it('that the plan withholds is answered with the reason for machines', async () => {
    const { obey } = await room(orders, { workflow: async () => ({ status: 'SUPPRESSED' }) });
    expect((await obey()).events).toMatchObject([{ withheldBecause: 'suppressed' }]);
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
    const { it: lit, obey } = await room(orders, { exemptions: async () => new Map([[id, exemption]]) });
    expect((await obey()).events).toMatchObject([
      { outcome: 'withheld', because: 'Exempt until 2026-12-21 (UTC) by ana: load test' },
    ]);
    expect(lit.state.presses).toBe(0);
  });

  it('is not obeyed where the resource passes, or the finding is closed', async () => {
    const { it: lit, obey, record } = await room(orders);
    lit.state.light = 'on';
    expect((await obey()).events).toMatchObject([
      { outcome: 'withheld', because: expect.stringMatching(/does not fail any more/) },
    ]);
    await record('PASS', start + 1_000);
    expect((await obey()).events).toMatchObject([
      { outcome: 'withheld', because: 'The finding is RESOLVED: there is nothing to be done.' },
    ]);
  });

  it('is not obeyed when somebody pressed "Release and undo" after it', async () => {
    const released = {
      finding: id,
      reason: 'None was given.',
      owner: 'ana',
      expires: '2026-11-21',
      givenAt: later(1_000),
      lifted: { by: 'ana', at: later(1_000) },
    };
    const { it: lit, obey } = await room(orders, { exemptions: async () => new Map([[id, released]]) });
    expect((await obey()).events).toMatchObject([
      { outcome: 'withheld', because: expect.stringMatching(/Release and undo/) },
    ]);
    expect((await obey({ at: later(1_000) })).events).toMatchObject([{ outcome: 'done' }]);
    expect(lit.state.presses).toBe(1);
  });

  it('is tried again, and not refused, where the workflow could not be read for now', async () => {
    const workflow = async () => ({ status: 'unreadable' as const, unanswered: true });
    const { obey } = await room(orders, { workflow });
    expect(await obey()).toMatchObject({ events: [], again: true });
  });

  it('that nobody tries any more is answered', async () => {
    const { giveUp } = await room(orders);
    expect((await giveUp('It could not be done.')).events).toMatchObject([
      { outcome: 'withheld', because: 'It could not be done.', decision: { by: 'operator' } },
    ]);
  });

  it('is not obeyed a day later', async () => {
    const { it: lit, obey } = await room(orders);
    await lit.means.wait(25 * 3_600_000);
    expect((await obey()).events).toMatchObject([
      { outcome: 'withheld', because: 'It was ordered more than a day ago: order it again.' },
    ]);
    expect(lit.state.presses).toBe(0);
  });

  it('about a finding that is not known is not answered, as nobody can be told', async () => {
    const { obey } = await room(orders);
    expect(await obey({ finding: 'trailseal/none' })).toMatchObject({
      events: [],
      nothing: 'There is no such finding here.',
    });
  });
});

describe('an order to undo', () => {
  const acting = `${orders}\ncontrols: { kms-key-disabled: { actions: [fix:enable-key] } }`;

  it('takes back what the policy did, so that it does not do it again for the same failure', async () => {
    const { it: lit, remediate, obey, now } = await room(acting);
    await remediate();
    await lit.means.wait(1_000);
    expect((await obey({ what: 'undo', at: now() })).events).toMatchObject([
      { outcome: 'undone', action: 'fix:enable-key', decision: { by: 'operator' } },
    ]);
    expect(lit.state).toMatchObject({ light: 'off', presses: 2 });
    expect((await remediate()).events).toMatchObject([
      { outcome: 'withheld', because: expect.stringMatching(/^an operator undid it/) },
    ]);
    expect(lit.state.presses).toBe(2);
  });

  it('is answered likewise when it comes again', async () => {
    const { it: lit, remediate, obey, now } = await room(acting);
    await remediate();
    await lit.means.wait(1_000);
    const order = { what: 'undo', at: now() } as const;
    const first = await obey(order);
    expect((await obey(order)).events.map(({ id: name }) => name)).toEqual(
      first.events.map(({ id: name }) => name),
    );
    expect(lit.state.presses).toBe(2);
  });

  it('takes back what was done in the second of the press, as events tell no more', async () => {
    const { it: lit, remediate, obey } = await room(acting);
    await lit.means.wait(300);
    await remediate();
    await obey({ what: 'undo' });
    expect(lit.state.light).toBe('off');
  });

  it('does not take back what was done after it was given', async () => {
    const { it: lit, remediate, obey } = await room(acting);
    await lit.means.wait(1_000);
    await remediate();
    expect((await obey({ what: 'undo' })).events).toMatchObject([
      {
        outcome: 'withheld',
        because: expect.stringMatching(/nothing about this finding that is still in place/),
      },
    ]);
    expect(lit.state.light).toBe('on');
  });

  it('is refused, with what differs, where somebody else changed the resource', async () => {
    const { it: lit, remediate, obey, now } = await room(acting);
    await remediate();
    await lit.means.wait(1_000);
    lit.state.light = 'broken';
    expect((await obey({ what: 'undo', at: now() })).events).toMatchObject([
      { outcome: 'undo-refused', because: expect.stringContaining('the lamp is broken') },
    ]);
    expect(lit.state.light).toBe('broken');
  });

  it('is answered where AWS does not allow it, and the others are undone all the same', async () => {
    const denied = Object.assign(new Error('not allowed'), { name: 'AccessDeniedException' });
    const { it: lit, remediate, obey, now } = await room(acting);
    await remediate();
    await lit.means.wait(1_000);
    lit.state.check = denied;
    expect((await obey({ what: 'undo', at: now() })).events).toMatchObject([
      { outcome: 'withheld', because: expect.stringMatching(/not allowed to undo it.*by the command/) },
    ]);
  });

  it('waits while the kill switch is pulled, as an undo is a write', async () => {
    let state: 'released' | 'pulled' = 'released';
    const { it: lit, remediate, obey, now } = await room(acting, { killSwitch: async () => ({ state }) });
    await remediate();
    await lit.means.wait(1_000);
    state = 'pulled';
    expect((await obey({ what: 'undo', at: now() })).events).toMatchObject([{ outcome: 'withheld' }]);
    expect(lit.state.light).toBe('on');
  });
});
