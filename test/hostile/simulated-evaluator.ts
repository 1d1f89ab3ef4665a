/**
 * A simulated deployment of one evaluator: all of the live pipeline is real, and AWS is fake. The tests deliver messages and
 * read what was recorded, published, dead-lettered, sent again and logged. AWS answers at random, and some calls fail.
 */
import { BatchImportFindingsCommand, SecurityHubClient } from '@aws-sdk/client-securityhub';
import { mockClient } from 'aws-sdk-client-mock';
import { loggerOf, Telemetry } from '../../functions/telemetry.ts';
import type { EvaluatorName } from '../../lib/core/service.ts';
import { Publisher } from '../../lib/findings/publisher.ts';
import type { Recorded, StateTable } from '../../lib/findings/state/table.ts';
import { type Batch, type Delivery, takeBatch } from '../../lib/pipeline/live/batch.ts';
import { Evaluator, type EvaluatorResult } from '../../lib/pipeline/live/evaluator.ts';
import { servesOnly } from '../../lib/pipeline/live/tasks.ts';
import { defaultPolicy } from '../../lib/policy/file/assemble.ts';
import { controls, evaluatorOf } from '../../lib/services/catalogue.ts';
import { Random } from '../../scripts/sample/random.ts';
import { MemoryStateTable } from '../findings/state/memory-state-table.ts';
import { randomFacts } from './facts.ts';
import { accountRegion } from './values.ts';

/** An injected fault; nothing else may make the pipeline fail. */
export class InjectedFault extends Error {
  override readonly name = 'InjectedFault';
}

export class SimulatedEvaluator {
  time = Date.parse('2026-03-01T12:00:00Z');
  readonly stateTable = new MemoryStateTable({ now: () => this.time });
  readonly again: { readonly body: unknown; readonly delaySeconds: number }[] = [];
  readonly deadLetters: { readonly body: string; readonly reason: string }[] = [];
  readonly #random: Random;
  readonly #faults: boolean;
  readonly #securityHub = mockClient(SecurityHubClient);
  readonly #evaluator: Evaluator;
  readonly #telemetry: Telemetry;
  #deliveries = 0;

  /** @param faults whether calls fail at random. */
  constructor(evaluator: EvaluatorName, seed: number, faults: boolean) {
    this.#random = new Random(`hostile ${seed}`);
    this.#faults = faults;
    this.#telemetry = new Telemetry(evaluator, loggerOf(evaluator));
    this.#securityHub.on(BatchImportFindingsCommand).callsFake(({ Findings = [] }) => this.#import(Findings));
    const own = controls.filter((control) => evaluatorOf(control) === evaluator);
    this.#evaluator = new Evaluator({
      controls: own,
      policy: { ...defaultPolicy(own), exemptionTags: { controls: 'all', maxDays: 365 } },
      serves: servesOnly(accountRegion),
      facts: randomFacts(this.#random),
      stateTable: this.#unreliable(this.stateTable),
      publisher: new Publisher({
        clientOf: () => new SecurityHubClient({ region: accountRegion.region }),
        now: () => new Date(this.time),
        wait: async (milliseconds) => {
          this.time += milliseconds;
        },
        random: () => 0.5,
      }),
      queues: {
        again: async (bodies, delaySeconds) => {
          this.#mayFail();
          this.again.push(...bodies.map((body) => ({ body, delaySeconds })));
        },
        deadLetter: async (body, reason) => void this.deadLetters.push({ body, reason }),
      },
      now: () => this.time,
    });
  }

  /** Delivers messages as one batch, as an invocation of the function does, one second after the last. */
  async deliver(bodies: readonly string[], receives: number): Promise<Batch<EvaluatorResult>> {
    this.time += 1_000;
    this.#securityHub.resetHistory();
    const deliveries = bodies.map((body): Delivery => {
      this.#deliveries += 1;
      return { id: `message ${this.#deliveries}`, body, receives };
    });
    const batch = await takeBatch(
      deliveries,
      (some) => this.#evaluator.take(some),
      async (body, reason) => void this.deadLetters.push({ body, reason }),
      () => 100_000,
    );
    this.#telemetry.evaluated(batch);
    this.#telemetry.flush();
    return batch;
  }

  /** The findings that the last delivery published to Security Hub. */
  get published() {
    return this.#securityHub
      .commandCalls(BatchImportFindingsCommand)
      .flatMap(({ args: [{ input }] }) => input.Findings ?? []);
  }

  #import(findings: readonly { readonly Id?: string | undefined }[]) {
    const dice = this.#faults ? this.#random.below(20) : 20;
    const code = dice === 0 ? 'InvalidInput' : dice === 1 ? 'Throttling' : undefined;
    const failed =
      code === undefined
        ? []
        : findings.slice(0, 1).map(({ Id = '' }) => ({ Id, ErrorCode: code, ErrorMessage: Id }));
    return {
      FailedCount: failed.length,
      SuccessCount: findings.length - failed.length,
      FailedFindings: failed,
    };
  }

  #mayFail(): void {
    if (this.#faults && this.#random.below(50) === 0)
      throw new InjectedFault('\u001b[31mAWS is unavailable\u202e');
  }

  #unreliable(stateTable: StateTable): StateTable {
    return {
      read: (ids) => stateTable.read(ids),
      page: (where, token) => stateTable.page(where, token),
      partsOf: (arn) => stateTable.partsOf(arn),
      record: async (observations): Promise<readonly Recorded[]> => {
        this.#mayFail();
        return stateTable.record(observations);
      },
      markPublished: async (published) => {
        this.#mayFail();
        await stateTable.markPublished(published);
      },
    };
  }
}
