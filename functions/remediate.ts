/**
 * Remediates: the only function that may write to resources. It takes transitions from Trailseal's own bus, the ends of
 * grace periods and requested actions, one message at a time, and publishes on the bus what it did.
 */
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import middy from '@middy/core';
import type { Context, SQSBatchResponse } from 'aws-lambda';
import { callLogger } from '../lib/aws/calls.ts';
import type { Clients } from '../lib/aws/clients.ts';
import {
  dynamodbClient,
  eventBridgeClient,
  schedulerClient,
  securityHubReader,
  sqsClient,
  ssmClient,
  stsClient,
} from '../lib/aws/sdk.ts';
import { sendAll } from '../lib/aws/sqs.ts';
import { type RoleSession, roleSession } from '../lib/aws/sts.ts';
import type { AnyAction } from '../lib/core/action.ts';
import { arnOf } from '../lib/core/arn.ts';
import type { Resource } from '../lib/core/control.ts';
import { productArnOf } from '../lib/findings/id.ts';
import { DynamoBegunDeliveries } from '../lib/findings/state/begun-deliveries.ts';
import { DynamoStateTable } from '../lib/findings/state/dynamodb.ts';
import { DynamoExemptions } from '../lib/findings/state/exemptions.ts';
import { DynamoMemory } from '../lib/findings/state/memory.ts';
import { AwsFacts } from '../lib/pipeline/aws-facts.ts';
import type { Delivery } from '../lib/pipeline/live/batch.ts';
import { environmentOf, variable } from '../lib/pipeline/live/environment.ts';
import { bundledPolicy } from '../lib/policy/bundled.ts';
import type { Policy } from '../lib/policy/model.ts';
import type { ActionRequest } from '../lib/remediation/action-request.ts';
import { readRequest } from '../lib/remediation/action-request-record.ts';
import { actions } from '../lib/remediation/actions/index.ts';
import { DynamoRunHistory } from '../lib/remediation/actions/run-history-dynamodb.ts';
import { inWriteSession, writeRoleVariable } from '../lib/remediation/actions/write-session.ts';
import { abandonRequest } from '../lib/remediation/carry-out-request.ts';
import type { Remediation, RemediationDeps } from '../lib/remediation/deps.ts';
import { isOwnResource, isPermitted } from '../lib/remediation/eligibility.ts';
import type { ActionEvent } from '../lib/remediation/events/action-event.ts';
import { storeEvent } from '../lib/remediation/events/event-record.ts';
import { BusError, publishableAction, putEvents } from '../lib/remediation/events/publish.ts';
import { scheduleGracePeriodEnd, scheduleNextTry } from '../lib/remediation/grace-period.ts';
import { DynamoGracePeriods } from '../lib/remediation/grace-period-record.ts';
import { handle as handleMessage } from '../lib/remediation/handle.ts';
import { killSwitch } from '../lib/remediation/kill-switch.ts';
import { Limiter } from '../lib/remediation/limiter.ts';
import {
  nextRunIn,
  onceMore,
  parseRemediation,
  type RemediationMessage,
} from '../lib/remediation/message.ts';
import { workflowOf } from '../lib/remediation/workflow.ts';
import { controls } from '../lib/services/catalogue.ts';
import { makeClients } from '../lib/services/clients.ts';
import { readers, related, tagReaders } from '../lib/services/readers.ts';
import { deadLettersTo, wait } from './context.ts';
import { queuedDeliveries } from './deliveries.ts';
import { effectivePolicy } from './effective-policy.ts';
import { takeFromQueue } from './from-queue.ts';
import { checkedPolicy } from './policy.ts';
import { loggerOf, Telemetry } from './telemetry.ts';

