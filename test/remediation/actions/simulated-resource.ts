/** A fake KMS key that should be enabled, with an action that enables it, and what runs actions. */
import { expect } from 'vitest';
import * as z from 'zod/mini';
import type { Memory } from '../../../lib/core/action.ts';
import {
  type ActionDefinition,
  type ActionDeps,
  type Check,
  defineAction,
  type Target,
  type UndoneBy,
} from '../../../lib/core/action.ts';
import type { ActionRun } from '../../../lib/remediation/actions/action-run.ts';
import { carryOut } from '../../../lib/remediation/actions/carry-out.ts';
import type { RunOptions } from '../../../lib/remediation/actions/run.ts';
import { type UndoOptions, undo } from '../../../lib/remediation/actions/undo.ts';
import { makeClients } from '../../../lib/services/clients.ts';
import { MemoryRunHistory } from './memory-run-history.ts';

export const accountRegion = { account: '111122223333', region: 'eu-central-1' } as const;
export const start = Date.parse('2026-11-21T10:00:00.000Z');
export const leaseFor = 60_000;

const noMemory: Memory = {
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
    memory: { ...noMemory, ...memory },
    now: () => new Date(time),
    wait: async (milliseconds) => {
      waits.push(milliseconds);
      time += milliseconds;
    },
  };
  return { deps, waits };
}

/** How the key is; `changed`: somebody else has changed it. */
export type KeyValue = 'disabled' | 'enabled' | 'changed' | 'deleted';

const settings = z.strictObject({});
const before = z.object({ value: z.string() });
type FakeAction = ActionDefinition<typeof before, typeof settings>;

export function fakeKey(more: Partial<FakeAction> = {}, undoneBy: UndoneBy = { by: 'function' }) {
  const { deps, waits } = depsWith();
  const history = new MemoryRunHistory();
  const state: {
    value: KeyValue;
    fault: Error | undefined;
    checkError: Error | undefined;
    writes: number;
  } = {
    value: 'disabled',
    fault: undefined,
    checkError: undefined,
    writes: 0,
  };
  const write = (to: KeyValue) => {
    if (state.fault !== undefined) throw state.fault;
    if (state.value === to) return;
    state.writes += 1;
    state.value = to;
  };
  const compare = (wanted: KeyValue, other: KeyValue): Check => {
    if (state.checkError !== undefined) throw state.checkError;
    if (state.value === 'deleted') return { kind: 'deleted', because: 'the key was deleted' };
    if (state.value === wanted) return { kind: 'as-set', state: [`the key is ${state.value}`] };
    return { kind: 'differs', differences: [`the key is ${state.value}`], partial: state.value === other };
  };
  const action = defineAction<typeof before, typeof settings>({
    id: 'fix:enable-key',
    description: 'Enables a key.',
    risk: 'Whoever relied on it being disabled finds it enabled.',
    permissions: { reads: [], writes: [] },
    settings,
    before,
    was: ({ value }) => [`the key is ${value}`],
    prepare: async () =>
      state.value === 'enabled'
        ? { kind: 'needless', because: 'It is enabled.' }
        : { kind: 'ready', before: { value: state.value }, plan: ['Enable the key.'] },
    apply: async () => write('enabled'),
    check: async () => compare('enabled', 'disabled'),
    undo: {
      kind: 'restores',
      ...undoneBy,
      except: [],
      permissions: { reads: [], writes: [] },
      restore: async () => write('disabled'),
      restored: async () => compare('disabled', 'enabled'),
    },
    ...more,
  });
  const target: Target = {
    resource: {
      type: 'AwsKmsKey',
      id: 'fake-key',
      arn: `arn:aws:kms:${accountRegion.region}:${accountRegion.account}:key/fake-key`,
      ...accountRegion,
      tags: { team: 'data' },
    },
    finding: {
      id: 'trailseal/fake-control/111122223333/eu-central-1/fake-key',
      control: 'fake-control',
      title: 'Keys should be enabled',
      severity: 'LOW',
      openedAt: '2026-11-21T09:00:00.000Z',
    },
    settings: {},
  };
  let runs = 0;
  const options = (other: Partial<RunOptions> = {}): RunOptions => {
    runs += 1;
    return {
      history,
      deps,
      accountRegion,
      run: `run-${runs}`,
      decision: { actor: 'policy', name: 'trailseal.policy.yml', reason: 'It is disabled.' },
      admit: async () => ({ admitted: true }),
      leaseFor,
      ...other,
    };
  };
  return {
    state,
    action,
    target,
    history,
    deps,
    waits,
    carryOut: (other: Partial<RunOptions> = {}, at: Target = target) => carryOut(action, at, options(other)),
    actionRun: () => history.latest(target.finding.id, action.id),
    async undo(other: Partial<UndoOptions> = {}, one?: ActionRun) {
      const actionRun = one ?? (await history.latest(target.finding.id, action.id));
      if (actionRun === undefined) throw new Error('nothing was done');
      const decision = { actor: 'operator', name: 'ana', reason: 'It was wrong.' } as const;
      return undo(action, actionRun, { ...options({ decision }), ...other });
    },
    /** A run that was killed after it had begun: the action run is stored, with its lease. */
    interrupted: () => interrupted(target),
    /** The same, for another finding. */
    interruptedFor: (id: string, control: string) =>
      interrupted({ ...target, finding: { ...target.finding, id, control } }),
  };

  async function interrupted(at: Target) {
    const killed = async () => {
      throw new Error('killed');
    };
    const begin = history.begin.bind(history);
    const latest = history.latest.bind(history);
    const run = options({ history: { begin, latest, of: killed, since: killed, save: killed } });
    await expect(carryOut({ ...action, apply: killed }, at, run)).rejects.toThrow('killed');
  }
}
