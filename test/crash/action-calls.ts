/** Tests of every action, killed at each of its calls to AWS and resumed. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AnyAction, Target } from '../../lib/core/action.ts';
import { findingId } from '../../lib/findings/id.ts';
import type { DynamoMemory } from '../../lib/findings/state/memory.ts';
import { suite } from '../suite.ts';
import { isRead } from './calls.ts';
import { type Aws, deploy, startAws } from './deployment.ts';
import {
  afterEachWrite,
  type Everywhere,
  killedEverywhere,
  type Remains,
  type Scenario,
  type Setting,
} from './killed-everywhere.ts';

/** A resource that fails, and what an action makes of it. */
export interface Case {
  readonly name: string;
  readonly action: AnyAction;
  make(memory: DynamoMemory): Promise<Target>;
  readState(target: Target): Promise<unknown>;
  readonly before: unknown;
  readonly after: unknown;
  /** The changes of the action, and of its undo. */
  readonly writes: readonly string[];
  readonly undone: readonly string[] | 'command' | 'not in moto';
}

declare module 'vitest' {
  interface TaskMeta {
    /** A line of the table. */
    kills?: {
      readonly scenario: string;
      readonly calls: number;
      readonly kills: number;
      readonly changes: number;
    };
  }
}

const limit = 300_000;

/** @param policies that ask for the actions, by their names. */
export function crashing(policies: Readonly<Record<string, string>>, define: (given: Given) => void): void {
  const { use, given } = surroundings();
  beforeAll(async () => {
    use(await startAws(policies));
  }, limit);
  afterAll(() => given.aws().stop());
  define(given);
}

export interface Given {
  aws(): Aws;
  /** A failing resource whose finding is open, in a deployment with this policy. */
  failing(one: Pick<Case, 'make'>, policy: string): Promise<Setting>;
}

function surroundings(): { readonly use: (aws: Aws) => void; readonly given: Given } {
  let started: Aws | undefined;
  const aws = () => {
    if (started === undefined) throw new Error('moto is not started');
    return started;
  };
  return {
    use(aws) {
      started = aws;
    },
    given: {
      aws,
      async failing(one, policy) {
        const deployment = await deploy(aws(), policy);
        const target = await one.make(deployment.memory);
        const message = await deployment.record(target, 'FAIL');
        const finding = findingId(target.finding.control, target.resource);
        return { deployment, target, finding, message };
      },
    },
  };
}

/** Runs a scenario, killed everywhere, before the tests of the describe-block that calls this. */
export function played(
  name: string,
  scenario: Scenario,
  where?: Parameters<typeof killedEverywhere>[1],
): () => Everywhere {
  let outcome: Everywhere | undefined;
  const get = () => {
    if (outcome === undefined) throw new Error('it was not played');
    return outcome;
  };
  beforeAll(async () => {
    outcome = await killedEverywhere(scenario, where);
  }, limit);
  it('is killed at least as often as it writes, or once in a slice', ({ task }) => {
    const { calls, kills, undisturbed } = get();
    task.meta.kills = {
      scenario: name,
      calls: calls.length,
      kills,
      changes: undisturbed.remains.changes.length,
    };
    const writes = calls.filter((call) => !isRead(call)).length;
    expect(kills).toBeGreaterThanOrEqual(suite === 'full' ? writes : 1);
  });
  return get;
}

/** The runs that left something else than the undisturbed one, and what. */
export function others({ undisturbed, killed }: Everywhere, of: keyof Remains): readonly unknown[] {
  const expected = JSON.stringify(undisturbed.remains[of]);
  return killed
    .filter(({ remains }) => JSON.stringify(remains[of]) !== expected)
    .map(({ where, remains }) => [where, remains[of]]);
}

/** What a run that is resumed after a kill has in common with one that was not disturbed. */
export function leavesAndPublishesAsUndisturbed(outcome: () => Everywhere): void {
  leavesAsUndisturbed(outcome);
  it('publishes the events of an undisturbed run', () => {
    expect(others(outcome(), 'events')).toEqual([]);
  });
}

/** All of that but for the events. */
function leavesAsUndisturbed(outcome: () => Everywhere): void {
  it('leaves the resource as an undisturbed run does', () => {
    expect(others(outcome(), 'state')).toEqual([]);
  });
  it('makes every change once', () => {
    expect(others(outcome(), 'changes')).toEqual([]);
  });
  it('leaves the run history as an undisturbed run does', () => {
    expect(others(outcome(), 'actionRuns')).toEqual([]);
  });
  it('counts against the limits as an undisturbed run does', () => {
    expect(others(outcome(), 'counted')).toEqual([]);
  });
}

export function aboutAction(one: Case, policy: string, given: Given): void {
  describe(`${one.name}, killed at each of its calls and delivered again`, () => {
    const outcome = played(one.name, {
      prepare: () => given.failing(one, policy),
      play: ({ deployment, message }, kills) => deployment.deliver(message, kills),
      readState: one.readState,
    });

    it('does, undisturbed, what it is for, as one action run, and publishes that', () => {
      const { state, changes, actionRuns, events } = outcome().undisturbed.remains;
      expect({ state, changes, actionRuns, events }).toMatchObject({
        state: one.after,
        changes: one.writes.toSorted(),
        actionRuns: [{ action: one.action.id, sequence: 1, status: 'done', lease: null }],
        events: [{ action: one.action.id, outcome: 'done' }],
      });
    });
    leavesAndPublishesAsUndisturbed(outcome);
  });
}

/** @param one that can be undone. */
export function aboutUndo(one: Case, policy: string, given: Given): void {
  describe(`the undo of ${one.name}, killed after each of its writes and run again`, () => {
    const scenario: Scenario = {
      async prepare() {
        const stage = await given.failing(one, policy);
        await stage.deployment.deliver(stage.message);
        return stage;
      },
      async play({ deployment, finding }, kills) {
        const state = await deployment.undo(finding, kills);
        if (state.code !== 0) throw new Error(`trailseal undo: ${JSON.stringify(state)}`);
        return state;
      },
      readState: one.readState,
    };
    const outcome = played(`undo of ${one.name}`, scenario, afterEachWrite);

    it('restores, undisturbed, what was there, in the name of the operator', () => {
      const { state, changes, actionRuns, events } = outcome().undisturbed.remains;
      expect({ state, changes, actionRuns, events }).toMatchObject({
        state: one.before,
        changes: typeof one.undone === 'string' ? [] : one.undone.toSorted(),
        actionRuns: [{ sequence: 1, status: 'undone', undo: 'operator', lease: null }],
        events: [{ action: one.action.id, outcome: 'undone', decision: { actor: 'operator' } }],
      });
    });
    // A command that is killed after it has undone, and before it publishes that, finds it undone when it is run again.
    leavesAsUndisturbed(outcome);
  });
}