const logger = loggerOf('remediate');
const telemetry = new Telemetry('remediate', logger);
const { account, region, table, queueUrl, deadLetterUrl } = environmentOf(process.env);
const ownDeployment = {
  stack: variable(process.env, 'POWERTOOLS_SERVICE_NAME'),
  keyArns: (process.env['TRAILSEAL_OWN_KEYS'] ?? '').split(',').filter((arn) => arn !== ''),
};
const bus = variable(process.env, 'TRAILSEAL_BUS');
const killSwitchName = variable(process.env, 'TRAILSEAL_KILL_SWITCH');
const config = { region, logger: callLogger((call) => telemetry.called(call)) };
const clients = makeClients(config);
const sqs = sqsClient(config);
const eventBridge = eventBridgeClient(config);
const sts = stsClient(config);
const ssm = ssmClient(config);
const securityHub = securityHubReader(config);
// The run history has to be written once an action was begun: DynamoDB is rather waited for than the run left to one that comes when its lease has expired.
const dynamodb = dynamodbClient({ ...config, maxAttempts: 10 });
const now = () => new Date();
const productArn = productArnOf({ account, region });
const stored = { client: dynamodb, table, wait, random: Math.random };
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
const requests = { client: dynamodb, table, accountRegion: { account, region } };
const begun = new DynamoBegunDeliveries({
  client: dynamodb,
  table,
  accountRegion: { account, region },
  now: Date.now,
});
const facts = new AwsFacts({ readers, tagReaders, related, clients: () => clients, now, wait });
/** The policy that the deployment was given its rights for; an override only narrows it. */
const deployed = bundledPolicy(checkedPolicy, controls);
/** What lasts from one message to the next. */
const lasting = {
  controls,
  actions: actions.filter(({ id }) => isPermitted(deployed, controls, id)),
  accountRegion: { account, region },
  facts,
  tagsOf: (resources: readonly Resource[]) => facts.tagsOf(resources),
  stateTable: new DynamoStateTable({ ...stored, now: Date.now }),
  history: new DynamoRunHistory({ client: dynamodb, table, now }),
  gracePeriods: new DynamoGracePeriods({ client: dynamodb, table }),
  limiter: new Limiter({ ...stored, now: Date.now }),
  actionDeps: {
    clients,
    memory: new DynamoMemory(stored),
    now,
    wait,
  },
  stage: variable(process.env, 'TRAILSEAL_STAGE'),
  killSwitch: () => killSwitch(ssm, killSwitchName),
  workflow: (id: string) => workflowOf(securityHub, { id, productArn, account }),
  isOwn: (resource: Resource) => isOwnResource(resource, ownDeployment),
  scheduleGracePeriodEnd: (...end: Parameters<RemediationDeps['scheduleGracePeriodEnd']>) =>
    scheduleGracePeriodEnd(gracePeriodEnd, ...end),
  scheduleNextTry: (...next: Parameters<RemediationDeps['scheduleNextTry']>) =>
    scheduleNextTry(gracePeriodEnd, ...next),
};

/** What depends on the policy, which is read with each batch. */
function depsUnder(effective: Policy): Pick<RemediationDeps, 'policy' | 'exemptions'> {
  // An undo ends exemptions, and what was requested before it.
  const exempts = effective.customActions.includes('exempt') || effective.customActions.includes('undo');
  return { policy: effective, ...(exempts ? { exemptions: () => exemptions.all() } : {}) };
}

/** Clients that write with a role that this function's role may assume and do nothing else with. */
function writeClients(name: string, session: RoleSession): Clients {
  const role = variable(process.env, writeRoleVariable(name));
  return makeClients({ ...config, credentials: roleSession(sts, role, session, Date.now) });
}

/** The actions as one run carries them out: each writes in a session of its own. */
function actionsOf(run: string): readonly AnyAction[] {
  return lasting.actions.map((action) => inWriteSession(action, run, writeClients));
}

type Request = Exclude<RemediationMessage, { readonly kind: 'malformed' }>;

/** One message after the other: each may take long, and what was done is published before the next is begun. */
async function handleAll(deliveries: readonly Delivery[], run: string): Promise<readonly Remediation[]> {
  const policyDeps = depsUnder(await policy());
  const done: Remediation[] = [];
  for (const { body, id, receives } of deliveries) {
    const message = parseRemediation(body);
    if (message.kind === 'malformed') {
      await deadLetter(body, message.reason);
      telemetry.add('MessagesDeadLettered', 1);
      continue;
    }
    const deps = {
      ...lasting,
      ...policyDeps,
      actions: actionsOf(run),
      run: `${run} ${id}`,
      redelivered: receives > 1,
      handledBefore: receives > 1 || message.attempt > 1,
    };
    const named = message.kind === 'requested-action' ? await requestNamed(message) : message;
    if (named.kind === 'unknown') {
      await deadLetter(body, named.reason);
      telemetry.add('MessagesDeadLettered', 1);
      continue;
    }
    const handled = await handleMessage(deps, named);
    const events = handled.flatMap(({ remediation }) => remediation.events);
    await publish(
      events.filter((event) => isToBePublished(event, message)),
      { again: deps.redelivered || (message.kind === 'requested-action' && message.attempt === 1) },
    );
    if (handled.some(({ remediation }) => remediation.again)) await sendAgain(body, message);
    for (const { finding, remediation } of handled) telemetry.remediated(finding, remediation);
    done.push(...handled.map(({ remediation }) => remediation));
  }
  return done;
}

