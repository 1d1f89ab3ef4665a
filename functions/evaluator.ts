/** The handler of all evaluator functions: from a Lambda invocation to the evaluator, and back. */
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import middy from '@middy/core';
import type { Context, SQSBatchResponse } from 'aws-lambda';
import { callLogger } from '../lib/aws/calls.ts';
import type { Canary } from '../lib/aws/canary.ts';
import type { ClientConfig, Clients } from '../lib/aws/clients.ts';
import { dynamodbClient, securityHubClient, sqsClient } from '../lib/aws/sdk.ts';
import { sendAll } from '../lib/aws/sqs.ts';
import type { Resource } from '../lib/core/control.ts';
import type { EvaluatorName, Memo } from '../lib/core/service.ts';
import { Publisher } from '../lib/findings/publisher.ts';
import { DynamoStateTable } from '../lib/findings/state/dynamodb.ts';
import { DynamoExemptions } from '../lib/findings/state/exemptions.ts';
import { DynamoHeartbeats } from '../lib/findings/state/heartbeats.ts';
import { DynamoMemory } from '../lib/findings/state/memory.ts';
import { AwsFacts } from '../lib/pipeline/aws-facts.ts';
import { environmentOf } from '../lib/pipeline/live/environment.ts';
import { Evaluator, type EvaluatorResult, type Queues } from '../lib/pipeline/live/evaluator.ts';
import { servesOnly } from '../lib/pipeline/live/tasks.ts';
import type { Policy } from '../lib/policy/model.ts';
import { controls as allControls, evaluatorOf } from '../lib/services/catalogue.ts';
import { makeClients as makeAllClients } from '../lib/services/clients.ts';
import { readers, related, tagReaders } from '../lib/services/readers.ts';
import { deadLettersTo, keptFor, wait } from './context.ts';
import { deliveriesIn } from './deliveries.ts';
import { effectivePolicy } from './effective-policy.ts';
import { takeFromQueue } from './from-queue.ts';
import { loggerOf, Telemetry } from './telemetry.ts';

/**
 * The handler of an evaluator: its bundle holds the services of this one evaluator alone, and the controls of all where an
 * override of the policy may name them (`deploy/esbuild/services.ts`).
 * Returns the failed messages of an invocation by SQS; all results of an invocation with a bare event.
 * @param evaluator its name.
 */
export function evaluatorHandler(
  evaluator: EvaluatorName,
  makeClients: (config: ClientConfig) => Clients = makeAllClients,
) {
  const controls = allControls.filter((control) => evaluatorOf(control) === evaluator);
  const logger = loggerOf(evaluator);
  const telemetry = new Telemetry(evaluator, logger);
  const { account, region, table, queueUrl, deadLetterUrl } = environmentOf(process.env);
  const config = { region, logger: callLogger((call) => telemetry.called(call)) };
  const clients = makeClients(config);
  const sqs = sqsClient(config);
  const queues: Queues = {
    again: (bodies, delaySeconds) => sendAll(sqs, queueUrl, bodies, { delaySeconds }),
    deadLetter: deadLettersTo(sqs, deadLetterUrl),
  };
  const kept = { client: dynamodbClient(config), table, wait, random: Math.random };
  const memory = new DynamoMemory(kept);
  const exemptions = new DynamoExemptions({ ...kept, accountRegion: { account, region } });
  const heartbeats = new DynamoHeartbeats({ ...kept, accountRegion: { account, region } });
  const policy = effectivePolicy({ controls, config, logger, telemetry });
  const facts = new AwsFacts({
    readers,
    tagReaders,
    related,
    clients: () => clients,
    now: () => new Date(),
    wait,
  });
  const parts = {
    controls,
    serves: servesOnly({ account, region }),
    facts,
    tagsOf: (resources: readonly Resource[]) => facts.tagsOf(resources),
    stateTable: new DynamoStateTable({
      ...kept,
      now: Date.now,
      conflicts: (count) => telemetry.add('StateTableConflicts', count),
    }),
    publisher: new Publisher({
      clientOf: () => securityHubClient(config),
      now: () => new Date(),
      wait,
      random: Math.random,
    }),
    queues,
    remember: (memos: readonly Memo[]) => memory.remember(memos),
    canaryReceived: (canary: Canary, receivedAt: number) =>
      heartbeats.canaryReceived(evaluator, canary, receivedAt),
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
    let read: Promise<Evaluator> | undefined;
    // Read once: if it can't be read, each delivery fails with that reason.
    const evaluator = () => {
      read ??= policy().then(evaluatorUnder);
      return read;
    };
    if (!bySqs) {
      const batch = { done: [await (await evaluator()).take(deliveries)], failures: [], left: [] };
      telemetry.evaluated(batch);
      return batch.done;
    }
    const { batch, answer } = await takeFromQueue({ sqs, url: queueUrl, logger }, deliveries, context, {
      take: async (some, signal) => (await evaluator()).take(some, signal),
      deadLetter: queues.deadLetter,
    });
    telemetry.evaluated(batch);
    return answer;
  }

  return middy(handle)
    .use(injectLambdaContext(logger))
    .after(() => telemetry.flush())
    .onError(() => telemetry.flush());
}
