/**
 * A world in which a volume changes, the events of that come late, in any order and several times, and evaluators
 * look at it and write down what they saw, in each other's way. fast-check's scheduler decides who moves next.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Finding, Status } from '../../../lib/findings/finding.ts';
import { LedgerError } from '../../../lib/findings/state/error.ts';
import { isOwed, type Recorded } from '../../../lib/findings/state/table.ts';
import { MemoryLedger } from './memory-ledger.ts';
import { idOf, place, seen, toRecord, volume } from './observing.ts';

type State = 'passes' | 'fails' | 'gone';

/** One event, the state that it leaves the volume in, and its deliveries: each gets so many doubts before an answer. */
interface Change {
  readonly state: State;
  readonly deliveries: readonly number[];
}

const change: fc.Arbitrary<Change> = fc.record({
  state: fc.constantFrom<State>('passes', 'fails', 'gone'),
  deliveries: fc.array(fc.nat(1), { minLength: 1, maxLength: 3 }),
});

const verdictOf = { passes: 'PASS', fails: 'FAIL', gone: 'gone' } as const;

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

class World {
  readonly hub = new Hub();
  readonly ledger: MemoryLedger;
  readonly #scheduler: fc.Scheduler;
  #state: State = 'gone';
  #clock = 0;

  constructor(scheduler: fc.Scheduler) {
    this.#scheduler = scheduler;
    this.ledger = new MemoryLedger({ now: () => this.#now(), pause: () => this.#pause('ledger') });
  }

  async run(changes: readonly Change[]): Promise<void> {
    const deliveries: Promise<void>[] = [];
    const happen = async () => {
      for (const [index, { state, deliveries: doubts }] of changes.entries()) {
        await this.#pause(`event-${index} happens`);
        this.#now();
        this.#state = state;
        deliveries.push(...doubts.map((count) => this.#deliver(`event-${index}`, count)));
      }
    };
    const happened = happen();
    await this.#scheduler.waitIdle();
    await happened;
    await Promise.all(deliveries);
  }

  /** What the sweep does about what is owed, when all has come to rest. */
  async sweep(): Promise<void> {
    const swept = this.ledger.page(place, undefined).then(({ entries }) => this.#publish(entries));
    await this.#scheduler.waitIdle();
    await swept;
  }

  async #deliver(event: string, doubts: number): Promise<void> {
    for (let attempt = 0; attempt <= doubts; attempt += 1) {
      await this.#pause(`${event} is delivered`);
      const at = this.#now();
      await this.#pause(`${event}: facts are read`);
      const verdict = attempt < doubts ? 'UNKNOWN' : verdictOf[this.#state];
      const observation = seen({ at, verdict, key: `${event}#${attempt}` });
      try {
        await this.#publish(await this.ledger.record([toRecord(observation)]));
      } catch (error) {
        if (!(error instanceof LedgerError && error.trouble === 'busy')) throw error;
        // What could not be recorded is delivered again.
        attempt -= 1;
      }
    }
  }

  async #publish(entries: readonly Recorded[]): Promise<void> {
    const owed = entries.filter((entry) => isOwed(entry, this.#clock));
    await this.#pause('publication');
    for (const entry of owed) this.hub.import(entry);
    await this.ledger.markPublished(owed);
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
  // Nobody may have looked while it failed; and what is made again and passes leaves archived what was.
  passes: ['RESOLVED', 'ARCHIVED', undefined],
  gone: ['ARCHIVED', undefined],
};

function worlds(most: number, check: (world: World, changes: readonly Change[]) => Promise<void>) {
  return fc.assert(
    fc.asyncProperty(
      fc.scheduler(),
      fc.array(change, { minLength: 1, maxLength: most }),
      async (scheduler, changes) => {
        const world = new World(scheduler);
        await world.run(changes);
        await check(world, changes);
      },
    ),
    { numRuns: 200 },
  );
}

describe('at rest', () => {
  it.each([
    ['a few changes', 5],
    ['more changes than are remembered', 20],
  ])(
    'after %s, the finding is open when the volume fails, closed when it passes, archived when it is gone',
    async (_what, most) => {
      await worlds(most, async ({ ledger }, changes) => {
        const status = ledger.entries.get(id)?.finding?.status;
        expect(statuses[changes.at(-1)?.state ?? 'gone']).toContain(status);
      });
    },
  );

  it('each observation counts once', async () => {
    await worlds(5, async ({ ledger }) => {
      const keys = ledger.entries.get(id)?.observations.map(({ key }) => key) ?? [];
      expect(keys.length).toBe(new Set(keys).size);
    });
  });

  it('after a sweep, Security Hub holds what the ledger holds', async () => {
    await worlds(5, async (world) => {
      await world.sweep();
      expect(world.hub.findings.get(id)?.finding.history).toEqual(
        world.ledger.entries.get(id)?.finding?.history,
      );
    });
  });

  it('after a sweep, nothing is owed', async () => {
    await worlds(5, async (world) => {
      await world.sweep();
      expect([...world.ledger.entries.values()].filter((entry) => isOwed(entry, 0))).toEqual([]);
    });
  });
});
