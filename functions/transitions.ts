/**
 * Publishes the transitions in the state table on Trailseal's own bus. The state table's stream drives it, so that each
 * transition that was recorded is published, whatever was interrupted after the recording.
 */
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import middy from '@middy/core';
import type { DynamoDBBatchResponse } from 'aws-lambda';
import { callLogger } from '../lib/aws/calls.ts';
import { dynamodbClient, eventBridgeClient, sqsClient } from '../lib/aws/sdk.ts';
import { list, text } from '../lib/core/json.ts';
import { variable } from '../lib/pipeline/live/environment.ts';
import { storeEvent } from '../lib/remediation/events/event-record.ts';
import { publishableTransition, putEvents } from '../lib/remediation/events/publish.ts';
import { readStreamRecord } from '../lib/remediation/events/stream.ts';
import { deadLettersTo, wait } from './context.ts';
import { loggerOf, Telemetry } from './telemetry.ts';

const logger = loggerOf('transitions');
const telemetry = new Telemetry('transitions', logger);
const config = {
  region: variable(process.env, 'AWS_REGION'),
  logger: callLogger((call) => telemetry.called(call)),
};
const bus = variable(process.env, 'TRAILSEAL_BUS');
const client = eventBridgeClient(config);
const stored = { client: dynamodbClient(config), table: variable(process.env, 'TRAILSEAL_TABLE') };
const deadLetter = deadLettersTo(sqsClient(config), variable(process.env, 'TRAILSEAL_DEAD_LETTER_URL'));

/** Returns the first record that failed: Lambda reads the stream again from there. */
async function handle(event: unknown): Promise<DynamoDBBatchResponse> {
  const records = list(event, 'Records');
  for (const record of records) {
    const read = readStreamRecord(record);
    try {
      // One after the other, so that Lambda reads again exactly from the failed record, in order.
      if (read.kind === 'transition') {
        await storeEvent(stored, { kind: 'transition', event: read.transition }, Date.now());
        await putEvents([publishableTransition(read.transition)], { client, bus, wait });
      }
      if (read.kind === 'unreadable') await deadLetter(JSON.stringify(record), read.reason);
    } catch (error) {
      logger.error('a transition could not be published', {
        error: error instanceof Error ? error : String(error),
      });
      return { batchItemFailures: [{ itemIdentifier: text(record, 'dynamodb', 'SequenceNumber') ?? '' }] };
    }
    if (read.kind === 'transition') telemetry.add('Transitions', 1);
    if (read.kind === 'unreadable') telemetry.add('MessagesDeadLettered', 1);
  }
  return { batchItemFailures: [] };
}

export const handler = middy(handle)
  .use(injectLambdaContext(logger))
  .after(() => telemetry.flush())
  .onError(() => telemetry.flush());
