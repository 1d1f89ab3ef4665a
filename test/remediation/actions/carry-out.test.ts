import { describe, expect, it } from 'vitest';
import { type FindingSummary, UnderWay } from '../../../lib/core/action.ts';
import { accountRegion, lamp, leaseFor } from './simulated-resource.ts';

const operator = { by: 'operator', name: 'ana', why: 'It is needed.' } as const;
const refused = { admitted: false, because: 'The kill switch is on.' } as const;

describe('an action that is carried out', () => {
  it('keeps what was there, who decided, why, and what came of it', async () => {
    const world = lamp();
    await world.carryOut();
    expect(await world.actionRun()).toMatchObject({
      status: 'done',
      before: { light: 'off' },
      after: ['the lamp is on'],
      plan: ['Switch it on.'],
      decision: { by: 'policy', name: 'trailseal.policy.yml', why: 'It is dark.' },
      begunAt: '2026-11-21T10:00:00.000Z',
      doneAt: '2026-11-21T10:00:00.000Z',
      lease: null,
    });
  });

  it('has its before-state in the journal ahead of the first write', async () => {
    let kept: unknown;
    const world = lamp({
      apply: async () => {
        kept = (await world.actionRun())?.before;
        world.state.light = 'on';
      },
    });
    await world.carryOut();
    expect(kept).toEqual({ light: 'off' });
  });

  it('keeps no tags, which change', async () => {
    const world = lamp();
    await world.carryOut();
    expect((await world.actionRun())?.resource.tags).toBeUndefined();
  });

  it('waits until AWS shows the change', async () => {
    let looks = 0;
    const world = lamp({
      check: async () => {
        looks += 1;
        return looks < 3 ? { kind: 'differs', differences: ['not yet'], partial: true } : { kind: 'as-set' };
      },
    });
    expect([(await world.carryOut()).kind, world.waits]).toEqual(['done', [500, 1_000]]);
  });

  it('is written again when it was lost', async () => {
    let tries = 0;
    const world = lamp({
      apply: async () => {
        tries += 1;
        if (tries === 2) world.state.light = 'on';
      },
    });
    expect((await world.carryOut()).kind).toBe('done');
  });

  it('is not done where the resource is as it should be', async () => {
    const world = lamp();
    world.state.light = 'on';
    expect(await world.carryOut()).toEqual({ kind: 'needless', because: 'It is on.' });
  });

  it('is done once', async () => {
    const world = lamp();
    await world.carryOut();
    const { kind } = await world.carryOut();
    expect([kind, world.state.customActionEvents]).toEqual(['already-done', 1]);
  });

  it('is a new action run when the resource fails anew', async () => {
    const world = lamp();
    await world.carryOut();
    world.state.light = 'off';
    await world.carryOut();
    expect(await world.actionRun()).toMatchObject({ sequence: 2, status: 'done' });
  });
});

describe('an action is skipped', () => {
  it.each([
    ['of another account', { account: '444455556666' }],
    ['of another Region', { region: 'eu-west-1' }],
    [
      'whose ARN is that of another account',
      { arn: `arn:aws:kms:${accountRegion.region}:444455556666:key/lamp` },
    ],
    [
      'whose ARN is that of another Region',
      { arn: `arn:aws:kms:eu-west-1:${accountRegion.account}:key/lamp` },
    ],
    ['whose ARN is none', { arn: 'lamp' }],
  ])('from a resource %s', async (_what, other) => {
    const world = lamp();
    const { resource } = world.target;
    const { kind } = await world.carryOut({}, { ...world.target, resource: { ...resource, ...other } });
    expect([kind, world.state.customActionEvents]).toEqual(['skipped', 0]);
  });

  it('when it is not admitted, and leaves nothing in the journal', async () => {
    const world = lamp();
    const outcome = await world.carryOut({ admit: async () => refused });
    expect([outcome, await world.actionRun()]).toEqual([
      { kind: 'skipped', because: refused.because },
      undefined,
    ]);
  });

  it('when its settings are none', async () => {
    const world = lamp();
    expect((await world.carryOut({}, { ...world.target, settings: { colour: 'red' } })).kind).toBe('skipped');
  });

  it('before it writes, when what was there is not of the shape that a later run could read', async () => {
    const world = lamp({
      prepare: async () => ({ kind: 'ready', before: JSON.parse('{"light":7}'), plan: [] }),
    });
    await expect(world.carryOut()).rejects.toThrow();
    expect(world.state.customActionEvents).toBe(0);
  });
});

describe('of two runs at the same time', () => {
  it('one acts', async () => {
    const world = lamp();
    const kinds = (await Promise.all([world.carryOut(), world.carryOut()])).map(({ kind }) => kind);
    expect([kinds.sort(), world.state.customActionEvents]).toEqual([['busy', 'done'], 1]);
  });

  it('the second waits for the lease of the first', async () => {
    const world = lamp();
    await world.killed();
    expect(await world.carryOut()).toMatchObject({ kind: 'busy' });
  });
});

