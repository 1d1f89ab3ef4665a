/** The scheduled scan: has the evaluators re-evaluate all resources that AWS lists, and all open findings in the state table. */
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import middy from '@middy/core';
import type { Context, SQSBatchResponse } from 'aws-lambda';
import { callLogger } from '../lib/aws/calls.ts';
import type { QueueName } from '../lib/aws/names.ts';
import { dynamodbClient, sqsClient } from '../lib/aws/sdk.ts';
import { sendAll } from '../lib/aws/sqs.ts';
import { DynamoStateTable } from '../lib/findings/state/dynamodb.ts';
import { DynamoHeartbeats } from '../lib/findings/state/heartbeats.ts';
import type { Recorded } from '../lib/findings/state/table.ts';
import type { Delivery } from '../lib/pipeline/live/batch.ts';
import { environmentOf, evaluatorQueueUrls } from '../lib/pipeline/live/environment.ts';
import { parseBody } from '../lib/pipeline/live/message.ts';
import { type Scanned, scan } from '../lib/pipeline/live/scheduled-scan.ts';
import type { Policy } from '../lib/policy/model.ts';
import { reminderOf } from '../lib/remediation/message.ts';
import { controls, evaluatorOf } from '../lib/services/catalogue.ts';
import { makeClients } from '../lib/services/clients.ts';
import { listers } from '../lib/services/listers.ts';
import { deadLettersTo, wait } from './context.ts';
import { deliveriesIn } from './deliveries.ts';
import { effectivePolicy } from './effective-policy.ts';
import { takeFromQueue } from './from-queue.ts';
import { loggerOf, Telemetry } from './telemetry.ts';

const logger = loggerOf('scan');
const telemetry = new Telemetry('scan', logger);
const { account, region, table, queueUrl, deadLetterUrl } = environmentOf(process.env);
const queueUrls = evaluatorQueueUrls(process.env);
const config = { region, logger: callLogger((call) => telemetry.called(call)) };
const clients = makeClients(config);
const sqs = sqsClient(config);
const dynamodb = dynamodbClient(config);
const heartbeats = new DynamoHeartbeats({ client: dynamodb, table, accountRegion: { account, region } });
const stateTable = new DynamoStateTable({
  client: dynamodb,
  table,
  now: Date.now,
  wait,
  random: Math.random,
});
const policy = effectivePolicy({ controls, config, logger, telemetry });
/** The controls that the policy enables, of the evaluators that are deployed. */
const enabledBy = ({ controls: byId }: Policy) =>
  controls.filter(
    (control) => byId.get(control.id)?.enabled === true && queueUrls[evaluatorOf(control)] !== undefined,
  );

const remediateUrl = process.env['TRAILSEAL_REMEDIATE_QUEUE_URL'];

async function send(queue: QueueName | 'remediate', bodies: readonly unknown[]): Promise<void> {
  const url = { ...queueUrls, scan: queueUrl, remediate: remediateUrl }[queue];
  if (url !== undefined) await sendAll(sqs, url, bodies);
}

/** One message at a time: each may take as long as Lambda allows. */
async function take(deliveries: readonly Delivery[], remaining: () => number): Promise<readonly Scanned[]> {
  const effective = await policy();
  const enabled = enabledBy(effective);
  const scanned: Scanned[] = [];
  for (const { body } of deliveries) {
    const message = parseBody(body);
    if (message.kind !== 'scan') {
      const reason =
        message.kind === 'malformed'
          ? message.reason
          : `this queue takes messages of the scheduled scan, and not one of kind ${message.kind}`;
      await deadLettersTo(sqs, deadLetterUrl)(body, reason);
      telemetry.add('MessagesDeadLettered', 1);
      continue;
    }
    scanned.push(
      await scan(message.part, {
        listers,
        clients,
        stateTable,
        controls: enabled,
        accountRegion: { account, region },
        send,
        heartbeats,
        ...(remediateUrl === undefined
          ? {}
          : { reminderOf: (entry: Recorded) => reminderOf(effective, controls, entry) }),
        now: Date.now,
        remaining,
      }),
    );
  }
  return scanned;
}

/** Returns the failed messages of an invocation by SQS; the results of the scan of any other. */
async function handle(event: unknown, context: Context): Promise<SQSBatchResponse | readonly Scanned[]> {
  const { deliveries, bySqs } = deliveriesIn(event);
  const remaining = () => context.getRemainingTimeInMillis();
  if (!bySqs) return await take(deliveries, remaining);
  const { batch, answer } = await takeFromQueue({ sqs, url: queueUrl, logger }, deliveries, context, {
    take: (some) => take(some, remaining),
    deadLetter: deadLettersTo(sqs, deadLetterUrl),
  });
  for (const scanned of batch.done.flat()) telemetry.scanned(scanned);
  telemetry.failed(batch);
  return answer;
}

export const handler = middy(handle)
  .use(injectLambdaContext(logger))
  .after(() => telemetry.flush())
  .onError(() => telemetry.flush());
