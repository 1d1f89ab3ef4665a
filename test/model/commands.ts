/** What may happen in the street, each in any order and as often as it likes. */
import fc, { type Scheduler } from 'fast-check';
import { Life } from './crashing.ts';
import { protectingTag, type Street } from './deployment.ts';
import type { Lamp } from './resources.ts';
import type { Town } from './watch.ts';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

/** Does something, lets a second pass, and has everything looked at. */
class Happening implements fc.AsyncCommand<Town, Street> {
  readonly #what: string;
  readonly #run: (town: Town, street: Street) => Promise<unknown> | unknown;

  constructor(what: string, run: (town: Town, street: Street) => Promise<unknown> | unknown) {
    this.#what = what;
    this.#run = run;
  }

  check(): boolean {
    return true;
  }

  async run(town: Town, street: Street): Promise<void> {
    await this.#run(town, street);
    town.note(street);
    const faults = [...street.faults, ...(await town.faults(street))];
    if (faults.length > 0) throw new Error(faults.join('\n'));
    await street.pass(1_000);
  }

  toString(): string {
    return this.#what;
  }
}

const nth = fc.nat({ max: 2 });
/** Calls after which a run dies; most live. */
const steps = fc.option(fc.nat({ max: 40 }), { nil: undefined, freq: 3 });

/** Something that happens to one of the lamps. */
function to<T>(
  what: string,
  value: fc.Arbitrary<T>,
  run: (it: Lamp, value: T, town: Town, street: Street) => Promise<unknown> | unknown,
): fc.Arbitrary<Happening> {
  return fc.tuple(nth, value).map(
    ([index, chosen]) =>
      new Happening(`${what}(${index}, ${String(chosen)})`, async (town, street) => {
        const it = street.lamps[index];
        if (it !== undefined) await run(it, chosen, town, street);
      }),
  );
}

/** The last day of something that holds for so long from now. */
function lastDay(street: Street, days: number): string {
  return new Date(street.now + days * day).toISOString().slice(0, 10);
}

const nothing = fc.constant('');
/** What stands in the way is taken out of it more often than not: else nothing would ever be done. */
const rarely = fc.constantFrom(true, false, false);
/** Days for which something holds; -1: it holds no more. */
const days = fc.constantFrom(-1, -1, -1, 0, 2);
const observations = fc.constantFrom('event' as const, 'scan' as const);

const deliver = fc
  .record({ which: fc.nat({ max: 5 }), keep: fc.boolean(), steps })
  .map(
    ({ which, keep, steps }) =>
      new Happening(
        `deliver(${which}${keep ? ', twice' : ''}${steps === undefined ? '' : `, dies at ${steps}`})`,
        (_town, street) => street.deliver(which, keep, new Life(steps)),
      ),
  );

const pass = fc
  .constantFrom(minute, 10 * minute, 20 * minute, 20 * minute, 61 * minute, 25 * hour)
  .map((time) => new Happening(`pass(${time / minute} minutes)`, (_town, street) => street.pass(time)));

/** The grace periods end, and all that is in the queue by then is delivered. */
const quiet = fc.constant(
  new Happening('a quiet hour', async (_town, street) => {
    await street.pass(20 * minute);
    for (let left = street.queue.length; left > 0; left -= 1) await street.deliver(0, false);
  }),
);

/** Two runs at the same time, each step of which may come between any two of the other, on a lamp's message or its undo. */
function atOnce(scheduler: Scheduler): fc.Arbitrary<Happening> {
  const one = fc.record({ which: fc.nat({ max: 5 }), steps });
  const life = (steps: number | undefined) => new Life(steps, () => scheduler.schedule(Promise.resolve()));
  // A message that comes twice is in its own way most of all; and there is most to do when a grace period has ended.
  return fc.tuple(one, one, fc.option(nth, { freq: 2 }), fc.boolean(), fc.boolean()).map(
    ([first, second, undone, twice, late]) =>
      new Happening(
        `at once(${late ? 'late, ' : ''}${first.which}, ${undone === null ? (twice ? first : second).which : `undo ${undone}`})`,
        async (_town, street) => {
          if (late) await street.pass(20 * minute);
          const it = undone === null ? undefined : street.lamps[undone];
          const runs = (lives: readonly Life[]) => [
            () => street.deliver(first.which, true, lives[0]),
            () =>
              it === undefined
                ? street.deliver((twice ? first : second).which, true, lives[1])
                : street.undo(it, lives[1]),
          ];
          if (await street.isAmbiguous()) {
            for (const run of runs([new Life(first.steps), new Life(second.steps)])) await run();
          } else {
            const together = runs([life(first.steps), life(second.steps)]);
            await scheduler.waitFor(Promise.all(together.map((run) => run())));
          }
        },
      ),
  );
}

