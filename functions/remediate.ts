/**
 * Remediates: the only function that may write to resources. It takes transitions from Trailseal's own bus and the ends
 * of grace periods, one message at a time, and tells on the bus what it did.
 */
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import middy from '@middy/core';
import type { Context, SQSBatchResponse } from 'aws-lambda';
import { callLogger } from '../lib/aws/calls.ts';
import {
  dynamodbClient,
  eventBridgeClient,
  schedulerClient,
  securityHubReader,
  sqsClient,
  ssmClient,
} from '../lib/aws/sdk.ts';
import { sendAll } from '../lib/aws/sqs.ts';
import { arnOf } from '../lib/core/arn.ts';
import type { Resource } from '../lib/core/control.ts';
import { DynamoStateTable } from '../lib/findings/state/dynamodb.ts';
import { DynamoExemptions } from '../lib/findings/state/exemptions.ts';
import { DynamoMemory } from '../lib/findings/state/memory.ts';
import { AwsFacts } from '../lib/pipeline/aws-facts.ts';
import { type Delivery, takeBatch, toDeliverAgain } from '../lib/pipeline/live/batch.ts';
import { environmentOf, variable } from '../lib/pipeline/live/environment.ts';
import { bundledPolicy } from '../lib/policy/bundled.ts';
import type { Policy } from '../lib/policy/model.ts';
import { actions } from '../lib/remediation/actions/index.ts';
import { DynamoJournal } from '../lib/remediation/actions/journal-dynamodb.ts';
import { isOwnResource } from '../lib/remediation/eligibility/own-resource.ts';
import { mayDo } from '../lib/remediation/eligibility/permitted.ts';
import type { ActionEvent } from '../lib/remediation/events/action-event.ts';
import { actionEvent, putEvents } from '../lib/remediation/events/publish.ts';
import { scheduleGracePeriodEnd } from '../lib/remediation/grace-period.ts';
import { killSwitch } from '../lib/remediation/kill-switch.ts';
import { Limiter } from '../lib/remediation/limiter.ts';
import { onceMore, parseRemediation, type RemediationMessage } from '../lib/remediation/message.ts';
import { type Remediation, Remediator, type RemediatorOptions } from '../lib/remediation/remediator.ts';
import { nextRunIn } from '../lib/remediation/retry-delay.ts';
import { workflowOf } from '../lib/remediation/workflow.ts';
import { controls } from '../lib/services/catalogue.ts';
import { makeClients } from '../lib/services/clients.ts';
import { readers, related, tagReaders } from '../lib/services/readers.ts';
import { deadLettersTo, wait } from './context.ts';
import { deliveriesIn } from './deliveries.ts';
import { effectivePolicy } from './effective-policy.ts';
import { checkedPolicy } from './policy.ts';
import { loggerOf, Telemetry } from './telemetry.ts';

const logger = loggerOf('remediate');
const telemetry = new Telemetry('remediate', logger);
const { account, region, table, queueUrl, deadLetterUrl } = environmentOf(process.env);
const own = {
  stack: variable(process.env, 'POWERTOOLS_SERVICE_NAME'),
  keyArns: (process.env['TRAILSEAL_OWN_KEYS'] ?? '').split(',').filter((arn) => arn !== ''),
};
const bus = variable(process.env, 'TRAILSEAL_BUS');
const switchName = variable(process.env, 'TRAILSEAL_KILL_SWITCH');
const config = { region, logger: callLogger((call) => telemetry.called(call)) };
const clients = makeClients(config);
const sqs = sqsClient(config);
const events = eventBridgeClient(config);
const ssm = ssmClient(config);
const securityHub = securityHubReader(config);
// What was begun has to be kept track of: rather waited for than left to a run that comes when the lease is over.
const dynamodb = dynamodbClient({ ...config, maxAttempts: 10 });
const now = () => new Date();
const kept = { client: dynamodb, table, wait, random: Math.random };
const gracePeriodEnd = {
  client: schedulerClient(config),
  group: variable(process.env, 'TRAILSEAL_SCHEDULE_GROUP'),
  queueArn: arnOf('sqs', region, account, nameIn(queueUrl)),
  deadLetterArn: arnOf('sqs', region, account, nameIn(deadLetterUrl)),
  roleArn: variable(process.env, 'TRAILSEAL_SCHEDULE_ROLE'),
};
const deadLetter = deadLettersTo(sqs, deadLetterUrl);
const policy = effectivePolicy({ controls, config, logger, telemetry });
const exemptions = new DynamoExemptions({ client: dynamodb, table, accountRegion: { account, region } });
const facts = new AwsFacts({ readers, tagReaders, related, clients: () => clients, now, wait });
/** What the deployment was given rights for; an override only narrows it. */
const deployed = bundledPolicy(checkedPolicy, controls);
const parts = {
  controls,
  actions: actions.filter(({ id }) => mayDo(deployed, controls, id)),
  accountRegion: { account, region },
  facts,
  tagsOf: (resources: readonly Resource[]) => facts.tagsOf(resources),
  stateTable: new DynamoStateTable({ ...kept, now: Date.now }),
  journal: new DynamoJournal({ client: dynamodb, table, now }),
  limiter: new Limiter({ ...kept, now: Date.now }),
  deps: {
    clients,
    memory: new DynamoMemory(kept),
    now,
    wait,
  },
  stage: variable(process.env, 'TRAILSEAL_STAGE'),
  killSwitch: () => killSwitch(ssm, switchName),
  workflow: (finding: string) => workflowOf(securityHub, finding),
  isOwn: (resource: Parameters<typeof isOwnResource>[0]) => isOwnResource(resource, own),
  scheduleGracePeriodEnd: (...asked: Parameters<RemediatorOptions['scheduleGracePeriodEnd']>) =>
    scheduleGracePeriodEnd(gracePeriodEnd, ...asked),
};

