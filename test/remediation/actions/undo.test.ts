import { describe, expect, it } from 'vitest';
import { lamp, leaseFor } from './simulated-resource.ts';

const refused = { admitted: false, because: 'The kill switch is on.' } as const;

describe('an undo', () => {
  it('restores what was there, and keeps who decided on it', async () => {
    const world = lamp();
    await world.carryOut();
    await world.undo();
    expect([world.state.light, await world.deed()]).toMatchObject([
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

  it('leaves a deed that it refuses as it was', async () => {
    const world = lamp();
    await world.carryOut();
    const deed = await world.deed();
    world.state.light = 'broken';
    await world.undo();
    expect(await world.deed()).toEqual(deed);
  });

  it('only notes it when somebody has restored it by hand', async () => {
    const world = lamp();
    await world.carryOut();
    world.state.light = 'off';
    const { kind } = await world.undo();
    expect([kind, world.state.presses]).toEqual(['undone', 1]);
  });

  it('that was broken off is given up when somebody else has changed the resource, so that it is in nobody’s way', async () => {
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
    expect(await world.deed()).toMatchObject({ status: 'superseded', lease: null, undo: { by: 'operator' } });
    expect(await world.undo()).toMatchObject({ kind: 'refused', because: 'Its undo was given up.' });
    // The policy does not do again what an operator wanted undone; an operator may.
    expect(await world.carryOut()).toMatchObject({ kind: 'withheld' });
    const decision = { by: 'operator', name: 'ana', why: 'Now it is dark.' } as const;
    expect(await world.carryOut({ decision })).toMatchObject({ kind: 'done' });
  });

  it('is made once', async () => {
    const world = lamp();
    await world.carryOut();
    await world.undo();
    const { kind } = await world.undo();
    expect([kind, world.state.presses]).toEqual(['already-undone', 2]);
  });

  it('is withheld when it is not admitted', async () => {
    const world = lamp();
    await world.carryOut();
    const { kind } = await world.undo({ admit: async () => refused });
    expect([kind, world.state.light]).toEqual(['withheld', 'on']);
  });

  it('ends the deed of a resource that is gone', async () => {
    const world = lamp();
    await world.carryOut();
    world.state.light = 'gone';
    const { kind } = await world.undo();
    expect([kind, (await world.deed())?.status]).toEqual(['gone', 'gone']);
  });

  it('that AWS fails is half-done, and gone on with by the next', async () => {
    const world = lamp();
    await world.carryOut();
    world.state.fault = new Error('no power');
    const { kind } = await world.undo();
    const halfway = (await world.deed())?.status;
    world.state.fault = undefined;
    expect([kind, halfway, (await world.undo()).kind]).toEqual(['half-done', 'undoing', 'undone']);
  });

  it('that is half-done keeps the action from being carried out', async () => {
    const world = lamp();
    await world.carryOut();
    world.state.fault = new Error('no power');
    await world.undo();
    expect((await world.carryOut()).kind).toBe('withheld');
  });

  it('of which two run at the same time is made by one', async () => {
    const world = lamp();
    await world.carryOut();
    const kinds = (await Promise.all([world.undo(), world.undo()])).map(({ kind }) => kind);
    expect([kinds.sort(), world.state.presses]).toEqual([['busy', 'undone'], 2]);
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

describe('the undo of a half-done deed', () => {
  it('is made where nobody else had a hand in the resource', async () => {
    const world = lamp();
    await world.killed();
    await world.means.wait(leaseFor);
    const { kind } = await world.undo();
    expect([kind, (await world.deed())?.status]).toEqual(['undone', 'undone']);
  });

  it('is refused where somebody else may have had one', async () => {
    const world = lamp({ check: async () => ({ kind: 'differs', differences: ['it flickers'] }) });
    world.state.light = 'broken';
    await world.killed();
    await world.means.wait(leaseFor);
    expect((await world.undo()).kind).toBe('refused');
  });

  it('waits for the lease of the run that is at it', async () => {
    const world = lamp();
    await world.killed();
    expect((await world.undo()).kind).toBe('busy');
  });
});

describe('the undo of a deed that was done again since', () => {
  /** Done, changed by somebody else, and done again. */
  async function doneTwice() {
    const world = lamp();
    await world.carryOut();
    const first = await world.deed();
    world.state.light = 'off';
    await world.carryOut();
    if (first === undefined) throw new Error('nothing was done');
    return { world, first };
  }

  it('is withheld while the later deed stands', async () => {
    const { world, first } = await doneTwice();
    expect([await world.undo({}, first), world.state.light]).toMatchObject([
      { kind: 'withheld', because: expect.stringMatching(/^It was done again since/) },
      'on',
    ]);
  });

  it('is made after that of the later one', async () => {
    const { world, first } = await doneTwice();
    await world.undo();
    expect((await world.undo({}, first)).kind).toBe('undone');
  });
});
