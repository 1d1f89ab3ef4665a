/**
 * A course of events (a message, or a command), undisturbed, and once for each call that it makes to AWS: killed there,
 * and resumed as the queue, or whoever gave the command, does it.
 */
import type { Target } from '../../lib/core/action.ts';
import { at } from '../../lib/core/json.ts';
import { actionKinds } from '../../lib/policy/model.ts';
import { someOf } from '../suite.ts';
import { isRead } from './calls.ts';
import { canonical } from './canonical.ts';
import type { Deployment } from './deployment.ts';
import type { RunState } from './messages.ts';
import type { Kill } from './relay.ts';

/** One kind of course. */
export interface Scene {
  /** What there is before it, in a deployment of its own. */
  set(): Promise<Stage>;
  /** Has it happen, with its first processes killed, each at the place that is meant for it. */
  play(stage: Stage, kills: readonly Kill[]): Promise<RunState>;
  /** What is left of the resource. */
  look(target: Target): Promise<unknown>;
}

export interface Stage {
  readonly deployment: Deployment;
  readonly target: Target;
  /** The finding's id. */
  readonly finding: string;
  /** What brings the transition to `remediate`. */
  readonly message: string;
}

/** What a course has left, without what differs from one to the next in any case. */
export interface Left {
  readonly state: unknown;
  /** Changes that AWS has carried out, by their names, in the order of these. */
  readonly changes: readonly string[];
  readonly actionRuns: unknown;
  /** How many of each kind count against the limits. */
  readonly counted: unknown;
  /** The events on the bus, each id once. */
  readonly told: unknown;
}

export interface Played {
  /** Where it was killed: `before 3 kms:EnableKey`; one after the other, where more than once. */
  readonly where: string;
  readonly left: Left;
  readonly stage: Stage;
}

export interface Everywhere {
  readonly calm: Played;
  readonly killed: readonly Played[];
  /** How often a process was killed in all. */
  readonly kills: number;
  readonly calls: readonly string[];
}

/** @param where the processes of a course that makes these calls are killed, course by course. */
export async function killedEverywhere(
  scene: Scene,
  where: (calls: readonly string[]) => readonly (readonly Kill[])[] = everywhere,
): Promise<Everywhere> {
  const { played: calm, state } = await playOnce(scene, []);
  const killed: Played[] = [];
  let kills = 0;
  for (const some of someOf(where(state.calls))) {
    const { played, state: cut } = await playOnce(scene, some, state.calls);
    if (cut.killed !== some.length) throw new Error(`it was killed ${cut.killed} times: ${played.where}`);
    kills += cut.killed;
    killed.push(played);
  }
  return { calm, killed, kills, calls: state.calls };
}

/**
 * Before each call; and after those that write: to be killed after a read is the same, for all that AWS and the next
 * process know, as before the call that follows it. Processes that are killed before the first write leave nothing, so
 * that they are killed one after the other in one course.
 */
function everywhere(calls: readonly string[]): readonly (readonly Kill[])[] {
  const first = firstWrite(calls);
  const before = calls.map((_, index): Kill => ({ call: index + 1, moment: 'before' }));
  const others = [...before.slice(first), ...afterWrites(calls)];
  return [
    before.slice(0, first),
    ...others.toSorted((one, other) => one.call - other.call).map((kill) => [kill]),
  ];
}

/** Before the first call, and after each that writes: in between, all is as it was. */
export function afterEachWrite(calls: readonly string[]): readonly (readonly Kill[])[] {
  return [{ call: 1, moment: 'before' } as const, ...afterWrites(calls)].map((kill) => [kill]);
}

function afterWrites(calls: readonly string[]): readonly Kill[] {
  return calls.flatMap((name, index): readonly Kill[] =>
    isRead(name) ? [] : [{ call: index + 1, moment: 'after' }],
  );
}

/** How many calls there are up to the first that writes, that one included. */
function firstWrite(calls: readonly string[]): number {
  const index = calls.findIndex((name) => !isRead(name));
  return index === -1 ? calls.length : index + 1;
}

async function playOnce(scene: Scene, kills: readonly Kill[], calls: readonly string[] = []) {
  const stage = await scene.set();
  const state = await scene.play(stage, kills);
  const where = kills.map(({ call, moment }) => `${moment} ${call} ${calls[call - 1]}`).join(', ');
  return { state, played: { where, stage, left: await leftOf(scene, stage, state) } };
}

async function leftOf(scene: Scene, { deployment, target, finding }: Stage, state: RunState): Promise<Left> {
  const actionRuns = await deployment.actionRuns(finding);
  const limits = await deployment.limiter.show();
  return {
    state: await scene.look(target),
    changes: state.changes.map(nameAlone).toSorted(),
    actionRuns: canonical(
      actionRuns.map(({ action, sequence, status, lease, decision, before, plan, after, undo }) => ({
        ...{ action, sequence, status, lease, decision, before, plan, after },
        undo: undo?.by ?? null,
      })),
    ),
    counted: Object.fromEntries(actionKinds.map((kind) => [kind, limits[kind].uses.length])),
    told: toldOf(state),
  };
}

/** An event may come twice, and then it is the same but for the time at which it was told. */
function toldOf({ told }: RunState): unknown {
  const each = told.map((event) => {
    const { at: _at, ...rest } = Object(canonical(event));
    return [JSON.stringify([at(event, 'id'), rest]), rest] as const;
  });
  return [...new Map(each).values()];
}

/** `kms:EnableKey` without the service. */
function nameAlone(call: string): string {
  return call.slice(call.indexOf(':') + 1);
}
