/** Action runs as text and as JSON. What came from AWS is escaped here. */
import { resourceName } from '../../lib/core/resource-name.ts';
import { writeActions } from '../../lib/core/write.ts';
import {
  type ActionDecision,
  type ActionRun,
  reversalText,
} from '../../lib/remediation/actions/action-run.ts';
import { actionOf } from '../../lib/remediation/actions/index.ts';
import { printable, shortened } from '../output/printable.ts';
import { plainTable, wrapped } from '../output/table.ts';

function decisionText({ actor, name, reason }: ActionDecision): string {
  return `${actor} ${shortened(name, 200)}: ${shortened(reason, 400)}`;
}

/** The resource's name, with the id where the ARN is that of the resource it is part of. */
function resourceText({ resource }: ActionRun): string {
  const name = resourceName(resource);
  return name.endsWith(resource.id) ? name : `${name} (${resource.id})`;
}

/** `fix:enable-key of arn:aws:kms:…`. */
export function actionRunText(actionRun: ActionRun): string {
  return `${printable(actionRun.action)} of ${printable(resourceText(actionRun))}`;
}

/** The columns that time, action and status take, with the blanks between. */
const columnsBefore = 71;

/** A table of the action runs, in the order given. */
export function actionRunsText(actionRuns: readonly ActionRun[], width: number): string {
  const left = Math.max(40, width - columnsBefore);
  const rows = actionRuns.map((actionRun) => {
    const { begunAt, action, status, finding, decision, undo } = actionRun;
    const lines = [
      shortened(resourceText(actionRun), 400),
      shortened(finding.id, 520),
      `by ${decisionText(decision)}`,
      ...(undo === null ? [] : [`undo by ${decisionText(undo)}`]),
      ...lastNote(actionRun),
    ];
    return [
      printable(begunAt),
      printable(action),
      status,
      lines.map((line) => wrapped(line, left)).join('\n'),
    ];
  });
  return plainTable(['Begun (UTC)', 'Action', 'Status', 'Resource, finding, actor and reason'], rows);
}

/** The state after it; how somebody reverted it; of one that is not completed, its last note. */
function lastNote(actionRun: ActionRun): readonly string[] {
  const { status, after, notes } = actionRun;
  if (status === 'done') return after.length === 0 ? [] : [shortened(`now ${after.join('; ')}`, 400)];
  if (status === 'reverted' && actionRun.reversal !== undefined) {
    return [shortened(reversalText(actionRun.reversal), 600)];
  }
  const last = notes.at(-1);
  return last === undefined ? [] : [shortened(last.text, 400)];
}

/** Everything about an action run that a person needs to decide whether to undo it. */
export function actionRunDetails(actionRun: ActionRun): readonly string[] {
  const { finding, status, begunAt, doneAt, decision, plan, after } = actionRun;
  const since = doneAt === null ? `begun ${printable(begunAt)}` : printable(doneAt);
  return [
    `finding   ${shortened(`${finding.id} (${finding.severity}: ${finding.title})`, 700)}`,
    `status    ${status}, ${since}`,
    `decision  ${decisionText(decision)}`,
    ...plan.map((step) => `plan      ${shortened(step, 400)}`),
    ...wasBefore(actionRun).map((clause) => `before    ${shortened(clause, 1_000)}`),
    ...after.map((clause) => `after     ${shortened(clause, 600)}`),
    ...(actionRun.reversal === undefined
      ? []
      : [`reverted  ${shortened(reversalText(actionRun.reversal), 700)}`]),
    ...undoDetails(actionRun),
  ];
}

/** What was there before, in clauses; as it is stored, where another version of the action stored it. */
export function wasBefore({ action, before }: Pick<ActionRun, 'action' | 'before'>): readonly string[] {
  const definition = actionOf(action);
  const parsed = definition?.before.safeParse(before);
  return definition !== undefined && parsed?.success === true
    ? definition.was(parsed.data)
    : [JSON.stringify(before)];
}

function undoDetails({ action }: ActionRun): readonly string[] {
  const definition = actionOf(action);
  if (definition === undefined) return [];
  const { undo, permissions } = definition;
  if (undo.kind !== 'restores') {
    const how = undo.kind === 'command' ? 'only by hand' : 'impossible';
    return [`undo      ${how}: ${undo.because}`];
  }
  const needed = [
    ...new Set([...permissions.reads, ...undo.permissions.reads, ...writeActions(undo.permissions.writes)]),
  ];
  return [
    ...(undo.by === 'operator' ? [`exposes   ${undo.because}`] : []),
    ...undo.except.map((what) => `not back  ${what}`),
    `needs     ${needed.join(', ')}`,
  ];
}

/** An action run for programs: without what only the engine needs. */
export function actionRunJson({ lease: _, version: __, writer: ___, ...actionRun }: ActionRun) {
  return actionRun;
}
