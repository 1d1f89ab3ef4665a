/** What must hold whatever happens in the street, told anew and without the code that is to keep it. */

import { text } from '../../lib/core/json.ts';
import { type Deed, nameOfDeed } from '../../lib/remediation/actions/action-run.ts';
import type { Street } from './deployment.ts';
import { graceInMinutes, limits, protectingTag } from './deployment.ts';
import type { Lamp, Press } from './resources.ts';

const hour = 3_600_000;

/** What the people of the street have said, and nobody else knows. */
export class Town {
  /** The last days of exemptions by the policy, by a tag and by an operator. */
  readonly byPolicy = new Map<Lamp, string>();
  readonly byTag = new Map<Lamp, string>();
  readonly byOperator = new Map<Lamp, string>();
  /** When the ledger took note of an opening of a finding: `<finding>@<openedAt>`. */
  readonly notedAt = new Map<string, number>();

  exempt(it: Lamp, now: number): boolean {
    return [this.byPolicy, this.byTag, this.byOperator].some((by) => {
      const last = by.get(it);
      return last !== undefined && now < Date.parse(last) + 24 * hour;
    });
  }

  note({ ledger, lamps }: Street): void {
    for (const { finding } of lamps) {
      const entry = ledger.entries.get(finding);
      const opening = `${finding}@${entry?.finding?.openedAt}`;
      if (entry?.finding?.status === 'OPEN' && !this.notedAt.has(opening)) {
        this.notedAt.set(opening, entry.updatedAt);
      }
    }
  }

  /** What is wrong with a press, at the moment when it is made. */
  async faultsOf(press: Press, street: Street): Promise<readonly string[]> {
    const { lamp, to, at, run } = press;
    const deed = await street.at(lamp, run);
    if (deed === undefined) return [`${lamp.resource.id} at ${at}: whoever switches it has no lease for it`];
    const wrong = (bad: boolean, what: string) => (bad ? [`${lamp.resource.id} at ${at}: ${what}`] : []);
    return [
      ...wrong(
        street.killSwitch !== 'released',
        `it is switched while the kill switch is ${street.killSwitch}`,
      ),
      ...(to === 'on' ? await this.#faultsOfFix(press, deed, street) : faultsOfUndo(press, deed)).flatMap(
        (what) => wrong(true, what),
      ),
    ];
  }

  async #faultsOfFix(press: Press, deed: Deed, street: Street): Promise<readonly string[]> {
    const { lamp, at } = press;
    const finding = street.ledger.entries.get(lamp.finding)?.finding;
    const twice = street.presses.some(
      (other) =>
        other !== press && other.deed === press.deed && other.to === 'on' && other.at >= lamp.touchedAt,
    );
    const byPolicy = deed.decision.by === 'policy';
    const openedAt = Date.parse(finding?.openedAt ?? '');
    const notedAt = this.notedAt.get(`${lamp.finding}@${finding?.openedAt}`) ?? Number.POSITIVE_INFINITY;
    const deeds = await street.journal.of(lamp.finding);
    // What is taken back while a run is under way comes too late for it, and is to be taken back once more.
    const takenBack = deeds.some(
      (one) =>
        one.undo?.by === 'operator' &&
        Date.parse(one.undoneAt ?? '') >= openedAt &&
        press.takenBack.has(nameOfDeed(one)) &&
        // Unless an operator wanted it again after all.
        !deeds.some(({ sequence, decision }) => sequence > one.sequence && decision.by === 'operator'),
    );
    return [
      ...(deed.status === 'begun' ? [] : [`the deed is ${deed.status}`]),
      ...(twice ? ['it is switched on twice for one deed'] : []),
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

function faultsOfUndo({ to }: Press, deed: Deed): readonly string[] {
  const light = text(deed.before, 'light');
  return [
    ...(deed.status === 'undoing' && deed.undo?.by === 'operator' ? [] : ['nobody said that it be undone']),
    ...(to === light ? [] : [`it is ${to}, and was ${light}`]),
  ];
}

/** The journal and the lamp say the same, unless somebody else has had a hand in it. */
async function faultsOfLamp(it: Lamp, street: Street): Promise<readonly string[]> {
  const deed = await street.latest(it);
  const untouched = (since: string | null) => it.touchedAt < Date.parse(since ?? '');
  const faults: string[] = [];
  const fault = (bad: boolean, what: string) => {
    if (bad) faults.push(`${it.resource.id}: ${what}`);
  };
  if (deed?.status === 'done' && untouched(deed.doneAt))
    fault(it.light !== 'on', `done, and it is ${it.light}`);
  if (deed?.status === 'undone' && untouched(deed.undoneAt)) {
    const light = text(deed.before, 'light');
    fault(it.light !== light, `undone, and it is ${it.light} instead of ${light}`);
  }
  return faults;
}
