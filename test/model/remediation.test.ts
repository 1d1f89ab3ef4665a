import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { happenings } from './commands.ts';
import { Street } from './deployment.ts';
import { faultsOfPeace, peace } from './invariants.ts';
import { Town } from './watch.ts';

const lamps = ['a', 'b', 'c'];
/** fast-check prints the seed of a course that does not hold, with which it comes again. */
const runs = 400;

/** Anything that may happen in a street, in any order. */
const life = fc
  .scheduler()
  .chain((scheduler) => fc.commands([...happenings(scheduler)], { maxCommands: 80, size: 'max' }));

describe('remediation, whatever happens and in whatever order', () => {
  it('changes nothing that it must not, leaves all as the journal says, and in the end has done what is asked', async () => {
    const tally = { on: 0, back: 0 };
    await fc.assert(
      fc.asyncProperty(life, async (commands) => {
        const town = new Town();
        const street = new Street(lamps, (customActionEvent, at) => town.faultsOf(customActionEvent, at));
        for (const lamp of street.lamps) await street.observe(lamp, 'event');
        town.note(street);
        await fc.asyncModelRun(() => ({ model: town, real: street }), commands);
        await peace(town, street);
        expect(await faultsOfPeace(street)).toEqual([]);
        for (const { to } of street.customActionEvents) tally[to === 'on' ? 'on' : 'back'] += 1;
      }),
      { numRuns: runs },
    );
    // Else it would say nothing.
    expect(tally.on).toBeGreaterThan(runs);
    expect(tally.back).toBeGreaterThan(runs / 10);
  }, 120_000);
});
