/** The smallest resource there is, a lamp that should be on, and the engine over it. */
import { expect } from 'vitest';
import * as z from 'zod/mini';
import type { Memory } from '../../../lib/core/action.ts';
import {
  type ActionDefinition,
  type ActionDeps,
  type Check,
  defineAction,
  type Target,
} from '../../../lib/core/action.ts';
import type { ActionRun } from '../../../lib/remediation/actions/action-run.ts';
import { carryOut } from '../../../lib/remediation/actions/carry-out.ts';
import type { RunOptions } from '../../../lib/remediation/actions/run.ts';
import { undo } from '../../../lib/remediation/actions/undo.ts';
import { makeClients } from '../../../lib/services/clients.ts';
import { MemoryJournal } from './memory-journal.ts';

export const accountRegion = { account: '111122223333', region: 'eu-central-1' } as const;
export const start = Date.parse('2026-11-21T10:00:00.000Z');
export const leaseFor = 60_000;

const nothingRemembered: Memory = {
  recall: async () => undefined,
};

/** Clients that nothing answers, with a clock that only waiting moves. */
export function depsWith(memory: Partial<Memory> = {}): {
  readonly deps: ActionDeps;
  readonly waits: number[];
} {
  const config = {
    region: accountRegion.region,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  };
  const waits: number[] = [];
  let time = start;
  const deps: ActionDeps = {
    clients: makeClients(config),
    memory: { ...nothingRemembered, ...memory },
    now: () => new Date(time),
    wait: async (milliseconds) => {
      waits.push(milliseconds);
      time += milliseconds;
    },
  };
  return { deps, waits };
}

export type Light = 'off' | 'on' | 'broken' | 'deleted';

const settings = z.strictObject({});
const before = z.object({ light: z.string() });
type LampAction = ActionDefinition<typeof before, typeof settings>;

export function lamp(more: Partial<LampAction> = {}) {
  const { deps, waits } = depsWith();
  const journal = new MemoryJournal();
  const state: {
    light: Light;
    fault: Error | undefined;
    check: Error | undefined;
    customActionEvents: number;
  } = {
    light: 'off',
    fault: undefined,
    check: undefined,
    customActionEvents: 0,
  };
  const customActionEvent = (to: Light) => {
    if (state.fault !== undefined) throw state.fault;
    if (state.light === to) return;
    state.customActionEvents += 1;
    state.light = to;
  };
  const compare = (wanted: Light, other: Light): Check => {
    if (state.check !== undefined) throw state.check;
    if (state.light === 'deleted') return { kind: 'deleted', because: 'the lamp was taken away' };
    if (state.light === wanted) return { kind: 'as-set', state: [`the lamp is ${state.light}`] };
    return { kind: 'differs', differences: [`the lamp is ${state.light}`], partial: state.light === other };
  };
  const action = defineAction<typeof before, typeof settings>({
    id: 'fix:enable-key',
    description: 'Switches a lamp on.',
    risk: 'It gets bright.',
    permissions: { reads: [], writes: [] },
    settings,
    before,
    prepare: async () =>
      state.light === 'on'
        ? { kind: 'needless', because: 'It is on.' }
        : { kind: 'ready', before: { light: state.light }, plan: ['Switch it on.'] },
    apply: async () => customActionEvent('on'),
    check: async () => compare('on', 'off'),
    undo: {
      kind: 'restores',
      except: [],
      permissions: [],
      restore: async () => customActionEvent('off'),
      restored: async () => compare('off', 'on'),
    },
    ...more,
  });
  const target: Target = {
    resource: {
      type: 'AwsKmsKey',
      id: 'lamp',
      arn: `arn:aws:kms:${accountRegion.region}:${accountRegion.account}:key/lamp`,
      ...accountRegion,
      tags: { room: 'kitchen' },
    },
    finding: {
      id: 'trailseal/lamp',
      control: 'lamp',
      title: 'Lamps should be on',
      severity: 'LOW',
      openedAt: '2026-11-21T09:00:00.000Z',
    },
    settings: {},
  };
  let runs = 0;
  const options = (other: Partial<RunOptions> = {}): RunOptions => {
    runs += 1;
    return {
      journal,
      deps,
      accountRegion,
      run: `run-${runs}`,
      decision: { by: 'policy', name: 'trailseal.policy.yml', why: 'It is dark.' },
      admit: async () => ({ admitted: true }),
      leaseFor,
      ...other,
    };
  };
  return {
    state,
    action,
    target,
    journal,
    deps,
    waits,
    carryOut: (other: Partial<RunOptions> = {}, at: Target = target) => carryOut(action, at, options(other)),
    actionRun: () => journal.latest(target.finding.id, action.id),
    async undo(other: Partial<RunOptions> = {}, one?: ActionRun) {
      const actionRun = one ?? (await journal.latest(target.finding.id, action.id));
      if (actionRun === undefined) throw new Error('nothing was done');
      const decision = { by: 'operator', name: 'ana', why: 'It was wrong.' } as const;
      return undo(action, actionRun, options({ decision, ...other }));
    },
    /** A run that was killed after it had begun: the action run is there, and its lease. */
    killed: () => killed(target),
    /** The same, for another finding. */
    killedFor: (id: string) => killed({ ...target, finding: { ...target.finding, id } }),
  };

  async function killed(at: Target) {
    const dead = async () => {
      throw new Error('killed');
    };
    const begin = journal.begin.bind(journal);
    const latest = journal.latest.bind(journal);
    const run = options({ journal: { begin, latest, of: dead, since: dead, save: dead } });
    await expect(carryOut({ ...action, apply: dead }, at, run)).rejects.toThrow('killed');
  }
}
