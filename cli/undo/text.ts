/** What came of an undo, or would come of it, for people and for programs. */

import { actionRunDetails, actionRunText } from '../history/text.ts';
import { printable } from '../output/printable.ts';
import type { Result, Taken } from './undo.ts';

/** Everything that is known before a person is asked, action run by action run. */
export function previewText(foreseen: readonly Taken[]): string {
  return foreseen
    .map(({ actionRun, result }, accountRegion) => {
      const lines = [...actionRunDetails(actionRun), `now       ${resultText(result)}`];
      return [`${accountRegion + 1}. ${actionRunText(actionRun)}`, ...lines.map((line) => `   ${line}`)].join(
        '\n',
      );
    })
    .join('\n\n');
}

/** One line: what came of an action run's undo; a command has a line of its own. */
export function takenText({ actionRun, result }: Taken): string {
  return `${actionRunText(actionRun)}: ${resultText(result)}`;
}

function resultText(result: Result): string {
  switch (result.kind) {
    case 'undone':
      return 'undone';
    case 'already-undone': {
      const { undo, undoneAt } = result.actionRun;
      const by = undo === null ? '' : ` by ${undo.actor} ${undo.name}`;
      return printable(`already undone${by}${undoneAt === null ? '' : ` at ${undoneAt}`}`);
    }
    case 'would-be-undone':
      return 'would be undone';
    case 'deleted':
      return printable(`nothing left to undo: ${result.because}`);
    case 'command':
      return `NOT undone: ${printable(result.because)} The command:\n      ${printable(result.command)}`;
    case 'impossible':
      return printable(`NOT undone, as it can't be: ${result.because}`);
    case 'refused':
      return printable(`NOT undone: ${result.because} What differs: ${result.differences.join('; ')}`);
    case 'partially-completed':
      return printable(
        `HALF undone: ${result.because} ${result.differences.join('; ')}; undo it again to go on`,
      );
    case 'under-way':
      return printable(`still under way: ${result.because}; undo it again in a minute to end it`);
    case 'skipped':
      return printable(`NOT undone: ${result.because}`);
    case 'busy':
      return printable(`NOT undone: ${result.because}`);
    case 'unreadable':
      return printable(`NOT known: ${result.because}`);
    case 'interrupted':
      return 'not begun: interrupted';
  }
}

/** For programs. */
export function takenJson({ actionRun, result }: Taken): Record<string, unknown> {
  const { finding, action, sequence, resource, begunAt, plan, before, decision } = actionRun;
  return {
    finding: finding.id,
    action,
    sequence,
    resource: resource.arn,
    begunAt,
    decision,
    plan,
    before,
    after: actionRun.after,
    outcome: result.kind,
    because: 'because' in result ? result.because : null,
    differences: 'differences' in result ? result.differences : [],
    command: result.kind === 'command' ? result.command : null,
  };
}

const fine: ReadonlySet<Result['kind']> = new Set(['undone', 'already-undone', 'deleted', 'would-be-undone']);

/** Whether everything is as if the action run had never been done, or would be. */
export function isFine({ result }: Taken): boolean {
  return fine.has(result.kind);
}
