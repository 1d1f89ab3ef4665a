/**
 * The dead man's switch: every quarter of an hour it finds the parts of the deployment that are silent, and names them in
 * the alarm `SilentParts`. Where it does not run itself, the alarm's metric is missing, which is an alarm too.
 */
import { randomUUID } from 'node:crypto';
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import {
  cloudWatchClient,
  dynamodbClient,
  eventBridgeClient,
  lambdaClient,
  schedulerClient,
} from '../lib/aws/sdk.ts';
import { parseArn } from '../lib/core/arn.ts';
import { DynamoHeartbeats } from '../lib/findings/state/heartbeats.ts';
import { EnvironmentError, variable } from '../lib/pipeline/live/environment.ts';
import { nameInAlarm } from '../lib/pipeline/live/watchdog/alarm.ts';
import { type Checked, check } from '../lib/pipeline/live/watchdog/check.ts';
import { watchedPartsIn } from '../lib/pipeline/live/watchdog/watched.ts';
import { loggerOf, Telemetry } from './telemetry.ts';

const logger = loggerOf('watchdog');
const telemetry = new Telemetry('watchdog', logger);
// Its calls are not counted: they are the same in every hour, and each would be a metric.
const config = { region: variable(process.env, 'AWS_REGION') };
const table = variable(process.env, 'TRAILSEAL_TABLE');
const alarm = {
  stage: variable(process.env, 'TRAILSEAL_STAGE'),
  topic: process.env['TRAILSEAL_ALARM_TOPIC'],
};
const stream = process.env['TRAILSEAL_STREAM'];
const watched = watchedPartsIn(variable(process.env, 'TRAILSEAL_WATCHED'));
const dynamodb = dynamodbClient(config);
const events = eventBridgeClient(config);
const lambda = lambdaClient(config);
const scheduler = schedulerClient(config);
const cloudWatch = cloudWatchClient(config);

/** Whatever it is invoked with. Returns what it found. */
async function handle(_event: unknown, { invokedFunctionArn }: Context): Promise<Checked> {
  const account = parseArn(invokedFunctionArn)?.account;
  if (account === undefined) throw new EnvironmentError('the ARN of this function', 'has no account');
  const accountRegion = { account, region: config.region };
  const heartbeats = new DynamoHeartbeats({ client: dynamodb, table, accountRegion });
  const checked = await check(watched, {
    events,
    lambda,
    scheduler,
    heartbeats,
    functionArn: invokedFunctionArn,
    deployed: { accountRegion, stream },
    now: Date.now,
    randomId: randomUUID,
  });
  for (const { part, because, todo } of checked.silent) logger.error('silent', { part, because, todo });
  logger.info('checked', { silent: checked.silent.length, canary: checked.sent });
  // Before the text is written, so that it is emitted where that fails; it is flushed after, so that the alarm has its text.
  telemetry.checked(checked.silent.length);
  const text = await nameInAlarm(cloudWatch, alarm, checked);
  if (text !== checked.before) await heartbeats.alarmSays(text, Date.now());
  return checked;
}

export const handler = middy(handle)
  .use(injectLambdaContext(logger))
  .after(() => telemetry.flush())
  .onError(() => telemetry.flush());
