import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { commandsOf } from './commands.ts';
import { ExpectedState } from './expected-state.ts';
import { recover, violationsAfterRecovery } from './recovery.ts';
import { SimulatedDeployment } from './simulated-deployment.ts';

const keys = ['a', 'b', 'c'];
/** fast-check prints the seed of a sequence that violates an invariant, with which it can be repeated. */
const runs = 400;

/** Anything that may happen in a deployment, in any order. */
const sequences = fc
  .scheduler()
  .chain((scheduler) => fc.commands([...commandsOf(scheduler)], { maxCommands: 80, size: 'max' }));

describe('remediation, whatever happens and in whatever order', () => {
  it('changes nothing that it must not, leaves all as the run history says, and in the end has done what is asked', async () => {
    const tally = { fixes: 0, undos: 0 };
    await fc.assert(
      fc.asyncProperty(sequences, async (commands) => {
        const expected = new ExpectedState();
        const deployment = new SimulatedDeployment(keys, (write, at) =>
          expected.violationsOfWrite(write, at),
        );
        for (const key of deployment.keys) await deployment.observe(key, 'event');
        expected.note(deployment);
        await fc.asyncModelRun(() => ({ model: expected, real: deployment }), commands);
        await recover(expected, deployment);
        expect(await violationsAfterRecovery(deployment)).toEqual([]);
        for (const { to } of deployment.writes) tally[to === 'enabled' ? 'fixes' : 'undos'] += 1;
      }),
      { numRuns: runs },
    );
    // Else the test would say nothing.
    expect(tally.fixes).toBeGreaterThan(runs);
    expect(tally.undos).toBeGreaterThan(runs / 10);
  }, 120_000);
});
