/** See `remediation.ts`. It prints figures on how remediation coped with the faults; the invariants are tested here. */
import { beforeAll, describe, expect, it } from 'vitest';
import { detailTypes } from '../../lib/remediation/events/transition.ts';
import { coverage, faultLines } from './fault-plan.ts';
import type { FailingFixture } from './fixtures.ts';
import { plan, type RemediationOutcome, remediateWithFaults } from './remediation.ts';
import type { ReceivedEvent } from './subscriptions.ts';

/** Milliseconds for all of it, the deployment included; the emulators end with this program. */
const limit = 480_000;

let outcome: RemediationOutcome;

beforeAll(async () => {
  outcome = await remediateWithFaults();
  printFigures(outcome);
}, limit);

describe('a hundred and fifty failures that are remediated while three calls in ten go wrong', () => {
  it('are 151, and meet faults at every service', () => {
    expect([outcome.fixtures.length, outcome.passing]).toEqual([151, []]);
    const { without, share } = coverage(plan, outcome.faults);
    expect(without).toEqual([]);
    expect(share).toBeGreaterThan(0.25);
  });

  it('are each fixed, or reported with the reason why not', () => {
    const { unfixed, letters } = outcome.afterFaults;
    const lost = unfixed.filter(
      ({ fixture: { finding, event } }) =>
        !letters.some(
          ({ body, reason }) =>
            reason !== undefined &&
            (body.includes(finding) || body.includes(String(event.detail['eventID']))),
        ) && !outcome.events.some((received) => received.finding === finding && saysWhyNot(received)),
    );
    expect(lost.map(({ is }) => is)).toEqual([]);
  });

  it('are all fixed after a redrive of the dead letters and two scheduled scans', () => {
    const { unfixed, ...state } = outcome.afterScheduledScans;
    expect({ ...state, unfixed: unfixed.map(({ is }) => is) }).toEqual({
      empty: true,
      unfixed: [],
      letters: [],
      lostTransitions: 0,
    });
  });

  it('have one action run of every action each, with its last status', () => {
    expect(outcome.remediated.map(({ fixture: { id }, actionRuns }) => [id, actionRuns])).toEqual(
      outcome.fixtures.map((fixture) => [
        fixture.id,
        actionRunsOf(outcome, fixture).map(([action, { ends }]) => `${action} 1 ${ends}`),
      ]),
    );
  });

  it('are each changed once by every action, and nothing else is', () => {
    expect(outcome.unrelated).toEqual([]);
    expect(outcome.remediated.map(({ fixture: { id }, changes }) => [id, changes])).toEqual(
      outcome.fixtures.map((fixture) => [
        fixture.id,
        Object.fromEntries(
          actionRunsOf(outcome, fixture).flatMap(([, { changes }]) => changes.map((name) => [name, 1])),
        ),
      ]),
    );
  });

  it('are on the bus when they fail and when an action is done, each time under one id', () => {
    expect(idsOf(outcome, ({ type }) => type === detailTypes.failed)).toEqual(
      outcome.fixtures.map(({ finding }) => [finding, 1]),
    );
    const actions = new Set(outcome.fixtures.flatMap(({ kind }) => Object.keys(kind.actionRuns)));
    for (const action of actions) {
      const having = (fixture: FailingFixture): boolean =>
        actionRunsOf(outcome, fixture).some(([name]) => name === action);
      expect(idsOf(outcome, (event) => event.action === action && event.outcome === 'done', having)).toEqual(
        outcome.fixtures.filter(having).map(({ finding }) => [finding, 1]),
      );
    }
  });

  it('are in the notifications as they are on the bus', () => {
    const notified = new Set(outcome.notified);
    const missing = outcome.events.filter((event) => isForPeople(event) && !notified.has(event.id));
    expect(missing).toEqual([]);
  });

  it('are as they were before where the actions are undone', () => {
    expect(outcome.notUndone).toEqual([]);
  });
});

/**
 * The action runs that are expected. Where tagging was skipped, and a notification says so, a key may have been fixed before
 * it could be tagged: then there is no failure left to tag.
 */
function actionRunsOf({ events, remediated }: RemediationOutcome, fixture: FailingFixture) {
  const { kind, finding } = fixture;
  const found = remediated.find((one) => one.fixture === fixture)?.actionRuns ?? [];
  const wasSkipped = events.some(
    (one) => one.finding === finding && one.action === 'tag' && one.outcome === 'skipped',
  );
  return Object.entries(kind.actionRuns)
    .filter(([action]) => {
      const isFixed = kind.actionRuns['fix:enable-key'] !== undefined;
      const isTagged = found.some((actionRun) => actionRun.startsWith(`${action} `));
      return action !== 'tag' || !isFixed || !wasSkipped || isTagged;
    })
    .toSorted(([one], [other]) => (one < other ? -1 : 1));
}

/** Not events about notifications or tags alone, nor ones that close a closed finding: two evaluations may come in any order. */
function isForPeople({ type, previous, action }: ReceivedEvent): boolean {
  const closes = type === detailTypes.passed || type === detailTypes.deleted;
  return action !== 'notify' && action !== 'tag' && (!closes || previous === 'OPEN');
}

function saysWhyNot({ outcome, because }: ReceivedEvent): boolean {
  return (outcome === 'skipped' || outcome === 'partially-completed') && Boolean(because);
}

/** For each finding, the number of matching events; repetitions are counted once. */
function idsOf(
  { fixtures, events }: RemediationOutcome,
  matches: (event: ReceivedEvent) => boolean,
  isConcerned: (fixture: FailingFixture) => boolean = () => true,
): readonly (readonly [string, number])[] {
  const byFinding = Map.groupBy(events.filter(matches), ({ finding }) => finding);
  return fixtures
    .filter(isConcerned)
    .map(({ finding }) => [finding, new Set(byFinding.get(finding)?.map(({ id }) => id)).size]);
}

function printFigures({
  fixtures,
  faults,
  figures,
  afterFaults,
  afterScheduledScans,
  events,
  notified,
}: RemediationOutcome): void {
  const rounded = (value: number) => Math.round(value).toLocaleString('en');
  const distinct = new Set(events.map(({ id }) => id)).size;
  const withOutcome = (outcome: string) =>
    new Set(events.filter((one) => one.outcome === outcome).map(({ id }) => id)).size;
  const lines = [
    `failures                ${fixtures.length}`,
    ...faultLines(faults),
    `refused of batches      ${figures.refused} entries`,
    `calls, and retries      ${rounded(figures.calls)}, ${rounded(figures.retries)}`,
    `changes, and repeats    ${figures.changes}, ${figures.repeats} that changed nothing`,
    `fixed with faults       ${figures.fixedWithFaults}`,
    `not fixed yet           ${afterFaults.unfixed.length} after the faults, ${afterScheduledScans.unfixed.length} after two scheduled scans`,
    `dead letters            ${afterFaults.letters.length} after the faults, ${afterScheduledScans.letters.length} in the end`,
    `skipped                 ${withOutcome('skipped')}`,
    `partially completed     ${withOutcome('partially-completed')}`,
    `events, and repeats     ${distinct}, ${events.length - distinct}`,
    `notified                ${new Set(notified).size} events, ${notified.length - new Set(notified).size} of them again`,
    `duration                with faults ${rounded(figures.secondsWithFaults)} s, in all ${rounded(figures.seconds)} s`,
  ];
  process.stdout.write(`\n${lines.map((line) => `  ${line}`).join('\n')}\n\n`);
}
