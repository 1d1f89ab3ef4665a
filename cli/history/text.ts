/** Action runs, for people and for programs. What came from AWS is escaped here. */
import Table from 'cli-table3';
import type { ActionDecision, ActionRun } from '../../lib/remediation/actions/action-run.ts';
import { actionOf } from '../../lib/remediation/actions/index.ts';
import { printable, shortened } from '../output/printable.ts';
import { plainChars, wrapped } from '../output/table.ts';

/** ISO 8601 as people read it: `2026-11-21 10:00:00`; what is no such time as it is, escaped. */
export function timeText(iso: string): string {
  return printable(iso.replace('T', ' ').replace(/(\.\d+)?Z$/, ''));
}

export function decisionText({ actor: by, name, reason: why }: ActionDecision): string {
  return `${by} ${shortened(name, 200)}: ${shortened(why, 400)}`;
}

/** `fix:enable-key of arn:aws:kms:…`, of a resource without an ARN of its own with its id. */
export function actionRunText({ action, resource: { arn, id } }: ActionRun): string {
  const what = arn.endsWith(id) ? arn : `${arn} (${id})`;
  return `${printable(action)} of ${printable(what)}`;
}

/** The columns that time, action and status take, with the blanks between. */
const columnsBefore = 66;

/** A table of the action runs, in the order given. */
export function actionRunsText(actionRuns: readonly ActionRun[], width: number): string {
  const table = new Table({
    head: ['Begun (UTC)', 'Action', 'Status', 'What, by whom and why'],
    style: { head: [], border: [], compact: true },
    chars: plainChars,
  });
  const left = Math.max(40, width - columnsBefore);
  for (const actionRun of actionRuns) {
    const { begunAt, action, status, resource, finding, decision, undo } = actionRun;
    const lines = [
      shortened(resource.arn.endsWith(resource.id) ? resource.arn : `${resource.arn} (${resource.id})`, 400),
      shortened(finding.id, 520),
      `by ${decisionText(decision)}`,
      ...(undo === null ? [] : [`undo by ${decisionText(undo)}`]),
      ...lastWord(actionRun),
    ];
    table.push([
      timeText(begunAt),
      printable(action),
      status,
      lines.map((line) => wrapped(line, left)).join('\n'),
    ]);
  }
  return table.toString();
}

/** What was found at the end; of one that is not ended, what happened last. */
function lastWord({ status, after, notes }: ActionRun): readonly string[] {
  if (status === 'done') return after.length === 0 ? [] : [shortened(`now ${after.join('; ')}`, 400)];
  const last = notes.at(-1);
  return last === undefined ? [] : [shortened(last.text, 400)];
}

/** All there is about an action run, for who decides whether to take it back. */
export function actionRunDetails(actionRun: ActionRun): readonly string[] {
  const { finding, status, begunAt, doneAt, decision, plan, before, after } = actionRun;
  const since = doneAt === null ? `begun ${timeText(begunAt)}` : timeText(doneAt);
  return [
    `finding   ${shortened(`${finding.id} (${finding.severity}: ${finding.title})`, 700)}`,
    `status    ${status}, ${since} UTC`,
    `decided   by ${decisionText(decision)}`,
    ...plan.map((step) => `plan      ${shortened(step, 400)}`),
    `before    ${shortened(JSON.stringify(before), 1_000)}`,
    ...(after.length === 0 ? [] : [`after     ${shortened(after.join('; '), 600)}`]),
    ...undoDetails(actionRun),
  ];
}

function undoDetails({ action }: ActionRun): readonly string[] {
  const definition = actionOf(action);
  if (definition === undefined) return [];
  const { undo, permissions } = definition;
  if (undo.kind !== 'restores') {
    const how = undo.kind === 'command' ? 'only by hand' : 'impossible';
    return [`undo      ${how}: ${undo.because}`];
  }
  const needed = [...new Set([...permissions.reads, ...undo.permissions])];
  return [...undo.except.map((what) => `not back  ${what}`), `needs     ${needed.join(', ')}`];
}

/** For programs: all but what only the engine needs. */
export function actionRunJson({
  lease: _,
  version: __,
  writer: ___,
  ...actionRun
}: ActionRun): Record<string, unknown> {
  return actionRun;
}
