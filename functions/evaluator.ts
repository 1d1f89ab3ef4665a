/** What the evaluator functions have in common: from a Lambda invocation to the evaluator, and back. */
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import middy from '@middy/core';
import type { Context, SQSBatchResponse } from 'aws-lambda';
import { callLogger } from '../lib/aws/calls.ts';
import { lazyClients, type Makers } from '../lib/aws/clients.ts';
import { dynamodbClient } from '../lib/aws/dynamodb.ts';
import type { Readers, TagReaders } from '../lib/aws/facts/reader.ts';
import { securityHubClient } from '../lib/aws/securityhub.ts';
import { sendAll, sqsClient } from '../lib/aws/sqs.ts';
import type { Control, FactName, Resource } from '../lib/core/control.ts';
import { Publisher } from '../lib/findings/publisher.ts';
import { DynamoStateTable } from '../lib/findings/state/dynamodb.ts';
import { DynamoExemptions } from '../lib/findings/state/exemptions.ts';
import { DynamoMemory, type KeyObservation } from '../lib/findings/state/memory.ts';
import { AwsFacts } from '../lib/pipeline/aws-facts.ts';
import type { EvaluatorName } from '../lib/pipeline/evaluators.ts';
import { type Batch, takeBatch, toDeliverAgain } from '../lib/pipeline/live/batch.ts';
import { environmentOf } from '../lib/pipeline/live/environment.ts';
import { Evaluator, type EvaluatorResult, type Queues } from '../lib/pipeline/live/evaluator.ts';
import type { Policy } from '../lib/policy/assemble.ts';
import { deadLettersTo, keptFor, wait } from './context.ts';
import { deliveriesIn } from './deliveries.ts';
import { effectivePolicy } from './effective-policy.ts';
import { loggerOf, Telemetry } from './telemetry.ts';

export interface EvaluatorParts {
  readonly evaluator: EvaluatorName;
  readonly controls: readonly Control[];
  /** The readers of the facts that its controls need. */
  readonly readers: Partial<Readers<FactName>>;
  /** Those of the tags that these facts do not tell. */
  readonly tagReaders?: TagReaders;
  /** The clients that these readers need. */
  readonly makers: Makers;
}

/** Answers an invocation by SQS with what failed; one by a bare event with all that came of it. */
export function evaluatorHandler({ evaluator, controls, readers, tagReaders = {}, makers }: EvaluatorParts) {
  const logger = loggerOf(evaluator);
  const telemetry = new Telemetry(evaluator, logger);
  const { account, region, table, queueUrl, deadLetterUrl } = environmentOf(process.env);
  const config = { region, logger: callLogger((call) => telemetry.called(call)) };
  const clients = lazyClients(makers, config);
  const sqs = sqsClient(config);
  const queues: Queues = {
    again: (bodies, delaySeconds) => sendAll(sqs, queueUrl, bodies, { delaySeconds }),
    deadLetter: deadLettersTo(sqs, deadLetterUrl),
  };
  const kept = { client: dynamodbClient(config), table, wait, random: Math.random };
  const memory = new DynamoMemory(kept);
  const exemptions = new DynamoExemptions({ ...kept, accountRegion: { account, region } });
  const policy = effectivePolicy({ controls, config, logger, telemetry });
  const facts = new AwsFacts({ readers, tagReaders, clients: () => clients, now: () => new Date(), wait });
  const parts = {
    controls,
    accountRegion: { account, region },
    facts,
    tagsOf: (resources: readonly Resource[]) => facts.tagsOf(resources),
    stateTable: new DynamoStateTable({
      ...kept,
      now: Date.now,
      conflicts: (count) => telemetry.add('StateTableConflicts', count),
    }),
    publisher: new Publisher({
      client: securityHubClient(config),
      now: () => new Date(),
      wait,
      random: Math.random,
    }),
    queues,
    remember: (looks: readonly KeyObservation[]) => memory.remember(looks),
    now: Date.now,
  };
  const evaluatorUnder = keptFor(
    (effective: Policy) =>
      new Evaluator({
        ...parts,
        policy: effective,
        ...(effective.customActions.includes('exempt') ? { exemptions: () => exemptions.all() } : {}),
      }),
  );

  async function handle(
    event: unknown,
    context: Context,
  ): Promise<SQSBatchResponse | readonly EvaluatorResult[]> {
    const { deliveries, bySqs } = deliveriesIn(event);
    // Asked once: where it can't be told, each of the deliveries fails with that reason.
    const evaluator = policy().then(evaluatorUnder);
    const batch: Batch<EvaluatorResult> = bySqs
      ? await takeBatch(
          deliveries,
          async (some) => (await evaluator).take(some),
          queues.deadLetter,
          () => context.getRemainingTimeInMillis(),
        )
      : { done: [await (await evaluator).take(deliveries)], failures: [], left: [] };
    telemetry.evaluated(batch);
    if (!bySqs) return batch.done;
    return { batchItemFailures: toDeliverAgain(batch).map((id) => ({ itemIdentifier: id })) };
  }

  return middy(handle)
    .use(injectLambdaContext(logger))
    .after(() => telemetry.flush())
    .onError(() => telemetry.flush());
}
