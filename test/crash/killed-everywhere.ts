/**
 * A scenario (a message, or a command), undisturbed, and once for each call that it makes to AWS: killed there, and resumed
 * as the queue, or whoever gave the command, does it.
 */
import type { Target } from '../../lib/core/action.ts';
import { at } from '../../lib/core/json.ts';
import { actionKinds } from '../../lib/policy/model.ts';
import { someOf } from '../suite.ts';
import { isRead } from './calls.ts';
import { canonical } from './canonical.ts';
import type { Deployment } from './deployment.ts';
import type { MessageState } from './messages.ts';
import type { Kill } from './relay.ts';

/** What happens. */
export interface Scenario {
  /** Creates what there is before it, in a deployment of its own. */
  prepare(): Promise<Setting>;
  /** Has it happen, with its first processes killed, each at the call that is meant for it. */
  play(setting: Setting, kills: readonly Kill[]): Promise<MessageState>;
  /** How the resource is afterwards. */
  readState(target: Target): Promise<unknown>;
}

export interface Setting {
  readonly deployment: Deployment;
  readonly target: Target;
  /** The finding's id. */
  readonly finding: string;
  /** The message that brings the transition to `remediate`. */
  readonly message: string;
}

/** What a run has left, without what differs from one run to the next in any case. */
export interface Remains {
  readonly state: unknown;
  /** Changes that AWS has carried out, by their names, in the order of these. */
  readonly changes: readonly string[];
  readonly actionRuns: unknown;
  /** How many of each kind count against the limits. */
  readonly counted: unknown;
  /** The events on the bus, each id once. */
  readonly events: unknown;
}

export interface Played {
  /** Where it was killed: `before 3 kms:EnableKey`; one after the other, where more than once. */
  readonly where: string;
  readonly remains: Remains;
  readonly setting: Setting;
}

export interface Everywhere {
  readonly undisturbed: Played;
  readonly killed: readonly Played[];
  /** How often a process was killed in all. */
  readonly kills: number;
  readonly calls: readonly string[];
}

/** @param where the processes of a run that makes these calls are killed, run by run. */
export async function killedEverywhere(
  scenario: Scenario,
  where: (calls: readonly string[]) => readonly (readonly Kill[])[] = everywhere,
): Promise<Everywhere> {
  const { played: undisturbed, state } = await playOnce(scenario, []);
  const killed: Played[] = [];
  let kills = 0;
  for (const some of someOf(where(state.calls))) {
    const { played, state: killedState } = await playOnce(scenario, some, state.calls);
    if (killedState.killed !== some.length)
      throw new Error(`it was killed ${killedState.killed} times: ${played.where}`);
    kills += killedState.killed;
    killed.push(played);
  }
  return { undisturbed, killed, kills, calls: state.calls };
}

/**
 * Before each call; and after those that write: to be killed after a read is the same, for all that AWS and the next
 * process know, as before the call that follows it. Processes that are killed before the first write leave nothing, so
 * that they are killed one after the other in one run, as long as a request is carried out and its message delivered.
 */
function everywhere(calls: readonly string[]): readonly (readonly Kill[])[] {
  const first = firstWrite(calls);
  const before = calls.map((_, index): Kill => ({ call: index + 1, moment: 'before' }));
  const others = [...before.slice(first), ...afterWrites(calls)];
  return [
    ...inRows(before.slice(0, first)),
    ...others.toSorted((one, other) => one.call - other.call).map((kill) => [kill]),
  ];
}

/** A killed process hides its message for an hour and a half, and a request is for a day. */
const mostInRow = 10;

function inRows(kills: readonly Kill[]): readonly (readonly Kill[])[] {
  const rows = Math.ceil(kills.length / mostInRow);
  return Array.from({ length: rows }, (_, row) => kills.slice(row * mostInRow, (row + 1) * mostInRow));
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

async function playOnce(scenario: Scenario, kills: readonly Kill[], calls: readonly string[] = []) {
  const setting = await scenario.prepare();
  const state = await scenario.play(setting, kills);
  const where = kills.map(({ call, moment }) => `${moment} ${call} ${calls[call - 1]}`).join(', ');
  return { state, played: { where, setting, remains: await remainsOf(scenario, setting, state) } };
}

async function remainsOf(
  scenario: Scenario,
  { deployment, target, finding }: Setting,
  state: MessageState,
): Promise<Remains> {
  const actionRuns = await deployment.actionRuns(finding);
  const limits = await deployment.limiter.show();
  return {
    state: await scenario.readState(target),
    changes: state.changes.map(nameAlone).toSorted(),
    actionRuns: canonical(
      actionRuns.map(({ action, sequence, status, lease, decision, before, plan, after, undo }) => ({
        ...{ action, sequence, status, lease, decision, before, plan, after },
        undo: undo?.actor ?? null,
      })),
    ),
    counted: Object.fromEntries(actionKinds.map((kind) => [kind, limits[kind].runs.length])),
    events: eventsOf(state),
  };
}

/** An event may come twice, and then it is the same but for the time at which it was published. */
function eventsOf({ events }: MessageState): unknown {
  const each = events.map((event) => {
    const { at: _at, ...rest } = Object(canonical(event));
    return [JSON.stringify([at(event, 'id'), rest]), rest] as const;
  });
  return [...new Map(each).values()];
}

/** `kms:EnableKey` without the service. */
function nameAlone(call: string): string {
  return call.slice(call.indexOf(':') + 1);
}
