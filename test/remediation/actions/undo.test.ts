import { describe, expect, it } from 'vitest';
import type { ActionRun } from '../../../lib/remediation/actions/action-run.ts';
import { fakeKey, leaseFor } from './simulated-resource.ts';

const refused = { admitted: false, because: 'The kill switch is engaged.' } as const;

describe('an undo', () => {
  it('restores what was there, and stores who decided on it', async () => {
    const key = fakeKey();
    await key.carryOut();
    await key.undo();
    expect([key.state.value, await key.actionRun()]).toMatchObject([
      'disabled',
      { status: 'undone', undo: { actor: 'operator', name: 'ana', reason: 'It was wrong.' }, lease: null },
    ]);
  });

  it('is refused, with what differs, when somebody else has changed the resource', async () => {
    const key = fakeKey();
    await key.carryOut();
    key.state.value = 'changed';
    expect(await key.undo()).toMatchObject({ kind: 'refused', differences: ['the key is changed'] });
  });

  it('leaves an action run that it refuses as it was', async () => {
    const key = fakeKey();
    await key.carryOut();
    const actionRun = await key.actionRun();
    key.state.value = 'changed';
    await key.undo();
    expect(await key.actionRun()).toEqual(actionRun);
  });

  it('only notes it when somebody has restored it by hand', async () => {
    const key = fakeKey();
    await key.carryOut();
    key.state.value = 'disabled';
    const { kind } = await key.undo();
    expect([kind, key.state.writes]).toEqual(['undone', 1]);
  });

  it('that was interrupted is given up when somebody else has changed the resource, so that it does not block later runs', async () => {
    const key = fakeKey();
    await key.carryOut();
    key.state.fault = new Error('AWS is busy');
    await key.undo();
    key.state.fault = undefined;
    key.state.value = 'changed';
    expect(await key.undo()).toMatchObject({
      kind: 'refused',
      because: expect.stringContaining('it is given up'),
      differences: ['the key is changed'],
    });
    expect(await key.actionRun()).toMatchObject({
      status: 'superseded',
      lease: null,
      undo: { actor: 'operator' },
    });
    expect(await key.undo()).toMatchObject({ kind: 'refused', because: 'Its undo was given up.' });
    // The policy does not do again what an operator wanted undone; an operator may.
    expect(await key.carryOut()).toMatchObject({ kind: 'skipped' });
    const decision = { actor: 'operator', name: 'ana', reason: 'It is needed again.' } as const;
    expect(await key.carryOut({ decision })).toMatchObject({ kind: 'done' });
  });

  it('is made once', async () => {
    const key = fakeKey();
    await key.carryOut();
    await key.undo();
    const { kind } = await key.undo();
    expect([kind, key.state.writes]).toEqual(['already-undone', 2]);
  });

  it('is skipped when it is not admitted', async () => {
    const key = fakeKey();
    await key.carryOut();
    const { kind } = await key.undo({ admit: async () => refused });
    expect([kind, key.state.value]).toEqual(['skipped', 'enabled']);
  });

  it('ends the action run of a resource that was deleted', async () => {
    const key = fakeKey();
    await key.carryOut();
    key.state.value = 'deleted';
    const { kind } = await key.undo();
    expect([kind, (await key.actionRun())?.status]).toEqual(['deleted', 'deleted']);
  });

  it('in which AWS fails is partially completed, and resumed by the next', async () => {
    const key = fakeKey();
    await key.carryOut();
    key.state.fault = new Error('no answer');
    const { kind } = await key.undo();
    const partial = (await key.actionRun())?.status;
    key.state.fault = undefined;
    expect([kind, partial, (await key.undo()).kind]).toEqual(['partially-completed', 'undoing', 'undone']);
  });

  it('that is partially completed keeps the action from being carried out', async () => {
    const key = fakeKey();
    await key.carryOut();
    key.state.fault = new Error('no answer');
    await key.undo();
    expect((await key.carryOut()).kind).toBe('skipped');
  });

  it('of which two run at the same time is made by one', async () => {
    const key = fakeKey();
    await key.carryOut();
    const kinds = (await Promise.all([key.undo(), key.undo()])).map(({ kind }) => kind);
    expect([kinds.sort(), key.state.writes]).toEqual([['busy', 'undone'], 2]);
  });

  it('of what can only be undone by a command is that command, and changes nothing', async () => {
    const key = fakeKey({ undo: { kind: 'command', because: 'It is risky.', command: () => 'disable it' } });
    await key.carryOut();
    const outcome = await key.undo();
    expect([outcome, key.state.value]).toEqual([
      { kind: 'command', because: 'It is risky.', command: 'disable it' },
      'enabled',
    ]);
  });

  describe('of what exposes again', () => {
    const because = 'It shares it again.';
    const exposing = () => fakeKey({}, { by: 'operator', because });
    const operatorCommand = ({ finding }: ActionRun) => `trailseal undo ${finding.id}`;

    it('is answered by a function with the command, and changes nothing', async () => {
      const key = exposing();
      await key.carryOut();
      expect(await key.undo({ operatorCommand })).toEqual({
        kind: 'command',
        because,
        command: 'trailseal undo trailseal/fake-control/111122223333/eu-central-1/fake-key',
      });
      expect(key.state).toMatchObject({ value: 'enabled', writes: 1 });
    });

    it('is made by the operator who runs the command', async () => {
      const key = exposing();
      await key.carryOut();
      const { kind } = await key.undo();
      expect([kind, key.state.value]).toEqual(['undone', 'disabled']);
    });

    it('is answered by a function with what was undone, once the operator has run the command', async () => {
      const key = exposing();
      await key.carryOut();
      await key.undo();
      expect((await key.undo({ operatorCommand })).kind).toBe('already-undone');
    });
  });

  it('of what can not be undone says why', async () => {
    const key = fakeKey({ undo: { kind: 'impossible', because: 'Nobody knows how it was.' } });
    await key.carryOut();
    expect(await key.undo()).toEqual({ kind: 'impossible', because: 'Nobody knows how it was.' });
  });
});

