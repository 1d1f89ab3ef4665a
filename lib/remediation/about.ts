/** Events about actions, from what is known of them. */
import type { AnyAction } from '../core/action.ts';
import type { Action, Resource } from '../core/control.ts';
import type { Finding } from '../findings/finding.ts';
import type { SkippedBecause } from '../policy/model.ts';
import type { ActionRun, Decision } from './actions/action-run.ts';
import { type ActionEvent, actionEventVersion } from './events/action-event.ts';
import { toldActor } from './events/transition.ts';

export interface About {
  /** The same for the same event. */
  readonly id: string;
  readonly outcome: ActionEvent['outcome'];
  readonly because: string;
  /** Why the plan skips it, where that is what stops it. */
  readonly skippedBecause?: SkippedBecause;
  readonly at: Date;
  /** When a pending action will be done. */
  readonly due?: Date;
  readonly actionRun?: ActionRun;
  readonly definition?: AnyAction;
  /** Who decided; else it is as the action run says. */
  readonly decision?: Decision;
  /** The deployment's, for the command that undoes it. */
  readonly stage: string;
}

export function about(
  finding: Pick<Finding, 'id' | 'control' | 'title' | 'severity'> &
    Partial<Pick<Finding, 'actor' | 'evidence'>>,
  { type, id: resourceId, arn, account, region }: Resource,
  action: Action | 'undo' | 'fix',
  { id, outcome, because, skippedBecause, at, due, actionRun, definition, decision, stage }: About,
): ActionEvent {
  const decided = decision ??
    actionRun?.undo ??
    actionRun?.decision ?? { by: 'policy' as const, name: 'the policy', why: because };
  return {
    version: actionEventVersion,
    id,
    finding: finding.id,
    account,
    region,
    control: { id: finding.control, title: finding.title },
    severity: finding.severity,
    resource: { type, id: resourceId, arn },
    ...(finding.actor === undefined ? {} : { actor: toldActor(finding.actor) }),
    ...(finding.evidence === undefined ? {} : { summary: finding.evidence.summary }),
    action,
    outcome,
    because,
    ...(skippedBecause === undefined ? {} : { skippedBecause }),
    plan: [...(actionRun?.plan ?? [])],
    due: due?.toISOString() ?? null,
    undo: definition === undefined ? '' : howToUndo(definition, finding.id, stage),
    decision: { ...decided },
    at: at.toISOString(),
  };
}

/** For people: the command, and what it can't bring back; or why there is none. */
export function howToUndo({ undo }: AnyAction, finding: string, stage: string): string {
  switch (undo.kind) {
    case 'restores': {
      const except = undo.except.length === 0 ? '' : `; it can not bring back: ${undo.except.join('; ')}`;
      return `${undoCommand(finding, stage)}${except}`;
    }
    case 'command':
      return `Not by Trailseal itself: ${undo.because} "trailseal undo" prints the command.`;
    case 'impossible':
      return `It can't be undone: ${undo.because}`;
  }
}

/** The command that undoes what was done about a finding; without one, of whichever is put in its place. */
export function undoCommand(finding: string | undefined, stage: string): string {
  const which = finding === undefined ? 'FINDING' : `'${finding.replaceAll("'", String.raw`'\''`)}'`;
  return `trailseal undo --stage ${stage} ${which}`;
}
