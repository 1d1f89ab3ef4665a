/** What must hold whatever happens in the street, told anew and without the code that is to keep it. */

import { text } from '../../lib/core/json.ts';
import { type ActionRun, nameOfActionRun } from '../../lib/remediation/actions/action-run.ts';
import type { Street } from './deployment.ts';
import { graceInMinutes, limits, protectingTag } from './deployment.ts';
import type { CustomActionEvent, Lamp } from './resources.ts';

const hour = 3_600_000;

/** What the people of the street have said, and nobody else knows. */
export class Town {
  /** The last days of exemptions by the policy, by a tag and by an operator. */
  readonly byPolicy = new Map<Lamp, string>();
  readonly byTag = new Map<Lamp, string>();
  readonly byOperator = new Map<Lamp, string>();
  /** When the state table took note of an opening of a finding: `<finding>@<openedAt>`. */
  readonly notedAt = new Map<string, number>();

  exempt(it: Lamp, now: number): boolean {
    return [this.byPolicy, this.byTag, this.byOperator].some((by) => {
      const last = by.get(it);
      return last !== undefined && now < Date.parse(last) + 24 * hour;
    });
  }

  note({ stateTable, lamps }: Street): void {
    for (const { finding } of lamps) {
      const entry = stateTable.entries.get(finding);
      const opening = `${finding}@${entry?.finding?.openedAt}`;
      if (entry?.finding?.status === 'OPEN' && !this.notedAt.has(opening)) {
        this.notedAt.set(opening, entry.updatedAt);
      }
    }
  }

  /** What is wrong with a press, at the moment when it is made. */
  async faultsOf(customActionEvent: CustomActionEvent, street: Street): Promise<readonly string[]> {
    const { lamp, to, at, run } = customActionEvent;
    const actionRun = await street.at(lamp, run);
    if (actionRun === undefined)
      return [`${lamp.resource.id} at ${at}: whoever switches it has no lease for it`];
    const wrong = (bad: boolean, what: string) => (bad ? [`${lamp.resource.id} at ${at}: ${what}`] : []);
    return [
      ...wrong(
        street.killSwitch !== 'disengaged',
        `it is switched while the kill switch is ${street.killSwitch}`,
      ),
      ...(to === 'on'
        ? await this.#faultsOfFix(customActionEvent, actionRun, street)
        : faultsOfUndo(customActionEvent, actionRun)
      ).flatMap((what) => wrong(true, what)),
    ];
  }

  async #faultsOfFix(
    customActionEvent: CustomActionEvent,
    actionRun: ActionRun,
    street: Street,
  ): Promise<readonly string[]> {
    const { lamp, at } = customActionEvent;
    const finding = street.stateTable.entries.get(lamp.finding)?.finding;
    const twice = street.customActionEvents.some(
      (other) =>
        other !== customActionEvent &&
        other.actionRun === customActionEvent.actionRun &&
        other.to === 'on' &&
        other.at >= lamp.touchedAt,
    );
    const byPolicy = actionRun.decision.by === 'policy';
    const openedAt = Date.parse(finding?.openedAt ?? '');
    const notedAt = this.notedAt.get(`${lamp.finding}@${finding?.openedAt}`) ?? Number.POSITIVE_INFINITY;
    const actionRuns = await street.journal.of(lamp.finding);
    // What is taken back while a run is under way comes too late for it, and is to be taken back once more.
    const takenBack = actionRuns.some(
      (one) =>
        one.undo?.by === 'operator' &&
        Date.parse(one.undoneAt ?? '') >= openedAt &&
        customActionEvent.takenBack.has(nameOfActionRun(one)) &&
        // Unless an operator wanted it again after all.
        !actionRuns.some(({ sequence, decision }) => sequence > one.sequence && decision.by === 'operator'),
    );
    return [
      ...(actionRun.status === 'begun' ? [] : [`the action run is ${actionRun.status}`]),
      ...(twice ? ['it is switched on twice for one action run'] : []),
      ...(finding?.status === 'OPEN' && finding.verdict === 'FAIL' ? [] : ['its finding is no open failure']),
      ...(this.exempt(lamp, at) ? ['it is exempt'] : []),
      ...(street.workflow.has(lamp.finding) ? ['its finding is suppressed, or nobody knows'] : []),
      ...(lamp.tags[protectingTag.name] === protectingTag.value ? ['it is protected'] : []),
      ...(lamp.known ? [] : ['nobody knows how it is']),
      ...(byPolicy && at < notedAt + graceInMinutes * 60_000 ? ['its grace period is not over'] : []),
      ...(byPolicy && takenBack ? ['an operator took that back'] : []),
    ];
  }

  /** What is wrong in the street as it is now. */
  async faults(street: Street): Promise<readonly string[]> {
    const all = (await Promise.all(street.lamps.map(({ finding }) => street.journal.of(finding)))).flat();
    const begun = all.map(({ begunAt }) => Date.parse(begunAt)).filter((at) => at > street.closedAt);
    const most = Math.max(
      0,
      ...begun.map((end) => begun.filter((at) => at > end - hour && at <= end).length),
    );
    const own = await Promise.all(street.lamps.map((it) => faultsOfLamp(it, street)));
    return [
      ...(most > limits.total ? [`${most} actions were begun in an hour, of ${limits.total} allowed`] : []),
      ...own.flat(),
    ];
  }
}

function faultsOfUndo({ to }: CustomActionEvent, actionRun: ActionRun): readonly string[] {
  const light = text(actionRun.before, 'light');
  return [
    ...(actionRun.status === 'undoing' && actionRun.undo?.by === 'operator'
      ? []
      : ['nobody said that it be undone']),
    ...(to === light ? [] : [`it is ${to}, and was ${light}`]),
  ];
}

/** The journal and the lamp say the same, unless somebody else has had a hand in it. */
async function faultsOfLamp(it: Lamp, street: Street): Promise<readonly string[]> {
  const actionRun = await street.latest(it);
  const untouched = (since: string | null) => it.touchedAt < Date.parse(since ?? '');
  const faults: string[] = [];
  const fault = (bad: boolean, what: string) => {
    if (bad) faults.push(`${it.resource.id}: ${what}`);
  };
  if (actionRun?.status === 'done' && untouched(actionRun.doneAt))
    fault(it.light !== 'on', `done, and it is ${it.light}`);
  if (actionRun?.status === 'undone' && untouched(actionRun.undoneAt)) {
    const light = text(actionRun.before, 'light');
    fault(it.light !== light, `undone, and it is ${it.light} instead of ${light}`);
  }
  return faults;
}