/** What an operator requested, as `operator` stored it: a message that names nothing there requests nothing. */
async function requestNamed({
  id,
}: {
  readonly id: string;
}): Promise<
  | { readonly kind: 'requested-action'; readonly request: ActionRequest }
  | { readonly kind: 'unknown'; readonly reason: string }
> {
  const request = await readRequest(requests, id);
  return request === undefined
    ? { kind: 'unknown', reason: `no operator requested ${id}: the state table has no such request` }
    : { kind: 'requested-action', request };
}

/**
 * Stores the events, and puts them on the bus. What EventBridge refuses for good is put aside: the message would be handled
 * again in vain.
 * @param again whether what was reported before as partially completed is reported again: the run that stored it may have
 *   been interrupted, or somebody requests it now.
 */
async function publish(
  events: readonly ActionEvent[],
  { again }: { readonly again: boolean },
): Promise<void> {
  const news: ActionEvent[] = [];
  for (const event of events) {
    const outcome = await storeEvent(stored, { kind: 'action', event }, Date.now());
    if (event.outcome !== 'partially-completed' || outcome === 'new' || again) news.push(event);
  }
  try {
    await putEvents(news.map(publishableAction), { client: eventBridge, bus, wait });
  } catch (error) {
    // Where others may be taken later, all of it comes again: what is refused for good is put aside once.
    if (!(error instanceof BusError) || error.unsent.some(({ fault }) => fault !== 'event')) throw error;
    for (const { event, because } of error.unsent) {
      await deadLetter(JSON.stringify(event.detail), `EventBridge refuses this event: ${because}`);
      telemetry.add('MessagesDeadLettered', 1);
    }
  }
}

/** What is still skipped was published before; but a requested action is answered in any case. */
function isToBePublished({ outcome }: ActionEvent, { kind, attempt }: Request): boolean {
  return attempt === 1 || kind === 'requested-action' || outcome !== 'skipped';
}

/** Has the same message come again; one that came to no end in hours goes to the DLQ. */
async function sendAgain(body: string, { attempt }: Request): Promise<void> {
  const delaySeconds = nextRunIn(attempt);
  if (delaySeconds !== undefined) {
    const again = onceMore(JSON.parse(body), { attempt: attempt + 1 });
    await sendAll(sqs, queueUrl, [again], { delaySeconds });
    return;
  }
  await abandon(
    body,
    `It is still under way, partially completed or not answered after ${attempt} runs: "trailseal history" shows how far it came`,
  );
  telemetry.add('MessagesDeadLettered', 1);
}

/** Sends the message to the DLQ; whoever requested an action gets the answer that it is not tried any more. */
async function abandon(body: string, reason: string): Promise<void> {
  const message = parseRemediation(body);
  if (message.kind === 'requested-action') {
    try {
      const request = await readRequest(requests, message.id);
      if (request !== undefined) {
        const deps = { ...lasting, ...depsUnder(await policy()), run: `end of ${request.id}` };
        const { events } = await abandonRequest(deps, request, `It could not be done: ${reason}.`);
        await publish(events, { again: true });
      }
    } catch (error) {
      // What keeps the request from being carried out may keep it from being answered: it goes to the DLQ all the same.
      logger.error('a requested action could not be answered', {
        error: error instanceof Error ? error : new Error(String(error)),
      });
    }
  }
  await deadLetter(body, reason);
}

/** Answers with what failed. */
async function handle(event: unknown, context: Context): Promise<SQSBatchResponse> {
  const deliveries = queuedDeliveries(event, queueUrl);
  const { awsRequestId: run } = context;
  const { batch, answer } = await takeFromQueue({ sqs, url: queueUrl, logger }, deliveries, context, {
    take: (some) => handleAll(some, run),
    deadLetter: abandon,
    begun,
    // An action must not go on when its lease is over: its run ends with the process.
    endsWithProcess: true,
    beforeEnd: () => telemetry.flush(),
  });
  telemetry.failed(batch);
  return answer;
}

function nameIn(url: string): string {
  return url.slice(url.lastIndexOf('/') + 1);
}

export const handler = middy(handle)
  .use(injectLambdaContext(logger))
  .after(() => telemetry.flush())
  .onError(() => telemetry.flush());
