/** See `remediation-storm.ts`. The figures that it prints say how remediation held out; what must hold is held here. */
import { beforeAll, describe, expect, it } from 'vitest';
import { detailTypes } from '../../lib/remediation/events/transition.ts';
import type { Heard } from './listening.ts';
import type { Offender } from './offenders.ts';
import { type Outcome, runStorm, weather } from './remediation-storm.ts';

/** Milliseconds for all of it, the deployment included; the emulators end with this program. */
const limit = 480_000;

let outcome: Outcome;

beforeAll(async () => {
  outcome = await runStorm();
  report(outcome);
}, limit);

describe('a hundred and fifty failures that are remediated while three calls in ten go wrong', () => {
  it('are so many, and meet faults at every service', () => {
    expect([outcome.offenders.length, outcome.passing]).toEqual([151, []]);
    const unharmed = weather.services.filter((service) => (outcome.met.get(service)?.faulted ?? 0) === 0);
    expect(unharmed).toEqual([]);
    const all = [...outcome.met.values()];
    const total = (of: 'requests' | 'faulted') => all.reduce((sum, one) => sum + one[of], 0);
    expect(total('faulted') / total('requests')).toBeGreaterThan(0.25);
  });

  it('are each fixed, or told of with the reason why not', () => {
    const { unmended, letters } = outcome.afterStorm;
    const lost = unmended.filter(
      ({ offender: { finding, event } }) =>
        !letters.some(
          ({ body, reason }) =>
            reason !== undefined &&
            (body.includes(finding) || body.includes(String(event.detail['eventID']))),
        ) && !outcome.heard.some((heard) => heard.finding === finding && tellsWhyNot(heard)),
    );
    expect(lost.map(({ is }) => is)).toEqual([]);
  });

  it('are all fixed after what was put aside is sent again, and scheduled scans', () => {
    const { quiet, unmended, letters, untold } = outcome.afterScheduledScans;
    expect({ quiet, unmended: unmended.map(({ is }) => is), letters, untold }).toEqual({
      quiet: true,
      unmended: [],
      letters: [],
      untold: 0,
    });
  });

  it('have one action run each of every action, at its end', () => {
    expect(outcome.done.map(({ offender: { id }, actionRuns }) => [id, actionRuns])).toEqual(
      outcome.offenders.map((offender) => [
        offender.id,
        actionRunsOf(outcome, offender).map(([action, { ends }]) => `${action} 1 ${ends}`),
      ]),
    );
  });

  it('are each changed once by every action, and nothing else is', () => {
    expect(outcome.strange).toEqual([]);
    expect(outcome.done.map(({ offender: { id }, changes }) => [id, changes])).toEqual(
      outcome.offenders.map((offender) => [
        offender.id,
        Object.fromEntries(
          actionRunsOf(outcome, offender).flatMap(([, { changes }]) => changes.map((name) => [name, 1])),
        ),
      ]),
    );
  });

  it('are told on the bus when they fail and when something is done, each time by one id', () => {
    expect(idsOf(outcome, ({ type }) => type === detailTypes.failed)).toEqual(
      outcome.offenders.map(({ finding }) => [finding, 1]),
    );
    const actions = new Set(outcome.offenders.flatMap(({ kind }) => Object.keys(kind.actionRuns)));
    for (const action of actions) {
      const having = (offender: Offender): boolean =>
        actionRunsOf(outcome, offender).some(([name]) => name === action);
      expect(idsOf(outcome, (heard) => heard.action === action && heard.outcome === 'done', having)).toEqual(
        outcome.offenders.filter(having).map(({ finding }) => [finding, 1]),
      );
    }
  });

  it('are told to people, whatever was told on the bus', () => {
    const told = new Set(outcome.told);
    const untold = outcome.heard.filter((heard) => isForPeople(heard) && !told.has(heard.id));
    expect(untold).toEqual([]);
  });

  it('are as they were before where that is taken back', () => {
    expect(outcome.notTakenBack).toEqual([]);
  });
});

/**
 * The action runs that there should be. Where tagging was skipped, and people told so, a key may have been fixed before it could
 * be tagged: then nothing is left to be tagged for.
 */
function actionRunsOf({ heard, done }: Outcome, offender: Offender) {
  const { kind, finding } = offender;
  const there = done.find((one) => one.offender === offender)?.actionRuns ?? [];
  const wasSkipped = heard.some(
    (one) => one.finding === finding && one.action === 'tag' && one.outcome === 'skipped',
  );
  return Object.entries(kind.actionRuns)
    .filter(([action]) => {
      const isFixed = kind.actionRuns['fix:enable-key'] !== undefined;
      const isTagged = there.some((actionRun) => actionRun.startsWith(`${action} `));
      return action !== 'tag' || !isFixed || !wasSkipped || isTagged;
    })
    .toSorted(([one], [other]) => (one < other ? -1 : 1));
}

/** All but that people are not to be told, and what closes a finding that is closed: two looks may come in any order. */
function isForPeople({ type, previous, action }: Heard): boolean {
  const closes = type === detailTypes.passed || type === detailTypes.deleted;
  return action !== 'notify' && (!closes || previous === 'OPEN');
}

function tellsWhyNot({ outcome, because }: Heard): boolean {
  return (outcome === 'skipped' || outcome === 'partially-completed') && Boolean(because);
}

/** For each finding, how many events there are of a sort, those that came again counted once. */
function idsOf(
  { offenders, heard }: Outcome,
  isOf: (heard: Heard) => boolean,
  isConcerned: (offender: Offender) => boolean = () => true,
): readonly (readonly [string, number])[] {
  const byFinding = Map.groupBy(heard.filter(isOf), ({ finding }) => finding);
  return offenders
    .filter(isConcerned)
    .map(({ finding }) => [finding, new Set(byFinding.get(finding)?.map(({ id }) => id)).size]);
}

function report({ offenders, met, figures, afterStorm, afterScheduledScans, heard, told }: Outcome): void {
  const rounded = (value: number) => Math.round(value).toLocaleString('en');
  const events = new Set(heard.map(({ id }) => id)).size;
  const because = (outcome: string) =>
    new Set(heard.filter((one) => one.outcome === outcome).map(({ id }) => id)).size;
  const lines = [
    `failures                ${offenders.length}`,
    ...[...met].map(
      ([service, { requests, faulted }]) =>
        `faults at ${service.padEnd(13)} ${faulted} of ${requests} requests (${Math.round((100 * faulted) / requests)} %)`,
    ),
    `refused of batches      ${figures.refused} entries`,
    `calls, and retries      ${rounded(figures.calls)}, ${rounded(figures.retries)}`,
    `changes, and repeats    ${figures.changes}, ${figures.repeats} that changed nothing`,
    `fixed in the storm      ${figures.mendedInStorm}`,
    `not fixed yet           ${afterStorm.unmended.length} after the storm, ${afterScheduledScans.unmended.length} after two scheduled scans`,
    `dead letters            ${afterStorm.letters.length} after the storm, ${afterScheduledScans.letters.length} in the end`,
    `skipped, partially completed     ${because('skipped')}, ${because('partially-completed')}`,
    `events, and repeats     ${events}, ${heard.length - events}`,
    `told to people          ${new Set(told).size} events, ${told.length - new Set(told).size} of them again`,
    `duration                storm ${rounded(figures.stormSeconds)} s, in all ${rounded(figures.seconds)} s`,
  ];
  process.stdout.write(`\n${lines.map((line) => `  ${line}`).join('\n')}\n\n`);
}
