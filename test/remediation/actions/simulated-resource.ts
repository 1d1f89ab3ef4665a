/** The smallest resource there is, a lamp that should be on, and the engine over it. */
import { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import { EC2Client } from '@aws-sdk/client-ec2';
import { EKSClient } from '@aws-sdk/client-eks';
import { ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import { KMSClient } from '@aws-sdk/client-kms';
import { expect } from 'vitest';
import * as z from 'zod/mini';
import {
  type ActionDefinition,
  type Check,
  defineAction,
  type Means,
  type Target,
} from '../../../lib/core/action.ts';
import type { Memory } from '../../../lib/findings/state/memory.ts';
import type { Deed } from '../../../lib/remediation/actions/action-run.ts';
import { carryOut } from '../../../lib/remediation/actions/carry-out.ts';
import type { RunOptions } from '../../../lib/remediation/actions/run.ts';
import { undo } from '../../../lib/remediation/actions/undo.ts';
import { MemoryJournal } from './memory-journal.ts';

export const place = { account: '111122223333', region: 'eu-central-1' } as const;
export const start = Date.parse('2026-11-21T10:00:00.000Z');
export const leaseFor = 60_000;

const nothingRemembered: Memory = {
  goodKeyPolicy: async () => undefined,
  keyWasEnabled: async () => undefined,
};

/** Clients that nothing answers, with a clock that only waiting moves. */
export function meansWith(memory: Partial<Memory> = {}): { readonly means: Means; readonly waits: number[] } {
  const config = { region: place.region, credentials: { accessKeyId: 'test', secretAccessKey: 'test' } };
  const waits: number[] = [];
  let time = start;
  const means: Means = {
    clients: {
      ec2: new EC2Client(config),
      eks: new EKSClient(config),
      kms: new KMSClient(config),
      autoScaling: new AutoScalingClient(config),
      elb: new ElasticLoadBalancingV2Client(config),
    },
    memory: { ...nothingRemembered, ...memory },
    now: () => new Date(time),
    wait: async (milliseconds) => {
      waits.push(milliseconds);
      time += milliseconds;
    },
  };
  return { means, waits };
}

export type Light = 'off' | 'on' | 'broken' | 'gone';

const settings = z.strictObject({});
const before = z.object({ light: z.string() });
type LampAction = ActionDefinition<typeof before, typeof settings>;

export function lamp(more: Partial<LampAction> = {}) {
  const { means, waits } = meansWith();
  const journal = new MemoryJournal();
  const state: { light: Light; fault: Error | undefined; check: Error | undefined; presses: number } = {
    light: 'off',
    fault: undefined,
    check: undefined,
    presses: 0,
  };
  const press = (to: Light) => {
    if (state.fault !== undefined) throw state.fault;
    if (state.light === to) return;
    state.presses += 1;
    state.light = to;
  };
  const compare = (wanted: Light, other: Light): Check => {
    if (state.check !== undefined) throw state.check;
    if (state.light === 'gone') return { kind: 'gone', because: 'the lamp was taken away' };
    if (state.light === wanted) return { kind: 'as-set', state: [`the lamp is ${state.light}`] };
    return { kind: 'differs', differences: [`the lamp is ${state.light}`], halfway: state.light === other };
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
    apply: async () => press('on'),
    check: async () => compare('on', 'off'),
    undo: {
      kind: 'restores',
      except: [],
      permissions: [],
      restore: async () => press('off'),
      restored: async () => compare('off', 'on'),
    },
    ...more,
  });
  const target: Target = {
    resource: {
      type: 'AwsKmsKey',
      id: 'lamp',
      arn: `arn:aws:kms:${place.region}:${place.account}:key/lamp`,
      ...place,
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
      means,
      place,
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
    means,
    waits,
    carryOut: (other: Partial<RunOptions> = {}, at: Target = target) => carryOut(action, at, options(other)),
    deed: () => journal.latest(target.finding.id, action.id),
    async undo(other: Partial<RunOptions> = {}, one?: Deed) {
      const deed = one ?? (await journal.latest(target.finding.id, action.id));
      if (deed === undefined) throw new Error('nothing was done');
      const decision = { by: 'operator', name: 'ana', why: 'It was wrong.' } as const;
      return undo(action, deed, options({ decision, ...other }));
    },
    /** A run that was killed after it had begun: the deed is there, and its lease. */
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
