/**
 * An action run: an action that was begun on a resource, from the decision to the undo. Action runs are the audit trail
 * (who or what decided, why, before, after, result), and what a run that was interrupted is resumed from.
 */

import type { AccountRegion } from '../../core/account-region.ts';
import type { ActionId, FindingSummary } from '../../core/action.ts';
import type { Resource } from '../../core/control.ts';
import type { ReversalResponse } from '../../policy/model.ts';

/** Who decided on an action, or on its undo, and why. */
export interface ActionDecision {
  readonly actor: 'policy' | 'operator';
  /** A policy is named by its file or version, an operator by the ARN or name of whoever asked. */
  readonly name: string;
  /** A sentence. */
  readonly reason: string;
}

/**
 * `begun`: the state before is stored; none, some or all of the writes are made. `done`: all are, and verified.
 * `undoing`, `undone`: likewise of the undo. `superseded`: somebody else changed the resource before it was done.
 * `deleted`: the resource was deleted before it was done or undone. `reverted`: it was done, and somebody has changed it
 * since, in whole or in part, other than by an undo of Trailseal.
 */
export const actionRunStatuses = [
  'begun',
  'done',
  'undoing',
  'undone',
  'superseded',
  'deleted',
  'reverted',
] as const;
export type ActionRunStatus = (typeof actionRunStatuses)[number];

/** Something that happened to an action run. */
export interface RunNote {
  /** ISO 8601, UTC. */
  readonly at: string;
  /** The name of the run that brought it about. */
  readonly actor: string;
  /** One or more sentences. */
  readonly text: string;
}

/** The sole right of one run to work on an action run, for a time. */
export interface Lease {
  /** The name of the run. */
  readonly owner: string;
  /** Epoch milliseconds. */
  readonly until: number;
}

/** A call in CloudTrail, as CloudTrail has it: a hint for people, on which nothing depends. */
export interface HintedCall {
  readonly eventName: string;
  /** `eventID`; `null` where the record has none. */
  readonly eventId: string | null;
  /** Who made it: an ARN or a name. */
  readonly actor: string;
  /** ISO 8601, UTC; `null` where the record has no time. */
  readonly at: string | null;
}

/** What was found when somebody had reverted an action. */
export interface Reversal {
  /** ISO 8601, UTC. */
  readonly noticedAt: string;
  /** What is not as the action run left it, each a clause. */
  readonly differences: readonly string[];
  /** The call after which it was noticed; `null` where the scheduled scan, or another event, brought it to notice. */
  readonly call: HintedCall | null;
  /** What the policy says for it, as a sentence. */
  readonly consequence: string;
  /** As the policy had it then. */
  readonly response: ReversalResponse;
}

export interface ActionRun {
  readonly finding: FindingSummary;
  readonly action: ActionId;
  /** The how many-th action run of this action for this finding, from 1. */
  readonly sequence: number;
  /** Without tags, which change. */
  readonly resource: Resource;
  /** The policy's settings for the action when it was begun. */
  readonly settings: unknown;
  readonly status: ActionRunStatus;
  readonly decision: ActionDecision;
  /** What was to be done, step by step, each a sentence. */
  readonly plan: readonly string[];
  /** The state before, of the action's own shape. */
  readonly before: unknown;
  /** What was found after it, each a clause; empty until it is done. */
  readonly after: readonly string[];
  /** ISO 8601, UTC. */
  readonly begunAt: string;
  readonly doneAt: string | null;
  readonly undoneAt: string | null;
  /** Who decided on the undo; `null` while there was none. */
  readonly undo: ActionDecision | null;
  /** How somebody reverted it; left out where nobody did. */
  readonly reversal?: Reversal | undefined;
  /** Oldest first. */
  readonly notes: readonly RunNote[];
  readonly lease: Lease | null;
  /** Grows by one with each write. */
  readonly version: number;
  /** The run that wrote it last: by it a run recognizes its own write, the answer to which was lost. */
  readonly writer: string;
}

/** Where action runs are stored. Whatever it can't do, it rejects with a `StateTableError`. */
export interface RunHistory {
  /** The newest action run of an action for a finding. */
  latest(findingId: string, action: ActionId): Promise<ActionRun | undefined>;
  /** All action runs for a finding, in the order in which they were begun. */
  of(findingId: string): Promise<readonly ActionRun[]>;
  /** The action runs begun in an account and Region since then, in that order. */
  since(accountRegion: AccountRegion, from: Date): Promise<readonly ActionRun[]>;
  /**
   * Stores a new action run, version 1, and lists it.
   * @returns `false` when there is already one of its finding, action and sequence.
   */
  begin(actionRun: ActionRun): Promise<boolean>;
  /**
   * Stores an action run in place of its version before.
   * @returns `false` when another run has written it meanwhile.
   */
  save(actionRun: ActionRun): Promise<boolean>;
}

/** What names an action run, for people, logs and limits: `<finding id> fix:enable-key 1`. */
export function nameOfActionRun({
  finding,
  action,
  sequence,
}: Pick<ActionRun, 'finding' | 'action' | 'sequence'>): string {
  return `${finding.id} ${action} ${sequence}`;
}

/**
 * The lease that keeps a run from working on the action run.
 * @param owner the name of the run.
 * @param now epoch milliseconds.
 * @returns `undefined` when there is none, it has expired, or is the run's own.
 */
export function leaseOfOther({ lease }: ActionRun, owner: string, now: number): Lease | undefined {
  return lease !== null && lease.owner !== owner && lease.until > now ? lease : undefined;
}

/** A reversal in sentences, for people. */
export function reversalText({ differences, call, consequence }: Reversal): string {
  const by = call === null ? '' : ` ${callText(call)}`;
  return `Somebody has reverted it: ${differences.join('; ')}.${by} ${consequence}`;
}

/** The call came before it was noticed, and need not have done it. */
function callText({ eventName, eventId, actor, at }: HintedCall): string {
  const id = eventId === null ? '' : `, event ${eventId}`;
  return `CloudTrail tells of ${eventName} by ${actor}${at === null ? '' : ` at ${at}`}${id}.`;
}

/** Whether an action run was begun for the failure that is open now, and not for one that was closed meanwhile. */
export function isSinceOpened(
  { begunAt }: Pick<ActionRun, 'begunAt'>,
  { openedAt }: Pick<FindingSummary, 'openedAt'>,
): boolean {
  return openedAt === null || Date.parse(begunAt) >= Date.parse(openedAt);
}

const maxNotes = 40;
const maxNoteLength = 600;

/** The action run as one run writes it: the next version, changed, and with a note of what happened. */
export function changed(
  actionRun: ActionRun,
  change: Partial<
    Pick<ActionRun, 'status' | 'after' | 'doneAt' | 'undoneAt' | 'undo' | 'lease' | 'reversal'>
  >,
  note: RunNote,
): ActionRun {
  const notes = [...actionRun.notes, { ...note, text: shortened(note.text) }];
  return {
    ...actionRun,
    ...change,
    // The first ones tell who began it.
    notes: notes.length > maxNotes ? [...notes.slice(0, 2), ...notes.slice(2 - maxNotes)] : notes,
    version: actionRun.version + 1,
    writer: note.actor,
  };
}

function shortened(text: string): string {
  return text.length <= maxNoteLength ? text : `${text.slice(0, maxNoteLength - 1)}…`;
}
