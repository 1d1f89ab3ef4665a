/**
 * A thousand events through the deployed stack while three calls in ten of its functions go wrong. After the faults, its
 * operators do what they would do with the rest: `trailseal dlq redrive`, and a scheduled scan.
 */

import { scheduledScanBody } from '../../lib/pipeline/live/message.ts';
import { evaluators } from '../../lib/services/catalogue.ts';
import { queueNames } from '../../lib/services/queues.ts';
import { deploy } from '../e2e/deployment.ts';
import { allFindings, inShort, put, send } from '../e2e/stack.ts';
import { withFaultDeployment } from './fault-deployment.ts';
import { evaluatedServices, type FaultCount, type FaultPlan } from './fault-plan.ts';
import {
  contradictions,
  type DeadLetter,
  deadLettersIn,
  type Import,
  importsIn,
  metricsIn,
  queuesEmpty,
  redrive,
  shuffled,
  verdicts,
} from './inspection.ts';
import { createKnownResources, type KnownResource } from './known-resources.ts';

export const plan: FaultPlan = {
  services: ['dynamodb', 'sqs', 'securityhub', ...evaluatedServices],
  throttled: 0.08,
  outages: [
    { at: 0, services: [] },
    { at: 8, services: evaluatedServices },
    { at: 22, services: ['dynamodb'] },
    { at: 32, services: ['securityhub', 'sqs'] },
    { at: 45, services: [] },
  ],
};

/** Milliseconds. The time after the faults is longer than the longest delay before a last re-evaluation. */
const longestWithFaults = 100_000;
const longestAfterFaults = 125_000;
const longestScheduledScan = 60_000;

/** Messages that no evaluator can read, so that it has to dead-letter them: sent to every evaluator's queue. */
export const malformed: readonly string[] = Array.from({ length: 10 }, (_, nth) => `{"nothing":${nth}}`);

/** How things stand at a moment. */
export interface EvaluationState {
  /** Whether all queues were empty, delayed messages included. */
  readonly empty: boolean;
  /** Resources of which the state table does not hold the true verdict, with the one that it holds. */
  readonly wrong: readonly { readonly resource: KnownResource; readonly verdict: string | undefined }[];
  readonly letters: readonly DeadLetter[];
}

export interface EvaluationOutcome {
  readonly resources: readonly KnownResource[];
  /** While faults were injected, by service. */
  readonly faults: ReadonlyMap<string, FaultCount>;
  readonly afterFaults: EvaluationState;
  /** After the dead letters were redriven, and a scheduled scan. */
  readonly afterScheduledScan: EvaluationState;
  /** What Security Hub holds in the end, in short, by the finding's id. */
  readonly findings: ReadonlyMap<string, readonly string[]>;
  readonly contradictions: readonly string[];
  readonly figures: EvaluationFigures;
}

export interface EvaluationFigures {
  readonly secondsWithFaults: number;
  readonly seconds: number;
  /** Calls of the functions, attempts of one call counted once; and the attempts beyond these. */
  readonly calls: number;
  readonly retries: number;
  readonly reEvaluations: number;
  /** Entries of batches that were refused although the call was answered. */
  readonly refused: number;
  /** Milliseconds from an event to its true finding in Security Hub, of resources that fail. */
  readonly p50: number;
  readonly p99: number;
}

export async function evaluateWithFaults(): Promise<EvaluationOutcome> {
  const imports: Import[] = [];
  return withFaultDeployment(
    {
      name: 'faults',
      deploy,
      prepare: createKnownResources,
      functions: queueNames,
      queues: queueNames,
      redeliveryAfter: 45,
      onMotoCall: ({ path, body }) => imports.push(...importsIn(path, body)),
    },
    async ({
      aws,
      operatorEnv,
      stack,
      fixtures: resources,
      inject,
      stopFaults,
      requests,
      refusedEntries,
    }) => {
      const began = Date.now();
      const injected = inject(plan);
      for (const queue of evaluators) await send(stack, queue, malformed);
      const putAt = await putAll(stack, resources);
      await injected;
      await queuesEmpty(stack, began + longestWithFaults, queueNames);
      const faults = await stopFaults();
      const secondsWithFaults = (Date.now() - began) / 1_000;
      const state = async (longest: number): Promise<EvaluationState> => {
        const empty = await queuesEmpty(stack, Date.now() + longest, queueNames);
        const held = await verdicts(resources);
        const wrong = resources
          .map((resource) => ({ resource, verdict: held.get(resource.finding) }))
          .filter(({ resource: { truth }, verdict }) => verdict !== truth);
        return { empty, wrong, letters: await deadLettersIn(operatorEnv, queueNames) };
      };
      const afterFaults = await state(longestAfterFaults);
      for (const queue of new Set(afterFaults.letters.map((letter) => letter.queue)))
        await redrive(operatorEnv, queue);
      await send(stack, 'scan', [JSON.stringify(scheduledScanBody())]);
      const afterScheduledScan = await state(longestScheduledScan);

      const metric = metricsIn(aws.log);
      const latencies = latenciesOf(resources, putAt, imports);
      return {
        resources,
        faults,
        afterFaults,
        afterScheduledScan,
        findings: await findingsById(stack),
        contradictions: contradictions(imports, resources),
        figures: {
          secondsWithFaults,
          seconds: (Date.now() - began) / 1_000,
          calls: metric('ApiCalls'),
          retries: (await requests()) - metric('ApiCalls'),
          reEvaluations: metric('ReEvaluations'),
          refused: refusedEntries(),
          p50: percentile(latencies, 0.5),
          p99: percentile(latencies, 0.99),
        },
      };
    },
  );
}

/** Puts the events on the bus in random order. @returns when each was put, by the finding's id. */
async function putAll(
  stack: Parameters<typeof put>[0],
  resources: readonly KnownResource[],
): Promise<ReadonlyMap<string, number>> {
  const inOrder = shuffled(resources, 'evaluation');
  const putAt = new Map<string, number>();
  for (let start = 0; start < inOrder.length; start += 10) {
    const some = inOrder.slice(start, start + 10);
    for (const { finding } of some) putAt.set(finding, Date.now());
    await put(
      stack,
      some.map(({ event }) => event),
    );
  }
  return putAt;
}

async function findingsById(
  stack: Parameters<typeof allFindings>[0],
): Promise<ReadonlyMap<string, readonly string[]>> {
  const grouped = Map.groupBy(await allFindings(stack), ({ Id = '' }) => Id);
  return new Map([...grouped].map(([id, some]) => [id, some.map(inShort)]));
}

function latenciesOf(
  resources: readonly KnownResource[],
  putAt: ReadonlyMap<string, number>,
  imports: readonly Import[],
): readonly number[] {
  const first = new Map<string, number>();
  for (const { id, state, at } of imports) {
    if (state === 'FAILED ACTIVE' && !first.has(id)) first.set(id, at);
  }
  return resources
    .flatMap(({ finding, truth }) => {
      const [from, to] = [putAt.get(finding), first.get(finding)];
      return truth === 'FAIL' && from !== undefined && to !== undefined ? [to - from] : [];
    })
    .sort((one, other) => one - other);
}

/** The value that this share of them does not exceed (nearest rank); `NaN` of none. */
function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}
