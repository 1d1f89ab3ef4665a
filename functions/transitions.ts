/**
 * Publishes the transitions in the state table on Trailseal's own bus. The state table's stream drives it, so that each
 * transition that was recorded is published, whatever was interrupted after the recording, and none that the table does not
 * know: whoever may invoke the function could report one. One that can't be published is put
 * aside with the reason, and keeps no other back.
 */
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import middy from '@middy/core';
import type { Context, DynamoDBBatchResponse } from 'aws-lambda';
import { callLogger } from '../lib/aws/calls.ts';
import { dynamodbClient, eventBridgeClient, sqsClient } from '../lib/aws/sdk.ts';
import { list } from '../lib/core/json.ts';
import { DynamoStateTable } from '../lib/findings/state/dynamodb.ts';
import { variable } from '../lib/pipeline/live/environment.ts';
import { confirmedBy } from '../lib/remediation/events/confirm.ts';
import { storeEvent } from '../lib/remediation/events/event-record.ts';
import { publishableTransition, putEvents } from '../lib/remediation/events/publish.ts';
import { EarlierFailures, publishRecords } from '../lib/remediation/events/publish-stream.ts';
import { deadLettersTo, wait } from './context.ts';
import { loggerOf, Telemetry } from './telemetry.ts';

const logger = loggerOf('transitions');
const telemetry = new Telemetry('transitions', logger);
const config = {
  region: variable(process.env, 'AWS_REGION'),
  logger: callLogger((call) => telemetry.called(call)),
};
const bus = variable(process.env, 'TRAILSEAL_BUS');
/** All tries of a call end in the time that the function has for one record. */
const client = eventBridgeClient({ ...config, requestTimeout: 3_000, maxAttempts: 3 });
const stored = { client: dynamodbClient(config), table: variable(process.env, 'TRAILSEAL_TABLE') };
const stateTable = new DynamoStateTable({ ...stored, wait, random: Math.random, now: Date.now });
const deadLetter = deadLettersTo(sqsClient(config), variable(process.env, 'TRAILSEAL_DEAD_LETTER_URL'));
/** What failed before, for as long as this process runs. */
const earlier = new EarlierFailures();

/** Returns the first record that failed: Lambda reads the stream again from there. */
async function handle(event: unknown, context: Context): Promise<DynamoDBBatchResponse> {
  const { published, aside, failed } = await publishRecords(list(event, 'Records'), {
    async publish(reported, signal) {
      const { finding } = reported;
      const transition = confirmedBy((await stateTable.read([finding])).get(finding), reported);
      await storeEvent(stored, { kind: 'transition', event: transition }, Date.now());
      await putEvents([publishableTransition(transition)], { client, bus, wait, signal });
    },
    deadLetter,
    earlier,
    now: Date.now,
    remaining: () => context.getRemainingTimeInMillis(),
  });
  telemetry.add('Transitions', published);
  telemetry.add('MessagesDeadLettered', aside.length);
  for (const { sequence, reason } of aside) logger.error('dead-lettered', { sequence, reason });
  if (failed === undefined) return { batchItemFailures: [] };
  const { sequence, error } = failed;
  logger.error('a transition could not be published', {
    sequence,
    error: error instanceof Error ? error : String(error),
  });
  return { batchItemFailures: [{ itemIdentifier: sequence }] };
}

export const handler = middy(handle)
  .use(injectLambdaContext(logger))
  .after(() => telemetry.flush())
  .onError(() => telemetry.flush());
