/**
 * Concurrent writers of the state table, simulated: a volume changes, the events of that come late, in any order and
 * several times, and evaluators record what they observe at the same time. fast-check's scheduler decides who goes next.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Finding, Status } from '../../../lib/findings/finding.ts';
import { StateTableError } from '../../../lib/findings/state/error.ts';
import { isPublicationPending, type Recorded } from '../../../lib/findings/state/table.ts';
import { MemoryStateTable } from './memory-state-table.ts';
import { accountRegion, idOf, observe, toRecord, volume } from './observing.ts';

type State = 'passes' | 'fails' | 'deleted';

/** One event, the state that it leaves the volume in, and its deliveries: each gets UNKNOWN so many times before an answer. */
interface Change {
  readonly state: State;
  readonly deliveries: readonly number[];
}

const change: fc.Arbitrary<Change> = fc.record({
  state: fc.constantFrom<State>('passes', 'fails', 'deleted'),
  deliveries: fc.array(fc.nat(1), { minLength: 1, maxLength: 3 }),
});

const verdictOf = { passes: 'PASS', fails: 'FAIL', deleted: 'deleted' } as const;

/** As Security Hub does, it ignores what is not newer than what it has. */
class Hub {
  readonly findings = new Map<string, { readonly updatedAt: number; readonly finding: Finding }>();

  import({ id, updatedAt, finding }: Recorded): void {
    const held = this.findings.get(id);
    if (finding !== undefined && (held === undefined || held.updatedAt < updatedAt)) {
      this.findings.set(id, { updatedAt, finding });
    }
  }
}

class Simulation {
  readonly hub = new Hub();
  readonly stateTable: MemoryStateTable;
  readonly #scheduler: fc.Scheduler;
  #state: State = 'deleted';
  #clock = 0;

  constructor(scheduler: fc.Scheduler) {
    this.#scheduler = scheduler;
    this.stateTable = new MemoryStateTable({
      now: () => this.#now(),
      pause: () => this.#pause('stateTable'),
    });
  }

  async run(changes: readonly Change[]): Promise<void> {
    const deliveries: Promise<void>[] = [];
    const happen = async () => {
      for (const [index, { state, deliveries: unknowns }] of changes.entries()) {
        await this.#pause(`event-${index} happens`);
        this.#now();
        this.#state = state;
        deliveries.push(...unknowns.map((count) => this.#deliver(`event-${index}`, count)));
      }
    };
    const happened = happen();
    await this.#scheduler.waitIdle();
    await happened;
    await Promise.all(deliveries);
  }

  /** The scheduled scan publishes what is pending, after all events. */
  async scan(): Promise<void> {
    const scanned = this.stateTable
      .page(accountRegion, undefined)
      .then(({ entries }) => this.#publish(entries));
    await this.#scheduler.waitIdle();
    await scanned;
  }

  async #deliver(event: string, unknowns: number): Promise<void> {
    for (let attempt = 0; attempt <= unknowns; attempt += 1) {
      await this.#pause(`${event} is delivered`);
      const at = this.#now();
      await this.#pause(`${event}: facts are read`);
      const verdict = attempt < unknowns ? 'UNKNOWN' : verdictOf[this.#state];
      const observation = observe({ at, verdict, key: `${event}#${attempt}` });
      try {
        await this.#publish(await this.stateTable.record([toRecord(observation)]));
      } catch (error) {
        if (!(error instanceof StateTableError && error.trouble === 'busy')) throw error;
        // What could not be recorded is delivered again.
        attempt -= 1;
      }
    }
  }

  async #publish(entries: readonly Recorded[]): Promise<void> {
    const pending = entries.filter((entry) => isPublicationPending(entry, this.#clock));
    await this.#pause('publication');
    for (const entry of pending) this.hub.import(entry);
    await this.stateTable.markPublished(pending);
  }

  /** Each moment is one of its own. */
  #now(): number {
    this.#clock += 1;
    return this.#clock;
  }

  #pause(what: string): Promise<unknown> {
    return this.#scheduler.schedule(Promise.resolve(), what);
  }
}

const id = idOf(volume());

const statuses: Readonly<Record<State, readonly (Status | undefined)[]>> = {
  fails: ['OPEN'],
  // Maybe nobody evaluated it while it failed; and a volume that is made again and passes stays archived.
  passes: ['RESOLVED', 'ARCHIVED', undefined],
  deleted: ['ARCHIVED', undefined],
};

function simulated(
  most: number,
  check: (simulation: Simulation, changes: readonly Change[]) => Promise<void>,
) {
  return fc.assert(
    fc.asyncProperty(
      fc.scheduler(),
      fc.array(change, { minLength: 1, maxLength: most }),
      async (scheduler, changes) => {
        const simulation = new Simulation(scheduler);
        await simulation.run(changes);
        await check(simulation, changes);
      },
    ),
    { numRuns: 200 },
  );
}

describe('after all events', () => {
  it.each([
    ['a few changes', 5],
    ['more changes than are remembered', 20],
  ])(
    'after %s, the finding is open when the volume fails, closed when it passes, archived when it was deleted',
    async (_what, most) => {
      await simulated(most, async ({ stateTable }, changes) => {
        const status = stateTable.entries.get(id)?.finding?.status;
        expect(statuses[changes.at(-1)?.state ?? 'deleted']).toContain(status);
      });
    },
  );

  it('each observation counts once', async () => {
    await simulated(5, async ({ stateTable }) => {
      const keys = stateTable.entries.get(id)?.observations.map(({ key }) => key) ?? [];
      expect(keys.length).toBe(new Set(keys).size);
    });
  });

  it('after a scheduled scan, Security Hub holds what the state table holds', async () => {
    await simulated(5, async (simulation) => {
      await simulation.scan();
      expect(simulation.hub.findings.get(id)?.finding.history).toEqual(
        simulation.stateTable.entries.get(id)?.finding?.history,
      );
    });
  });

  it('after a scheduled scan, nothing is pending publication', async () => {
    await simulated(5, async (simulation) => {
      await simulation.scan();
      expect(
        [...simulation.stateTable.entries.values()].filter((entry) => isPublicationPending(entry, 0)),
      ).toEqual([]);
    });
  });
});
