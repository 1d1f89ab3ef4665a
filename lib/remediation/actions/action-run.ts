/**
 * A action run: an action that was begun on a resource, from the decision to the undo. Action runs are the audit trail (who or
 * what decided, why, before, after, result), and what a interrupted run is resumed from.
 */

import type { ActionId, FindingSummary } from '../../core/action.ts';
import type { Resource } from '../../core/control.ts';

/** Who decided. A policy is named by its file or version, a person by the ARN or name that asked. */
export interface Decision {
  readonly by: 'policy' | 'operator';
  readonly name: string;
  /** The reason, as a sentence. */
  readonly why: string;
}

/**
 * `begun`: the before-state is kept; none, some or all of the writes are made. `done`: all are, and verified.
 * `undoing`, `undone`: likewise of the undo. `superseded`: somebody else changed the resource before it was done.
 * `deleted`: the resource ended before it was done or undone.
 */
export const actionRunStatuses = ['begun', 'done', 'undoing', 'undone', 'superseded', 'deleted'] as const;
export type ActionRunStatus = (typeof actionRunStatuses)[number];

/** Something that happened to an action run. */
export interface Note {
  /** ISO 8601, UTC. */
  readonly at: string;
  /** Who, or which run, brought it about. */
  readonly by: string;
  readonly what: string;
}

/** The sole right of one run to work on an action run, for a time. */
export interface Lease {
  readonly owner: string;
  /** Epoch milliseconds. */
  readonly until: number;
}

export interface ActionRun {
  readonly finding: FindingSummary;
  readonly action: ActionId;
  /** The how many-th action run of this action for this finding, from 1. */
  readonly sequence: number;
  /** Without tags, which change. */
  readonly resource: Resource;
  readonly settings: unknown;
  readonly status: ActionRunStatus;
  readonly decision: Decision;
  /** What was to be done, step by step, each a sentence. */
  readonly plan: readonly string[];
  /** What was there; of the action's own shape. */
  readonly before: unknown;
  /** What was found after it, each a clause; empty until it is done. */
  readonly after: readonly string[];
  /** ISO 8601, UTC. */
  readonly begunAt: string;
  readonly doneAt: string | null;
  readonly undoneAt: string | null;
  /** Who decided on the undo; `null` while there was none. */
  readonly undo: Decision | null;
  /** Oldest first. */
  readonly notes: readonly Note[];
  readonly lease: Lease | null;
  /** Grows by one with each write. */
  readonly version: number;
  /** The run that wrote it last: by it a run knows its own write, the answer to which was lost. */
  readonly writer: string;
}

/** What names an action run, for people and logs: `<finding id> fix:enable-key 1`. */
export function nameOfActionRun({
  finding,
  action,
  sequence,
}: Pick<ActionRun, 'finding' | 'action' | 'sequence'>): string {
  return `${finding.id} ${action} ${sequence}`;
}

/** The lease that keeps others from the action run; `undefined` when it is free, run out, or the owner's own. */
export function leaseOfOther({ lease }: ActionRun, owner: string, now: number): Lease | undefined {
  return lease !== null && lease.owner !== owner && lease.until > now ? lease : undefined;
}

const keptNotes = 40;
const noteLength = 600;

/** The action run as one run writes it: a version on, changed, and with a note of what happened. */
export function changed(
  actionRun: ActionRun,
  change: Partial<Pick<ActionRun, 'status' | 'after' | 'doneAt' | 'undoneAt' | 'undo' | 'lease'>>,
  note: Note,
): ActionRun {
  const notes = [...actionRun.notes, { ...note, what: shortened(note.what) }];
  return {
    ...actionRun,
    ...change,
    // The first ones say who began it.
    notes: notes.length > keptNotes ? [...notes.slice(0, 2), ...notes.slice(2 - keptNotes)] : notes,
    version: actionRun.version + 1,
    writer: note.by,
  };
}

function shortened(text: string): string {
  return text.length <= noteLength ? text : `${text.slice(0, noteLength - 1)}…`;
}
