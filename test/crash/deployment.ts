/**
 * Deployments in moto, each with a state table of its own, whose functions and commands are invoked as bundles. What comes
 * back from the queues is delivered as SQS does it, by a clock that is put forward.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { CreateTableCommand } from '@aws-sdk/client-dynamodb';
import { CreateEventBusCommand, EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { CreateScheduleGroupCommand, SchedulerClient } from '@aws-sdk/client-scheduler';
import { CreateQueueCommand, SQSClient } from '@aws-sdk/client-sqs';
import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { bundleFunction } from '../../deploy/bundle.ts';
import {
  busName,
  deadLetterQueueName,
  killSwitchName,
  queueName,
  scheduleGroupName,
  stackName,
  tableName,
} from '../../lib/aws/names.ts';
import { dynamodbClient } from '../../lib/aws/sdk.ts';
import type { Target } from '../../lib/core/action.ts';
import { list } from '../../lib/core/json.ts';
import { findingId } from '../../lib/findings/id.ts';
import { DynamoStateTable } from '../../lib/findings/state/dynamodb.ts';
import { DynamoMemory } from '../../lib/findings/state/memory.ts';
import { table as schema } from '../../lib/findings/state/schema.ts';
import type { ActionRequest } from '../../lib/remediation/action-request.ts';
import { storeRequest } from '../../lib/remediation/action-request-record.ts';
import type { ActionRun } from '../../lib/remediation/actions/action-run.ts';
import { DynamoRunHistory } from '../../lib/remediation/actions/run-history-dynamodb.ts';
import { writeRoleVariable } from '../../lib/remediation/actions/write-session.ts';
import { disengaged } from '../../lib/remediation/kill-switch.ts';
import { Limiter } from '../../lib/remediation/limiter.ts';
import { controls } from '../../lib/services/catalogue.ts';
import { liveServices } from '../../lib/services/live-services.ts';
import { writeRoleOf } from '../../lib/services/write-services.ts';
import { startMoto } from '../../scripts/emulators.ts';
import { account, region } from '../emulator/action-deps.ts';
import { Clock, type Invocation, invoke } from './invoke.ts';
import {
  eventOf,
  hiddenIn,
  type Message,
  type MessageState,
  messageOf,
  sentIn,
  shared,
  stateOf,
} from './messages.ts';
import type { Fault, Kill } from './relay.ts';

const minute = 60_000;
/** A message of a process that was killed comes again after so long: six times the time that the function may take. */
const visibility = 90 * minute;
/** Maximum number of deliveries: what is not done by then never is. */
const mostDeliveries = 12;

export interface Aws {
  readonly endpoint: string;
  /** The bundles of `remediate`, by the name of the policy that it holds; and that of the command that undoes. */
  readonly remediate: Readonly<Record<string, string>>;
  readonly undo: string;
  stop(): Promise<void>;
}

/**
 * Starts moto, which this program's own clients find from then on, and bundles the functions.
 * @param policies by their names, as YAML.
 */
export async function startAws(policies: Readonly<Record<string, string>>): Promise<Aws> {
  const emulator = await startMoto();
  Object.assign(process.env, {
    AWS_ENDPOINT_URL: emulator.endpoint,
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
  });
  const sqs = new SQSClient({ region });
  await sqs.send(new CreateQueueCommand({ QueueName: queueName(shared, 'remediate') }));
  await sqs.send(new CreateQueueCommand({ QueueName: deadLetterQueueName(shared, 'remediate') }));
  await new SchedulerClient({ region }).send(
    new CreateScheduleGroupCommand({ Name: scheduleGroupName(shared) }),
  );
  const folder = mkdtempSync(path.join(tmpdir(), 'trailseal-crash-'));
  const remediate: Record<string, string> = {};
  for (const [name, policy] of Object.entries(policies)) {
    const file = path.join(folder, `${name}.yml`);
    writeFileSync(file, `version: 1\n${policy}`);
    remediate[name] = (await bundleFunction('functions/remediate.ts', path.join(folder, name), file)).file;
  }
  const anyPolicy = path.join(import.meta.dirname, '..', '..', 'trailseal.policy.yml');
  const undo = (await bundleFunction('test/crash/undo.ts', folder, anyPolicy)).file;
  return {
    endpoint: emulator.endpoint,
    remediate,
    undo,
    async stop() {
      rmSync(folder, { recursive: true });
      await emulator.stop();
    },
  };
}

let stages = 0;
let runs = 0;

const client = dynamodbClient({ region });
const ssm = new SSMClient({ region });
const eventBridge = new EventBridgeClient({ region });

