/**
 * Serves the operators: takes custom actions from Security Hub, requests what the policy lets operators request, and
 * notes on the findings what came of it. It writes to no resource; `remediate` does.
 */
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import middy from '@middy/core';
import type { Context, SQSBatchResponse } from 'aws-lambda';
import { callLogger } from '../lib/aws/calls.ts';
import type { QueueName } from '../lib/aws/names.ts';
import { dynamodbClient, securityHubReader, sqsClient } from '../lib/aws/sdk.ts';
import { isInFlight, sendAll } from '../lib/aws/sqs.ts';
import { productArnOf } from '../lib/findings/id.ts';
import { DynamoStateTable } from '../lib/findings/state/dynamodb.ts';
import { DynamoExemptions } from '../lib/findings/state/exemptions.ts';
import type { Delivery } from '../lib/pipeline/live/batch.ts';
import { environmentOf, evaluatorQueueUrls, variable } from '../lib/pipeline/live/environment.ts';
import type { ActionRequest } from '../lib/remediation/action-request.ts';
import { storeRequest } from '../lib/remediation/action-request-record.ts';
import {
  type CustomActionResult,
  handleCustomAction,
  noteActionEvents,
} from '../lib/remediation/custom-actions/custom-actions.ts';
import { parseOperatorMessage } from '../lib/remediation/custom-actions/message.ts';
import { noteOn } from '../lib/remediation/custom-actions/notes.ts';
import type { ActionEvent } from '../lib/remediation/events/action-event.ts';
import { type EventName, keyTextOf, readEvents } from '../lib/remediation/events/event-record.ts';
import { requestBody } from '../lib/remediation/message.ts';
import { type FindingIdentifier, readFinding } from '../lib/remediation/own-finding.ts';
import { controls } from '../lib/services/catalogue.ts';
import { deadLettersTo, wait } from './context.ts';
import { queuedDeliveries } from './deliveries.ts';
import { effectivePolicy } from './effective-policy.ts';
import { takeFromQueue } from './from-queue.ts';
import { loggerOf, Telemetry } from './telemetry.ts';

const logger = loggerOf('operator');
const telemetry = new Telemetry('operator', logger);
const { account, region, table, queueUrl, deadLetterUrl } = environmentOf(process.env);
const stage = variable(process.env, 'TRAILSEAL_STAGE');
const config = { region, logger: callLogger((call) => telemetry.called(call)) };
const sqs = sqsClient(config);
const securityHub = securityHubReader(config);
const stored = { client: dynamodbClient(config), table, wait, random: Math.random };
const deadLetter = deadLettersTo(sqs, deadLetterUrl);
/** The queues that this deployment has; that of remediation only where the policy asks for changes, or lets operators request them. */
const queueUrls: Readonly<Partial<Record<QueueName, string>>> = evaluatorQueueUrls(process.env);
const remediateQueueUrl = process.env['TRAILSEAL_REMEDIATE_QUEUE_URL'];
const policy = effectivePolicy({ controls, config, logger, telemetry });
/** What lasts from one message to the next. */
const lasting = {
  controls,
  accountRegion: { account, region },
  stage,
  stateTable: new DynamoStateTable({ ...stored, now: Date.now }),
  exemptions: new DynamoExemptions({ ...stored, accountRegion: { account, region } }),
  send: async (queue: QueueName, body: unknown) => {
    const url = queueUrls[queue];
    if (url === undefined) return false;
    await sendAll(sqs, url, [body]);
    return true;
  },
  request: async (request: ActionRequest) => {
    if (remediateQueueUrl === undefined) return false;
    await storeRequest({ ...stored, accountRegion: { account, region } }, request);
    await sendAll(sqs, remediateQueueUrl, [requestBody(request.id)]);
    return true;
  },
  inSecurityHub: async (finding: FindingIdentifier) =>
    (await readFinding(securityHub, finding)) !== undefined,
  note: (finding: FindingIdentifier, news: readonly string[], author: string) =>
    noteOn(securityHub, finding, news, author),
  productArn: productArnOf({ account, region }),
};

async function handleAll(
  deliveries: readonly Delivery[],
  remaining: () => number,
  signal: AbortSignal,
): Promise<readonly CustomActionResult[]> {
  const deps = { ...lasting, policy: await policy() };
  const results: CustomActionResult[] = [];
  const reported: { readonly body: string; readonly name: EventName }[] = [];
  for (const { body, receipt } of deliveries) {
    signal.throwIfAborted();
    const message = parseOperatorMessage(body, stage, Date.now());
    if (message.kind === 'malformed') {
      await deadLetter(body, message.reason);
      telemetry.add('MessagesDeadLettered', 1);
    } else if (message.kind === 'action-event') {
      const { id, finding } = message.event;
      reported.push({ body, name: { kind: 'action', id, finding } });
    } else {
      await checkFromQueue(receipt, remaining());
      telemetry.add('EventsReceived', 1);
      const customActions = await handleCustomAction(deps, message.event);
      logger.info('custom action', { customActions });
      results.push(...customActions);
    }
  }
  const actionEvents = await publishedOf(reported);
  signal.throwIfAborted();
  await noteActionEvents(deps, actionEvents);
  const noted = actionEvents.map(({ finding, action, outcome }) => ({ finding, action, outcome }));
  if (noted.length > 0) logger.info('noted', { events: noted });
  return results;
}

/**
 * Rejects where the queue did not deliver a message with this receipt: whoever may invoke the function can write an event
 * that looks as if it had. A message that it did deliver stays hidden for as long as this process may run.
 */
async function checkFromQueue(receipt: string | undefined, remaining: number): Promise<void> {
  const hidden = { receipt: receipt ?? '', seconds: Math.ceil(remaining / 1_000) };
  if (receipt !== undefined && (await isInFlight(sqs, queueUrl, hidden))) return;
  throw new Error(
    `The queue ${queueUrl} did not deliver this custom action now, so that it is not known to have been used: do not ` +
      'redrive it. Where the queue has it, it comes again. Otherwise find out who may call lambda:InvokeFunction on the function.',
  );
}

/** The events as they are stored: what Trailseal did not publish goes to the DLQ, and on no finding. */
async function publishedOf(
  reported: readonly { readonly body: string; readonly name: EventName }[],
): Promise<readonly ActionEvent[]> {
  const published = await readEvents(
    stored,
    reported.map(({ name }) => name),
  );
  const actionEvents: ActionEvent[] = [];
  for (const { body, name } of reported) {
    const found = published.get(keyTextOf(name));
    if (found?.kind === 'action') {
      actionEvents.push(found.event);
    } else {
      await deadLetter(body, `Trailseal published no event ${name.id} about ${name.finding}`);
      telemetry.add('MessagesDeadLettered', 1);
    }
  }
  return actionEvents;
}

/** Answers with what failed. */
async function handle(event: unknown, context: Context): Promise<SQSBatchResponse> {
  const remaining = () => context.getRemainingTimeInMillis();
  const deliveries = queuedDeliveries(event, queueUrl);
  const { batch, answer } = await takeFromQueue({ sqs, url: queueUrl, logger }, deliveries, context, {
    take: (some, signal) => handleAll(some, remaining, signal),
    deadLetter,
  });
  telemetry.failed(batch);
  return answer;
}

export const handler = middy(handle)
  .use(injectLambdaContext(logger))
  .after(() => telemetry.flush())
  .onError(() => telemetry.flush());
