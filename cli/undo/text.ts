/** Undos, done or previewed, as text and as JSON. */
import { resourceName } from '../../lib/core/resource-name.ts';
import { actionRunDetails, actionRunText, wasBefore } from '../history/text.ts';
import { printable } from '../output/printable.ts';
import type { UndoAttempt, UndoAttemptResult } from './undo.ts';

/** Everything that a person needs to know before agreeing, one action run after the other. */
export function previewText(attempts: readonly UndoAttempt[]): string {
  return attempts
    .map(({ actionRun, result }, index) => {
      const lines = [...actionRunDetails(actionRun), `now       ${resultText(result)}`];
      return [`${index + 1}. ${actionRunText(actionRun)}`, ...lines.map((line) => `   ${line}`)].join('\n');
    })
    .join('\n\n');
}

/** One line for an undo; a command to run by hand has a line of its own. */
export function undoText({ actionRun, result }: UndoAttempt): string {
  return `${actionRunText(actionRun)}: ${resultText(result)}`;
}

function resultText(result: UndoAttemptResult): string {
  switch (result.kind) {
    case 'undone':
      return 'undone';
    case 'already-undone': {
      const { undo, undoneAt } = result.actionRun;
      const by = undo === null ? '' : ` by ${undo.actor} ${undo.name}`;
      return printable(`already undone${by}${undoneAt === null ? '' : ` at ${undoneAt}`}`);
    }
    case 'would-be-undone':
      return 'as Trailseal left it: would be undone, and is then as before';
    case 'deleted':
      return printable(`nothing to undo: ${result.because}`);
    case 'command':
      return `NOT undone: ${printable(result.because)} To do it by hand:\n      ${printable(result.command)}`;
    case 'impossible':
      return printable(`NOT undone, and cannot be: ${result.because}`);
    case 'refused':
      return printable(`NOT undone: ${result.because} Differences: ${result.differences.join('; ')}`);
    case 'partially-completed':
      return printable(
        `PARTIALLY undone: ${result.because} ${result.differences.join('; ')}; run the undo again to resume it`,
      );
    case 'under-way':
      return printable(`still in progress: ${result.because}; run the undo again in a minute to complete it`);
    case 'skipped':
    case 'busy':
      return printable(`NOT undone: ${result.because}`);
    case 'unreadable':
      return printable(`outcome UNKNOWN: ${result.because}`);
    case 'interrupted':
      return 'not begun: interrupted';
  }
}

export function undoJson({ actionRun, result }: UndoAttempt) {
  const { finding, action, sequence, resource, begunAt, plan, before, decision } = actionRun;
  return {
    finding: finding.id,
    action,
    sequence,
    resource: resourceName(resource),
    begunAt,
    decision,
    plan,
    before,
    was: wasBefore(actionRun),
    after: actionRun.after,
    outcome: result.kind,
    reason: 'because' in result ? result.because : null,
    differences: 'differences' in result ? result.differences : [],
    command: result.kind === 'command' ? result.command : null,
  };
}

const complete: ReadonlySet<UndoAttemptResult['kind']> = new Set([
  'undone',
  'already-undone',
  'deleted',
  'would-be-undone',
]);

/** Whether nothing of the action run is left, or would be left. */
export function isComplete({ result }: UndoAttempt): boolean {
  return complete.has(result.kind);
}