/** A deployment with an empty state table. @param policy by its name. */
export async function deploy(aws: Aws, policy: string) {
  stages += 1;
  const stage = `crash-${stages}`;
  const table = tableName(stage);
  const { AttributeDefinitions, KeySchema, GlobalSecondaryIndexes } = schema;
  await client.send(
    new CreateTableCommand({
      TableName: table,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [...AttributeDefinitions],
      KeySchema: [...KeySchema],
      GlobalSecondaryIndexes: GlobalSecondaryIndexes.map((index) => ({
        ...index,
        KeySchema: [...index.KeySchema],
      })),
    }),
  );
  await eventBridge.send(new CreateEventBusCommand({ Name: busName(stage) }));
  await ssm.send(new PutParameterCommand({ Name: killSwitchName(stage), Type: 'String', Value: disengaged }));
  const clock = new Clock();
  const now = () => clock.now();
  const stored = { client, table, wait: async () => undefined, random: () => 0 };
  const stateTable = new DynamoStateTable({ ...stored, now });
  const history = new DynamoRunHistory({ client, table, now: () => new Date(now()) });

  const environment = (endpoint: string) => ({
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    POWERTOOLS_SERVICE_NAME: stackName(stage),
    TRAILSEAL_STAGE: stage,
    TRAILSEAL_TABLE: table,
    TRAILSEAL_BUS: busName(stage),
    TRAILSEAL_KILL_SWITCH: killSwitchName(stage),
    TRAILSEAL_SCHEDULE_GROUP: scheduleGroupName(shared),
    TRAILSEAL_SCHEDULE_ROLE: `arn:aws:iam::${account}:role/${stackName(shared)}-grace`,
    ...Object.fromEntries(
      liveServices
        // The type of a resource tells only the role of tags.
        .flatMap(({ id, actions }) => [id, ...actions.map((action) => writeRoleOf(action, 'AwsKmsKey'))])
        .map((role) => [writeRoleVariable(role), `arn:aws:iam::${account}:role/${role}-writes`]),
    ),
    TRAILSEAL_QUEUE_URL: `${endpoint}/${account}/${queueName(shared, 'remediate')}`,
    TRAILSEAL_DEAD_LETTER_URL: `${endpoint}/${account}/${deadLetterQueueName(shared, 'remediate')}`,
  });

  function start(bundle: string, event: unknown, kill?: Kill, fault?: Fault): Promise<Invocation> {
    runs += 1;
    return invoke({ bundle, event, clock, environment, run: `run-${runs}` }, aws.endpoint, kill, fault);
  }

  return {
    stage,
    stateTable,
    history,
    storeRequest: (request: ActionRequest) =>
      storeRequest({ client, table, accountRegion: { account, region } }, request),
    memory: new DynamoMemory(stored),
    limiter: new Limiter({ ...stored, now }),

    /** Records a verdict in the state table. @returns the message that brings `remediate` the transition. */
    async record({ resource, finding }: Target, verdict: 'FAIL' | 'PASS'): Promise<string> {
      const control = controls.find(({ id }) => id === finding.control);
      if (control === undefined) throw new Error(`there is no control ${finding.control}`);
      const id = findingId(control.id, resource);
      const before = (await stateTable.read([id])).get(id);
      const time = now();
      const [entry] = await stateTable.record([
        {
          control,
          observation: {
            key: `${verdict} ${time}`,
            at: time,
            cause: { id: `event ${time}`, eventName: 'RunInstances', time, actor: ana },
            resource,
            result: {
              kind: 'evaluated',
              verdict,
              evidence: { summary: `It is ${verdict}.`, required: 'otherwise', observed: [] },
              severity: control.severity,
              plan: { actions: [], skipped: [] },
              exemption: undefined,
              details: undefined,
            },
          },
        },
      ]);
      return messageOf(before, entry);
    },

    /**
     * Delivers a message until it, and all that comes of it, is handled.
     * @param kills of the processes that have it first, one after the other.
     * @param meanwhile happens soon after a kill; what it returns is brought to the function as well.
     * @param fault of the first process.
     */
    async deliver(
      body: string,
      kills: readonly Kill[] = [],
      meanwhile: () => Promise<readonly string[]> = async () => [],
      fault?: Fault,
    ): Promise<MessageState> {
      const invocations: Invocation[] = [];
      let waiting: Message[] = [{ body, receives: 1, due: now() }];
      for (;;) {
        const [next, ...others] = waiting.toSorted((one, other) => one.due - other.due);
        if (next === undefined) break;
        if (invocations.length === kills.length + mostDeliveries)
          throw new Error(`it comes to no end: ${next.body}`);
        clock.forward(Math.max(0, next.due - now()));
        const bundle = aws.remediate[policy] ?? '';
        const at = invocations.length;
        const invocation = await start(bundle, eventOf(next), kills[at], at === 0 ? fault : undefined);
        invocations.push(invocation);
        const { killed, answer, done, made } = invocation;
        const failed = killed || list(answer, 'batchItemFailures').length > 0;
        waiting = [
          ...others,
          ...sentIn(done).map((sent) => ({ body: sent.body, receives: 1, due: now() + sent.delay })),
          ...(killed ? await meanwhile() : []).map((message) => ({
            body: message,
            receives: 1,
            due: now() + minute,
          })),
          ...(failed
            ? [
                {
                  ...next,
                  receives: next.receives + 1,
                  due: now() + ((killed ? undefined : hiddenIn(made)) ?? visibility),
                },
              ]
            : []),
        ];
      }
      return stateOf(invocations);
    },

    /** `trailseal undo`, run again by whoever ran it when it was killed, as soon as nobody else may be at it. */
    async undo(
      finding: string,
      kills: readonly Kill[] = [],
    ): Promise<MessageState & { readonly code: unknown }> {
      const invocations: Invocation[] = [];
      let last: Invocation;
      do {
        if (invocations.length > 0) clock.forward(17 * minute);
        last = await start(aws.undo, { finding, stage, region }, kills[invocations.length]);
        invocations.push(last);
      } while (last.killed);
      return { ...stateOf(invocations), code: last.answer };
    },

    now,

    actionRuns: (finding: string): Promise<readonly ActionRun[]> => history.of(finding),
  };
}

export type Deployment = Awaited<ReturnType<typeof deploy>>;

const ana = {
  type: 'IAMUser',
  arn: `arn:aws:iam::${account}:user/ana`,
  name: 'ana',
  account,
  sourceIp: undefined,
  userAgent: undefined,
};