describe('the undo of a partially completed action run', () => {
  it('is made where nobody else changed the resource', async () => {
    const key = fakeKey();
    await key.interrupted();
    await key.deps.wait(leaseFor);
    const { kind } = await key.undo();
    expect([kind, (await key.actionRun())?.status]).toEqual(['undone', 'undone']);
  });

  it('is refused where somebody else may have changed it', async () => {
    const key = fakeKey({ check: async () => ({ kind: 'differs', differences: ['it is otherwise'] }) });
    key.state.value = 'changed';
    await key.interrupted();
    await key.deps.wait(leaseFor);
    expect((await key.undo()).kind).toBe('refused');
  });

  it('waits for the lease of the run that works on it', async () => {
    const key = fakeKey();
    await key.interrupted();
    expect((await key.undo()).kind).toBe('busy');
  });
});

describe('the undo of an action run that was done again since', () => {
  /** Done, changed by somebody else, and done again. */
  async function doneTwice() {
    const key = fakeKey();
    await key.carryOut();
    const first = await key.actionRun();
    key.state.value = 'disabled';
    await key.carryOut();
    if (first === undefined) throw new Error('nothing was done');
    return { key, first };
  }

  it('is skipped while what the later action run did is in place', async () => {
    const { key, first } = await doneTwice();
    expect([await key.undo({}, first), key.state.value]).toMatchObject([
      { kind: 'skipped', because: expect.stringMatching(/^It was done again since/) },
      'enabled',
    ]);
  });

  it('is made after that of the later one', async () => {
    const { key, first } = await doneTwice();
    await key.undo();
    expect((await key.undo({}, first)).kind).toBe('undone');
  });
});