/** What depends on the policy, which is asked for with each batch. */
function under(effective: Policy): Pick<RemediatorOptions, 'policy' | 'exemptions'> {
  // An undo takes back exemptions, and what was ordered before it.
  const exempts = effective.customActions.includes('exempt') || effective.customActions.includes('undo');
  return { policy: effective, ...(exempts ? { exemptions: () => exemptions.all() } : {}) };
}

type Asked = Exclude<RemediationMessage, { readonly kind: 'malformed' }>;

/** One message after the other: each may take long, and what was done is told before the next is begun. */
async function take(deliveries: readonly Delivery[], run: string): Promise<readonly Remediation[]> {
  const underPolicy = under(await policy());
  const done: Remediation[] = [];
  for (const { body, id, receives } of deliveries) {
    const message = parseRemediation(body);
    if (message.kind === 'malformed') {
      await deadLetter(body, message.reason);
      telemetry.add('MessagesDeadLettered', 1);
      continue;
    }
    const remediator = new Remediator({
      ...parts,
      ...underPolicy,
      run: `${run} ${id}`,
      redelivered: receives > 1,
    });
    const remediation =
      message.kind === 'order'
        ? await remediator.carryOutRequest(message.order)
        : await remediator.remediate(message.occasion);
    const news = remediation.events.filter((event) => isNews(event, message));
    await putEvents(news.map(actionEvent), { client: events, bus, wait });
    if (remediation.again) {
      const partiallyCompleted =
        message.partiallyCompleted || news.some(({ outcome }) => outcome === 'partially-completed');
      await goOn(body, message, partiallyCompleted);
    }
    telemetry.remediated(
      message.kind === 'order' ? message.order.finding : message.occasion.finding,
      remediation,
    );
    done.push(remediation);
  }
  return done;
}

/** What is partially completed or skipped still was told when it first was; but for whoever waits for the answer to an order. */
function isNews({ outcome }: ActionEvent, { kind, attempt, partiallyCompleted }: Asked): boolean {
  if (outcome === 'partially-completed') return !partiallyCompleted;
  return attempt === 1 || kind === 'order' || outcome !== 'skipped';
}

/** Has the same message come again; one that came to no end in hours is put aside for people. */
async function goOn(body: string, { attempt }: Asked, partiallyCompleted: boolean): Promise<void> {
  const delaySeconds = nextRunIn(attempt);
  if (delaySeconds !== undefined) {
    const again = onceMore(JSON.parse(body), { attempt: attempt + 1, partiallyCompleted });
    await sendAll(sqs, queueUrl, [again], { delaySeconds });
    return;
  }
  await putAside(
    body,
    `It is under way, partially completed or not answered still, after ${attempt} runs: see "trailseal action runs" for how far it came`,
  );
  telemetry.add('MessagesDeadLettered', 1);
}

/** Whoever ordered something waits for an answer: that it is tried no more is one. */
async function putAside(body: string, reason: string): Promise<void> {
  const message = parseRemediation(body);
  if (message.kind === 'order') {
    try {
      const remediator = new Remediator({
        ...parts,
        ...under(await policy()),
        run: `end of ${message.order.id}`,
      });
      const { events: told } = await remediator.giveUp(message.order, `It could not be done: ${reason}.`);
      await putEvents(told.map(actionEvent), { client: events, bus, wait });
    } catch (error) {
      // What keeps the order from being obeyed may keep it from being answered: it is put aside all the same.
      logger.error('an order could not be answered', {
        error: error instanceof Error ? error : String(error),
      });
    }
  }
  await deadLetter(body, reason);
}

/** Answers an invocation by SQS with what failed; any other with what was done. */
async function handle(event: unknown, context: Context): Promise<SQSBatchResponse | readonly Remediation[]> {
  const { deliveries, bySqs } = deliveriesIn(event);
  const { awsRequestId: run } = context;
  if (!bySqs) return await take(deliveries, run);
  const batch = await takeBatch(
    deliveries,
    (some) => take(some, run),
    putAside,
    () => context.getRemainingTimeInMillis(),
  );
  telemetry.failed(batch);
  return { batchItemFailures: toDeliverAgain(batch).map((id) => ({ itemIdentifier: id })) };
}

function nameIn(url: string): string {
  return url.slice(url.lastIndexOf('/') + 1);
}

export const handler = middy(handle)
  .use(injectLambdaContext(logger))
  .after(() => telemetry.flush())
  .onError(() => telemetry.flush());
