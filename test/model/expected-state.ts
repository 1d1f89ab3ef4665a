/** The invariants of remediation, stated anew and without the code that is to hold them. */

import { text } from '../../lib/core/json.ts';
import { type ActionRun, nameOfActionRun } from '../../lib/remediation/actions/action-run.ts';
import type { FakeKey, KeyWrite } from './fake-keys.ts';
import { graceInMinutes, limits, protectingTag, type SimulatedDeployment } from './simulated-deployment.ts';

const hour = 3_600_000;

/** What people have said, and when findings were opened. */
export class ExpectedState {
  /** The last days of exemptions by the policy, by a tag and by an operator. */
  readonly byPolicy = new Map<FakeKey, string>();
  readonly byTag = new Map<FakeKey, string>();
  readonly byOperator = new Map<FakeKey, string>();
  /** When the state table recorded an opening of a finding: `<finding>@<openedAt>`. */
  readonly recordedAt = new Map<string, number>();

  isExempt(key: FakeKey, now: number): boolean {
    return [this.byPolicy, this.byTag, this.byOperator].some((lastDays) => {
      const last = lastDays.get(key);
      return last !== undefined && now < Date.parse(last) + 24 * hour;
    });
  }

  /** Notes the findings that were opened. */
  note({ stateTable, keys }: SimulatedDeployment): void {
    for (const { finding } of keys) {
      const entry = stateTable.entries.get(finding);
      const opening = `${finding}@${entry?.finding?.openedAt}`;
      if (entry?.finding?.status === 'OPEN' && !this.recordedAt.has(opening)) {
        this.recordedAt.set(opening, entry.updatedAt);
      }
    }
  }

  /** The invariants that a write violates, at the moment when it is made. */
  async violationsOfWrite(write: KeyWrite, deployment: SimulatedDeployment): Promise<readonly string[]> {
    const { key, to, at, run } = write;
    const actionRun = await deployment.leasedBy(key, run);
    if (actionRun === undefined) {
      return [`${key.resource.id} at ${at}: the run that writes has no lease`];
    }
    const { killSwitch } = deployment;
    const violations = [
      ...(killSwitch === 'disengaged' ? [] : [`it is written while the kill switch is ${killSwitch}`]),
      ...(to === 'enabled'
        ? await this.#violationsOfFix(write, actionRun, deployment)
        : violationsOfUndo(write, actionRun)),
    ];
    return violations.map((violation) => `${key.resource.id} at ${at}: ${violation}`);
  }

  async #violationsOfFix(
    write: KeyWrite,
    actionRun: ActionRun,
    deployment: SimulatedDeployment,
  ): Promise<readonly string[]> {
    const { key, at } = write;
    const finding = deployment.stateTable.entries.get(key.finding)?.finding;
    const isRepeated = deployment.writes.some(
      (other) =>
        other !== write &&
        other.actionRun === write.actionRun &&
        other.to === 'enabled' &&
        other.at >= key.changedByHandAt,
    );
    const byPolicy = actionRun.decision.actor === 'policy';
    const openedAt = Date.parse(finding?.openedAt ?? '');
    const recordedAt = this.recordedAt.get(`${key.finding}@${finding?.openedAt}`) ?? Number.POSITIVE_INFINITY;
    const actionRuns = await deployment.history.of(key.finding);
    // What is undone while a run is under way comes too late for it, and is to be undone once more.
    const isUndone = actionRuns.some(
      (one) =>
        one.undo?.actor === 'operator' &&
        Date.parse(one.undoneAt ?? '') >= openedAt &&
        write.undoneBefore.has(nameOfActionRun(one)) &&
        // Unless an operator requested it again.
        !actionRuns.some(
          ({ sequence, decision }) => sequence > one.sequence && decision.actor === 'operator',
        ),
    );
    return [
      ...(actionRun.status === 'begun' ? [] : [`the action run is ${actionRun.status}`]),
      ...(isRepeated ? ['it is enabled twice for one action run'] : []),
      ...(finding?.status === 'OPEN' && finding.verdict === 'FAIL' ? [] : ['its finding is no open failure']),
      ...(this.isExempt(key, at) ? ['it is exempt'] : []),
      ...(deployment.workflow.has(key.finding) ? ['its finding is suppressed, or that is unknown'] : []),
      ...(key.tags[protectingTag.name] === protectingTag.value ? ['it is protected'] : []),
      ...(key.readable ? [] : ['its state is unknown']),
      ...(byPolicy && at < recordedAt + graceInMinutes * 60_000 ? ['its grace period is not over'] : []),
      ...(byPolicy && isUndone ? ['an operator undid that'] : []),
    ];
  }

  /** The invariants that the deployment violates as it is now. */
  async violations(deployment: SimulatedDeployment): Promise<readonly string[]> {
    const { keys, history, resetAt } = deployment;
    const all = (await Promise.all(keys.map(({ finding }) => history.of(finding)))).flat();
    const begun = all.map(({ begunAt }) => Date.parse(begunAt)).filter((at) => at > resetAt);
    const most = Math.max(
      0,
      ...begun.map((end) => begun.filter((at) => at > end - hour && at <= end).length),
    );
    const ofKeys = await Promise.all(keys.map((key) => violationsOfKey(key, deployment)));
    return [
      ...(most > limits.total ? [`${most} actions were begun in an hour, of ${limits.total} allowed`] : []),
      ...ofKeys.flat(),
    ];
  }
}

function violationsOfUndo({ to }: KeyWrite, actionRun: ActionRun): readonly string[] {
  const before = text(actionRun.before, 'value');
  return [
    ...(actionRun.status === 'undoing' && actionRun.undo?.actor === 'operator'
      ? []
      : ['no operator decided to undo it']),
    ...(to === before ? [] : [`it is ${to}, and was ${before}`]),
  ];
}

/** The run history and the key agree, unless somebody else has changed the key. */
async function violationsOfKey(key: FakeKey, deployment: SimulatedDeployment): Promise<readonly string[]> {
  const actionRun = await deployment.latest(key);
  const isUntouched = (since: string | null) => key.changedByHandAt < Date.parse(since ?? '');
  const before = text(actionRun?.before, 'value');
  const { id } = key.resource;
  return [
    ...(actionRun?.status === 'done' && isUntouched(actionRun.doneAt) && key.value !== 'enabled'
      ? [`${id}: done, and it is ${key.value}`]
      : []),
    ...(actionRun?.status === 'undone' && isUntouched(actionRun.undoneAt) && key.value !== before
      ? [`${id}: undone, and it is ${key.value} instead of ${before}`]
      : []),
  ];
}
