/** What may happen in a simulated deployment, each in any order and any number of times. */
import fc, { type Scheduler } from 'fast-check';
import { CrashingRun } from './crashing-run.ts';
import type { ExpectedState } from './expected-state.ts';
import type { FakeKey } from './fake-keys.ts';
import { protectingTag, type SimulatedDeployment } from './simulated-deployment.ts';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

type Run = (expected: ExpectedState, deployment: SimulatedDeployment) => Promise<unknown> | unknown;

/** Does something, checks all invariants, and lets a second pass. */
class Command implements fc.AsyncCommand<ExpectedState, SimulatedDeployment> {
  readonly #name: string;
  readonly #run: Run;

  constructor(name: string, run: Run) {
    this.#name = name;
    this.#run = run;
  }

  check(): boolean {
    return true;
  }

  async run(expected: ExpectedState, deployment: SimulatedDeployment): Promise<void> {
    await this.#run(expected, deployment);
    expected.note(deployment);
    const violations = [...deployment.violations, ...(await expected.violations(deployment))];
    if (violations.length > 0) throw new Error(violations.join('\n'));
    await deployment.advance(1_000);
  }

  toString(): string {
    return this.#name;
  }
}

const nth = fc.nat({ max: 2 });
/** Calls after which a run crashes; most do not. */
const steps = fc.option(fc.nat({ max: 40 }), { nil: undefined, freq: 3 });

/** Something that happens to one of the keys. */
function to<T>(
  name: string,
  value: fc.Arbitrary<T>,
  run: (
    key: FakeKey,
    value: T,
    expected: ExpectedState,
    deployment: SimulatedDeployment,
  ) => Promise<unknown> | unknown,
): fc.Arbitrary<Command> {
  return fc.tuple(nth, value).map(
    ([index, chosen]) =>
      new Command(`${name}(${index}, ${String(chosen)})`, async (expected, deployment) => {
        const key = deployment.keys[index];
        if (key !== undefined) await run(key, chosen, expected, deployment);
      }),
  );
}

/** The last day of something that holds for so many days from now. */
function lastDay({ now }: SimulatedDeployment, days: number): string {
  return new Date(now + days * day).toISOString().slice(0, 10);
}

const nothing = fc.constant('');
/** What stands in the way is removed more often than not: else nothing would ever be done. */
const rarely = fc.constantFrom(true, false, false);
/** Days for which something holds; -1: it holds no more. */
const days = fc.constantFrom(-1, -1, -1, 0, 2);
const observations = fc.constantFrom('event' as const, 'scan' as const);

const deliver = fc
  .record({ which: fc.nat({ max: 5 }), keep: fc.boolean(), steps })
  .map(
    ({ which, keep, steps }) =>
      new Command(
        `deliver(${which}${keep ? ', twice' : ''}${steps === undefined ? '' : `, crashes at ${steps}`})`,
        (_expected, deployment) => deployment.deliver(which, keep, new CrashingRun(steps)),
      ),
  );

const advance = fc
  .constantFrom(minute, 10 * minute, 20 * minute, 20 * minute, 61 * minute, 25 * hour)
  .map(
    (time) =>
      new Command(`advance(${time / minute} minutes)`, (_expected, deployment) => deployment.advance(time)),
  );

/** The grace periods end, and all that is in the queue by then is delivered. */
const quiet = fc.constant(
  new Command('a quiet hour', async (_expected, deployment) => {
    await deployment.advance(20 * minute);
    for (let left = deployment.queue.length; left > 0; left -= 1) await deployment.deliver(0, false);
  }),
);

/** Two runs at the same time, each step of which may come between any two of the other, for messages or an undo. */
function atOnce(scheduler: Scheduler): fc.Arbitrary<Command> {
  const one = fc.record({ which: fc.nat({ max: 5 }), steps });
  const interleaved = (steps: number | undefined) =>
    new CrashingRun(steps, () => scheduler.schedule(Promise.resolve()));
  // Two runs of the same message interfere most; and there is most to do when a grace period has ended.
  return fc.tuple(one, one, fc.option(nth, { freq: 2 }), fc.boolean(), fc.boolean()).map(
    ([first, second, undone, twice, late]) =>
      new Command(
        `at once(${late ? 'late, ' : ''}${first.which}, ${undone === null ? (twice ? first : second).which : `undo ${undone}`})`,
        async (_expected, deployment) => {
          if (late) await deployment.advance(20 * minute);
          const key = undone === null ? undefined : deployment.keys[undone];
          const runs = (crashing: readonly CrashingRun[]) => [
            () => deployment.deliver(first.which, true, crashing[0]),
            () =>
              key === undefined
                ? deployment.deliver((twice ? first : second).which, true, crashing[1])
                : deployment.undo(key, crashing[1]),
          ];
          if (await deployment.isAmbiguous()) {
            for (const run of runs([new CrashingRun(first.steps), new CrashingRun(second.steps)]))
              await run();
          } else {
            const together = runs([interleaved(first.steps), interleaved(second.steps)]);
            await scheduler.waitFor(Promise.all(together.map((run) => run())));
          }
        },
      ),
  );
}

