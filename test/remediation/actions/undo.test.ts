import { describe, expect, it } from 'vitest';
import { lamp, leaseFor } from './simulated-resource.ts';

const refused = { admitted: false, because: 'The kill switch is on.' } as const;

describe('an undo', () => {
  it('restores what was there, and keeps who decided on it', async () => {
    const world = lamp();
    await world.carryOut();
    await world.undo();
    expect([world.state.light, await world.actionRun()]).toMatchObject([
      'off',
      { status: 'undone', undo: { by: 'operator', name: 'ana', why: 'It was wrong.' }, lease: null },
    ]);
  });

  it('is refused, with what differs, when somebody else has changed the resource', async () => {
    const world = lamp();
    await world.carryOut();
    world.state.light = 'broken';
    expect(await world.undo()).toMatchObject({ kind: 'refused', differences: ['the lamp is broken'] });
  });

  it('leaves an action run that it refuses as it was', async () => {
    const world = lamp();
    await world.carryOut();
    const actionRun = await world.actionRun();
    world.state.light = 'broken';
    await world.undo();
    expect(await world.actionRun()).toEqual(actionRun);
  });

  it('only notes it when somebody has restored it by hand', async () => {
    const world = lamp();
    await world.carryOut();
    world.state.light = 'off';
    const { kind } = await world.undo();
    expect([kind, world.state.customActionEvents]).toEqual(['undone', 1]);
  });

  it('that was interrupted is given up when somebody else has changed the resource, so that it is in nobody’s way', async () => {
    const world = lamp();
    await world.carryOut();
    world.state.fault = new Error('AWS is busy');
    await world.undo();
    world.state.fault = undefined;
    world.state.light = 'broken';
    expect(await world.undo()).toMatchObject({
      kind: 'refused',
      because: expect.stringContaining('it is given up'),
      differences: ['the lamp is broken'],
    });
    expect(await world.actionRun()).toMatchObject({
      status: 'superseded',
      lease: null,
      undo: { by: 'operator' },
    });
    expect(await world.undo()).toMatchObject({ kind: 'refused', because: 'Its undo was given up.' });
    // The policy does not do again what an operator wanted undone; an operator may.
    expect(await world.carryOut()).toMatchObject({ kind: 'skipped' });
    const decision = { by: 'operator', name: 'ana', why: 'Now it is dark.' } as const;
    expect(await world.carryOut({ decision })).toMatchObject({ kind: 'done' });
  });

  it('is made once', async () => {
    const world = lamp();
    await world.carryOut();
    await world.undo();
    const { kind } = await world.undo();
    expect([kind, world.state.customActionEvents]).toEqual(['already-undone', 2]);
  });

  it('is skipped when it is not admitted', async () => {
    const world = lamp();
    await world.carryOut();
    const { kind } = await world.undo({ admit: async () => refused });
    expect([kind, world.state.light]).toEqual(['skipped', 'on']);
  });

  it('ends the action run of a resource that was deleted', async () => {
    const world = lamp();
    await world.carryOut();
    world.state.light = 'deleted';
    const { kind } = await world.undo();
    expect([kind, (await world.actionRun())?.status]).toEqual(['deleted', 'deleted']);
  });

  it('that AWS fails is partially completed, and resumed by the next', async () => {
    const world = lamp();
    await world.carryOut();
    world.state.fault = new Error('no power');
    const { kind } = await world.undo();
    const partial = (await world.actionRun())?.status;
    world.state.fault = undefined;
    expect([kind, partial, (await world.undo()).kind]).toEqual(['partially-completed', 'undoing', 'undone']);
  });

  it('that is partially completed keeps the action from being carried out', async () => {
    const world = lamp();
    await world.carryOut();
    world.state.fault = new Error('no power');
    await world.undo();
    expect((await world.carryOut()).kind).toBe('skipped');
  });

  it('of which two run at the same time is made by one', async () => {
    const world = lamp();
    await world.carryOut();
    const kinds = (await Promise.all([world.undo(), world.undo()])).map(({ kind }) => kind);
    expect([kinds.sort(), world.state.customActionEvents]).toEqual([['busy', 'undone'], 2]);
  });

  it('of what can only be undone by a command is that command, and changes nothing', async () => {
    const world = lamp({ undo: { kind: 'command', because: 'It is risky.', command: () => 'lamp off' } });
    await world.carryOut();
    const outcome = await world.undo();
    expect([outcome, world.state.light]).toEqual([
      { kind: 'command', because: 'It is risky.', command: 'lamp off' },
      'on',
    ]);
  });

  it('of what can not be undone says why', async () => {
    const world = lamp({ undo: { kind: 'impossible', because: 'The bulb is used up.' } });
    await world.carryOut();
    expect(await world.undo()).toEqual({ kind: 'impossible', because: 'The bulb is used up.' });
  });
});

describe('the undo of a partially completed action run', () => {
  it('is made where nobody else had a hand in the resource', async () => {
    const world = lamp();
    await world.killed();
    await world.deps.wait(leaseFor);
    const { kind } = await world.undo();
    expect([kind, (await world.actionRun())?.status]).toEqual(['undone', 'undone']);
  });

  it('is refused where somebody else may have had one', async () => {
    const world = lamp({ check: async () => ({ kind: 'differs', differences: ['it flickers'] }) });
    world.state.light = 'broken';
    await world.killed();
    await world.deps.wait(leaseFor);
    expect((await world.undo()).kind).toBe('refused');
  });

  it('waits for the lease of the run that is at it', async () => {
    const world = lamp();
    await world.killed();
    expect((await world.undo()).kind).toBe('busy');
  });
});

describe('the undo of an action run that was done again since', () => {
  /** Done, changed by somebody else, and done again. */
  async function doneTwice() {
    const world = lamp();
    await world.carryOut();
    const first = await world.actionRun();
    world.state.light = 'off';
    await world.carryOut();
    if (first === undefined) throw new Error('nothing was done');
    return { world, first };
  }

  it('is skipped while the later action run stands', async () => {
    const { world, first } = await doneTwice();
    expect([await world.undo({}, first), world.state.light]).toMatchObject([
      { kind: 'skipped', because: expect.stringMatching(/^It was done again since/) },
      'on',
    ]);
  });

  it('is made after that of the later one', async () => {
    const { world, first } = await doneTwice();
    await world.undo();
    expect((await world.undo({}, first)).kind).toBe('undone');
  });
});
