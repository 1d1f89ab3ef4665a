/** Notifies people of what changed: takes the events of Trailseal's own bus, a batch together, and sends notifications. */
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import type { SNSClient } from '@aws-sdk/client-sns';
import middy from '@middy/core';
import type { Context, SQSBatchResponse } from 'aws-lambda';
import { callLogger } from '../lib/aws/calls.ts';
import { dynamodbClient, snsClient, sqsClient, ssmClient } from '../lib/aws/sdk.ts';
import { sendAll } from '../lib/aws/sqs.ts';
import { parseArn } from '../lib/core/arn.ts';
import { type DeliveryLog, type DeliveryTarget, emptyLog } from '../lib/notifications/delivery.ts';
import { type NotifyDeps, type NotifyResult, notify } from '../lib/notifications/notify.ts';
import { notificationSettings } from '../lib/notifications/settings.ts';
import { topicTargets } from '../lib/notifications/topics.ts';
import { webhookTarget } from '../lib/notifications/webhook.ts';
import { secretReader } from '../lib/notifications/webhook-endpoint.ts';
import type { Delivery } from '../lib/pipeline/live/batch.ts';
import { variable } from '../lib/pipeline/live/environment.ts';
import { redeliveryDelay } from '../lib/pipeline/live/redelivery.ts';
import { readEvents } from '../lib/remediation/events/event-record.ts';
import { controls } from '../lib/services/catalogue.ts';
import { deadLettersTo, wait } from './context.ts';
import { deliveriesIn } from './deliveries.ts';
import { answerFor, guarded } from './from-queue.ts';
import { loggerOf, Telemetry } from './telemetry.ts';

const logger = loggerOf('notify');
const telemetry = new Telemetry('notify', logger);
const config = {
  region: variable(process.env, 'AWS_REGION'),
  logger: callLogger((call) => telemetry.called(call)),
};
const queueUrl = variable(process.env, 'TRAILSEAL_QUEUE_URL');
const sqs = sqsClient(config);
const stored = {
  client: dynamodbClient(config),
  table: variable(process.env, 'TRAILSEAL_TABLE'),
  wait,
  random: Math.random,
};
const deps: NotifyDeps = {
  targets: targetsIn(process.env),
  adviceFor: (id) => controls.find((control) => control.id === id),
  stage: variable(process.env, 'TRAILSEAL_STAGE'),
  published: (names) => readEvents(stored, names),
  retry: (body, delaySeconds) => sendAll(sqs, queueUrl, [body], { delaySeconds }),
  deadLetter: deadLettersTo(sqs, variable(process.env, 'TRAILSEAL_DEAD_LETTER_URL')),
};
/** Who was notified of what, for as long as this process runs. */
let log: DeliveryLog = emptyLog;

function targetsIn(variables: Readonly<Record<string, string | undefined>>): readonly DeliveryTarget[] {
  const { topics, webhooks, allowPrivate } = notificationSettings(variables);
  const clients = new Map<string, SNSClient>();
  const clientFor = (topicArn: string): SNSClient => {
    const region = parseArn(topicArn)?.region ?? config.region;
    const client = clients.get(region) ?? snsClient({ ...config, region });
    clients.set(region, client);
    return client;
  };
  const ssm = ssmClient(config);
  return [
    ...topicTargets(topics, clientFor),
    ...webhooks.map((parameter) =>
      webhookTarget({
        parameter,
        read: secretReader(ssm, parameter, Date.now),
        allowPrivate,
        now: () => new Date(),
        wait,
      }),
    ),
  ];
}

type NotifyHandled = Omit<NotifyResult, 'log'>;

/** Answers an invocation by SQS with what failed; any other with what was sent. */
async function handle(event: unknown, context: Context): Promise<SQSBatchResponse | NotifyHandled> {
  const { deliveries, bySqs } = deliveriesIn(event);
  if (!bySqs) return await notified(deliveries, context);
  const queue = { sqs, url: queueUrl, logger };
  const end = { beforeEnd: () => telemetry.flush() };
  return await guarded(queue, deliveries, context, end, async () => {
    const handled = await notified(deliveries, context);
    const unhandled = new Set(handled.unhandled.map(({ delivery }) => delivery));
    const again = deliveries
      .filter(({ id }) => unhandled.has(id))
      .map((delivery) => ({ delivery, seconds: redeliveryDelay(delivery.receives) }));
    return await answerFor(queue, again);
  });
}

async function notified(deliveries: readonly Delivery[], context: Context): Promise<NotifyHandled> {
  const remaining = () => context.getRemainingTimeInMillis();
  const { log: next, ...handled } = await notify(deliveries, { log, remaining }, deps);
  log = next;
  record(handled, deliveries.length);
  return handled;
}

function record(
  { sent, failed, ignored, retried, deadLetters, unhandled }: NotifyHandled,
  deliveries: number,
): void {
  telemetry.add('EventsReceived', deliveries);
  telemetry.add('EventsIgnored', ignored);
  telemetry.add('MessagesDeadLettered', deadLetters.length);
  logger.info('notified', { sent: sent.slice(0, shown), notifications: sent.length, ignored, retried });
  for (const { target, id, error } of failed.slice(0, shown)) {
    logger.warn('a target did not accept a notification', { target, id, error });
  }
  for (const { delivery, reason } of deadLetters.slice(0, shown)) {
    logger.error('dead-lettered', { delivery, reason });
  }
  for (const { delivery, error } of unhandled.slice(0, shown)) {
    logger.error('failed, will be delivered again', {
      delivery,
      error: error instanceof Error ? error : new Error(String(error)),
    });
  }
}

/** Maximum number of entries of a kind that one batch writes to the log. */
const shown = 50;

export const handler = middy(handle)
  .use(injectLambdaContext(logger))
  .after(() => telemetry.flush())
  .onError(() => telemetry.flush());