/** @param scheduler decides which of two runs that are under way takes the next step. */
export function commandsOf(
  scheduler: Scheduler,
): readonly fc.Arbitrary<fc.AsyncCommand<ExpectedState, SimulatedDeployment>>[] {
  return [...alone, ...[0, 1, 2, 3].map(() => atOnce(scheduler))];
}

const alone: readonly fc.Arbitrary<Command>[] = [
  ...[deliver, deliver, deliver, deliver, deliver, deliver],
  ...[advance, advance, advance, quiet, quiet],
  // Somebody changes a key, and an event reports it, maybe late.
  to(
    'break',
    fc.constantFrom('disabled' as const, 'changed' as const),
    async (key, value, _expected, deployment) => {
      key.changeByHand(value, deployment.now);
      await deployment.observe(key, 'event');
    },
  ),
  to('break, without an event', nothing, (key, _, _expected, deployment) =>
    key.changeByHand('disabled', deployment.now),
  ),
  to('fix by hand', nothing, (key, _, _expected, deployment) => key.changeByHand('enabled', deployment.now)),
  to('delete', nothing, async (key, _, _expected, deployment) => {
    key.changeByHand('deleted', deployment.now);
    await deployment.observe(key, 'event');
  }),
  to('observe', observations, (key, by, _expected, deployment) => deployment.observe(key, by)),
  to('observe', observations, (key, by, _expected, deployment) => deployment.observe(key, by)),
  to('remind', nothing, (key, _, _expected, deployment) => deployment.remind(key)),
  to('deny reading', rarely, (key, denied) => {
    key.readable = !denied;
  }),
  to('exempt by policy', days, (key, days, { byPolicy }, deployment) => {
    if (days < 0) byPolicy.delete(key);
    else byPolicy.set(key, lastDay(deployment, days));
    deployment.exemptByPolicy(byPolicy);
  }),
  to('exempt by tag', days, (key, days, { byTag }, deployment) => {
    const { 'trailseal:exempt': _before, ...tags } = key.tags;
    if (days < 0) byTag.delete(key);
    else byTag.set(key, lastDay(deployment, days));
    const last = byTag.get(key);
    key.tags = last === undefined ? tags : { ...tags, 'trailseal:exempt': `${last} it may be disabled` };
  }),
  to('exempt by custom action', rarely, (key, exempts, { byOperator }, deployment) => {
    deployment.exempt(key, exempts);
    if (exempts) byOperator.set(key, lastDay(deployment, 30));
    else byOperator.delete(key);
  }),
  to('protect', rarely, (key, isProtected) => {
    const { [protectingTag.name]: _before, ...tags } = key.tags;
    key.tags = isProtected ? { ...tags, [protectingTag.name]: protectingTag.value } : tags;
  }),
  to(
    'workflow',
    fc.constantFrom(
      'NEW' as const,
      'NEW' as const,
      'NEW' as const,
      'SUPPRESSED' as const,
      'unreadable' as const,
    ),
    (key, status, _expected, deployment) => {
      if (status === 'NEW') deployment.workflow.delete(key.finding);
      else deployment.workflow.set(key.finding, status);
    },
  ),
  fc
    .constantFrom(
      'disengaged' as const,
      'disengaged' as const,
      'disengaged' as const,
      'engaged' as const,
      'unreadable' as const,
    )
    .map(
      (state) =>
        new Command(`kill switch(${state})`, (_expected, deployment) => {
          deployment.killSwitch = state;
        }),
    ),
  fc.constant(new Command('reset breaker', (_expected, deployment) => deployment.resetBreaker())),
  to('undo', steps, async (key, crashesAt, _expected, deployment) => {
    const before = await deployment.latest(key);
    const value = key.value;
    const result = await deployment.undo(key, new CrashingRun(crashesAt));
    if (result?.kind === 'refused' && key.value !== value)
      throw new Error('an undo was refused, and written');
    const isOurs = before?.status === 'done' && value === 'enabled' && deployment.killSwitch === 'disengaged';
    if (isOurs && crashesAt === undefined && result?.kind !== 'undone')
      throw new Error(`what is as it was left can't be undone: ${result?.kind}`);
  }),
  to(
    'request action',
    fc.constantFrom('fix' as const, 'undo' as const),
    (key, action, _expected, deployment) => deployment.requestAction(key, action),
  ),
];