describe('a run that was interrupted', () => {
  it('is resumed when its lease has run out', async () => {
    const world = lamp();
    await world.killed();
    await world.deps.wait(leaseFor);
    const { kind } = await world.carryOut();
    expect([kind, (await world.actionRun())?.sequence]).toEqual(['done', 1]);
  });

  it('is not prepared anew', async () => {
    const world = lamp();
    await world.killed();
    await world.deps.wait(leaseFor);
    world.state.light = 'on';
    await world.carryOut();
    expect(await world.actionRun()).toMatchObject({ before: { light: 'off' }, status: 'done' });
  });

  it('is not resumed while it is not admitted', async () => {
    const world = lamp();
    await world.killed();
    await world.deps.wait(leaseFor);
    const { kind } = await world.carryOut({ admit: async () => refused });
    expect([kind, world.state.customActionEvents, (await world.actionRun())?.status]).toEqual([
      'skipped',
      0,
      'begun',
    ]);
  });

  it('is admitted under the same name', async () => {
    const world = lamp();
    const asked: string[] = [];
    const admit = async ({ actionRun, step }: { readonly actionRun: string; readonly step: string }) => {
      asked.push(`${step} ${actionRun}`);
      return { admitted: true } as const;
    };
    world.state.fault = new Error('no power');
    await world.carryOut({ admit });
    await world.carryOut({ admit });
    expect(asked).toEqual([
      'begin trailseal/lamp fix:enable-key 1',
      'resume trailseal/lamp fix:enable-key 1',
    ]);
  });

  it('is ended, and prepared anew, when somebody else has changed the resource meanwhile', async () => {
    const world = lamp();
    await world.killed();
    await world.deps.wait(leaseFor);
    world.state.light = 'broken';
    await world.carryOut();
    expect((await world.journal.of('trailseal/lamp')).map(({ status, before }) => [status, before])).toEqual([
      ['superseded', { light: 'off' }],
      ['done', { light: 'broken' }],
    ]);
  });

  it('is ended when the resource was deleted', async () => {
    const world = lamp();
    await world.killed();
    await world.deps.wait(leaseFor);
    world.state.light = 'deleted';
    const { kind } = await world.carryOut();
    expect([kind, (await world.actionRun())?.status]).toEqual(['deleted', 'deleted']);
  });
});

describe('a run that AWS fails', () => {
  it('is partially completed, says what stands and why, and frees the action run for the next run', async () => {
    const world = lamp();
    world.state.fault = new Error('no power');
    expect(await world.carryOut()).toMatchObject({
      kind: 'partially-completed',
      differences: ['the lamp is off'],
      because: 'AWS did not do all of it: Error (no power).',
      cause: world.state.fault,
      actionRun: { status: 'begun', lease: null },
    });
  });

  it('is done when the next run finds AWS at work again', async () => {
    const world = lamp();
    world.state.fault = new Error('no power');
    await world.carryOut();
    world.state.fault = undefined;
    expect((await world.carryOut()).kind).toBe('done');
  });

  it('is done when only the answer was lost', async () => {
    const world = lamp({
      apply: async () => {
        world.state.light = 'on';
        throw new Error('timeout');
      },
    });
    expect((await world.carryOut()).kind).toBe('done');
  });

  it('is under way when AWS only needs more time', async () => {
    const world = lamp({
      apply: async () => {
        throw new UnderWay('it is warming up');
      },
    });
    expect(await world.carryOut()).toMatchObject({
      kind: 'under-way',
      because: 'it is warming up',
      actionRun: { status: 'begun', lease: null },
    });
  });

  it('says so when what stands can not be read either', async () => {
    const world = lamp({
      check: async () => {
        throw new Error('dark');
      },
    });
    expect(await world.carryOut()).toMatchObject({
      kind: 'partially-completed',
      differences: ["what stands can't be read: Error (dark)"],
    });
  });
});

/** The finding, with a time at which the lamp was seen to be on. */
function seen(finding: FindingSummary, at: string): FindingSummary {
  const actor = {
    type: 'IAMUser',
    arn: 'arn',
    name: 'ana',
    account: undefined,
    sourceIp: undefined,
    userAgent: undefined,
  };
  const passed = {
    status: 'RESOLVED',
    verdict: 'FAIL',
    at,
    eventName: 'ScheduledScan',
    eventId: null,
    actor,
    summary: 'On.',
  } as const;
  return { ...finding, history: [passed] };
}

describe('what an operator took back', () => {
  it('is not done again for the same failure by the policy', async () => {
    const world = lamp();
    await world.carryOut();
    await world.undo();
    const { kind } = await world.carryOut();
    expect([kind, world.state.light]).toEqual(['skipped', 'off']);
  });

  it('is done again once the lamp was seen to be on since', async () => {
    const world = lamp();
    await world.carryOut();
    await world.undo();
    const finding = seen(world.target.finding, '2026-11-21T10:00:01.000Z');
    expect((await world.carryOut({}, { ...world.target, finding })).kind).toBe('done');
  });

  it('is not done again for a finding that its own success closed, and a look at the undo opened anew', async () => {
    const world = lamp();
    await world.carryOut();
    await world.deps.wait(1_000);
    await world.undo();
    const finding = {
      ...seen(world.target.finding, '2026-11-21T10:00:00.500Z'),
      openedAt: '2026-11-21T10:00:02.000Z',
    };
    expect((await world.carryOut({}, { ...world.target, finding })).kind).toBe('skipped');
  });

  it('is done again when an operator asks for it', async () => {
    const world = lamp();
    await world.carryOut();
    await world.undo();
    expect((await world.carryOut({ decision: operator })).kind).toBe('done');
  });

  it('is done again when it was the policy that took it back', async () => {
    const world = lamp();
    await world.carryOut();
    await world.undo({ decision: { by: 'policy', name: 'trailseal.policy.yml', why: 'It passes.' } });
    expect((await world.carryOut()).kind).toBe('done');
  });
});