/** @param scheduler decides whose turn it is, where two runs are under way at the same time. */
export function happenings(scheduler: Scheduler): readonly fc.Arbitrary<fc.AsyncCommand<Town, Street>>[] {
  return [...alone, ...[0, 1, 2, 3].map(() => atOnce(scheduler))];
}

const alone: readonly fc.Arbitrary<Happening>[] = [
  ...[deliver, deliver, deliver, deliver, deliver, deliver],
  ...[pass, pass, pass, quiet, quiet],
  // Somebody switches a lamp, and an event tells of it; it may do so late.
  to('break', fc.constantFrom('off' as const, 'broken' as const), async (it, light, _town, street) => {
    it.put(light, street.now);
    await street.observe(it, 'event');
  }),
  to('break, which nobody sees', nothing, (it, _, _town, street) => it.put('off', street.now)),
  to('mend', nothing, (it, _, _town, street) => it.put('on', street.now)),
  to('take away', nothing, async (it, _, _town, street) => {
    it.put('deleted', street.now);
    await street.observe(it, 'event');
  }),
  to('observe', observations, (it, why, _town, street) => street.observe(it, why)),
  to('observe', observations, (it, why, _town, street) => street.observe(it, why)),
  to('remind', nothing, (it, _, _town, street) => street.remind(it)),
  to('hide', rarely, (it, hidden) => {
    it.known = !hidden;
  }),
  to('exempt by policy', days, (it, days, { byPolicy }, street) => {
    if (days < 0) byPolicy.delete(it);
    else byPolicy.set(it, lastDay(street, days));
    street.exemptByPolicy(byPolicy);
  }),
  to('exempt by tag', days, (it, days, { byTag }, street) => {
    const { 'trailseal:exempt': _before, ...tags } = it.tags;
    if (days < 0) byTag.delete(it);
    else byTag.set(it, lastDay(street, days));
    const last = byTag.get(it);
    it.tags = last === undefined ? tags : { ...tags, 'trailseal:exempt': `${last} it may be dark` };
  }),
  to('exempt by custom action', rarely, (it, exempts, { byOperator }, street) => {
    street.exempt(it, exempts);
    if (exempts) byOperator.set(it, lastDay(street, 30));
    else byOperator.delete(it);
  }),
  to('protect', rarely, (it, guarded) => {
    const { [protectingTag.name]: _before, ...tags } = it.tags;
    it.tags = guarded ? { ...tags, [protectingTag.name]: protectingTag.value } : tags;
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
    (it, status, _town, street) => {
      if (status === 'NEW') street.workflow.delete(it.finding);
      else street.workflow.set(it.finding, status);
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
        new Happening(`kill switch(${state})`, (_town, street) => {
          street.killSwitch = state;
        }),
    ),
  fc.constant(new Happening('close breaker', (_town, street) => street.closeBreaker())),
  to('undo', steps, async (it, dies, _town, street) => {
    const before = await street.latest(it);
    const light = it.light;
    const outcome = await street.undo(it, new Life(dies));
    if (outcome?.kind === 'refused' && it.light !== light)
      throw new Error('an undo was refused, and written');
    const isOurs = before?.status === 'done' && light === 'on' && street.killSwitch === 'disengaged';
    if (isOurs && dies === undefined && outcome?.kind !== 'undone')
      throw new Error(`what is as it was left can't be undone: ${outcome?.kind}`);
  }),
  to('order', fc.constantFrom('fix' as const, 'undo' as const), (it, what, _town, street) =>
    street.order(it, what),
  ),
];
