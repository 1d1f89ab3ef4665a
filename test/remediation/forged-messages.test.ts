/**
 * The functions as Lambda calls them, with a state table of their own, and messages that somebody forged who may put events
 * on the bus and messages into the queues: nothing is done or noted by them, and nobody is notified.
 */
import {
  BatchGetItemCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
} from '@aws-sdk/client-dynamodb';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import {
  BatchUpdateFindingsCommand,
  GetFindingsCommand,
  SecurityHubClient,
} from '@aws-sdk/client-securityhub';
import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { Context } from 'aws-lambda';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { productArnOf } from '../../lib/findings/id.ts';
import { type Item, toItem } from '../../lib/findings/state/item.ts';
import type { Recorded } from '../../lib/findings/state/table.ts';
import { storeEvent } from '../../lib/remediation/events/event-record.ts';
import { requestBody } from '../../lib/remediation/message.ts';
import { action, envelope, transition } from '../notifications/events.ts';
import { accountRegion, start } from './actions/simulated-resource.ts';
import { eventOf } from './custom-actions/events.ts';
import { id, simulated } from './fixture.ts';

const { account, region } = accountRegion;
const queue = `https://sqs.${region}.amazonaws.com/${account}/trailseal-dev-some`;
const variables = {
  AWS_REGION: region,
  AWS_ACCESS_KEY_ID: 'test',
  AWS_SECRET_ACCESS_KEY: 'test',
  POWERTOOLS_SERVICE_NAME: 'trailseal-dev',
  TRAILSEAL_STAGE: 'dev',
  TRAILSEAL_TABLE: 'state',
  TRAILSEAL_BUS: 'trailseal-dev',
  TRAILSEAL_KILL_SWITCH: '/trailseal/dev/kill-switch',
  TRAILSEAL_SCHEDULE_GROUP: 'trailseal-dev',
  TRAILSEAL_SCHEDULE_ROLE: `arn:aws:iam::${account}:role/grace`,
  TRAILSEAL_QUEUE_URL: queue,
  TRAILSEAL_DEAD_LETTER_URL: `${queue}-dead-letters`,
  TRAILSEAL_TOPIC_TEXT: `arn:aws:sns:${region}:${account}:trailseal-dev`,
  TRAILSEAL_TOPIC_JSON: `arn:aws:sns:${region}:${account}:trailseal-dev`,
};

const [dynamodb, eventBridge, sqs, sns, hub] = [
  mockClient(DynamoDBClient),
  mockClient(EventBridgeClient),
  mockClient(SQSClient),
  mockClient(SNSClient),
  mockClient(SecurityHubClient),
];
/** What the state table holds. */
const items = new Map<string, Item>();
const keyIn = (item: Item): string => JSON.stringify([item['pk']?.S, item['sk']?.S]);

type Handler = (event: unknown, context: Context) => Promise<unknown>;
const handlers = new Map<string, Handler>();

beforeAll(async () => {
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
  const loaded = {
    transitions: import('../../functions/transitions.ts'),
    remediate: import('../../functions/remediate.ts'),
    notify: import('../../functions/notify.ts'),
    operator: import('../../functions/operator.ts'),
  };
  for (const [name, module] of Object.entries(loaded)) {
    handlers.set(name, (await module).handler as unknown as Handler);
  }
}, 120_000);

beforeEach(() => {
  items.clear();
  for (const mock of [dynamodb, eventBridge, sqs, sns, hub]) mock.reset();
  for (const stream of [process.stdout, process.stderr]) {
    vi.spyOn(stream, 'write').mockImplementation(() => true);
  }
  dynamodb.on(PutItemCommand).callsFake(({ Item }) => {
    const before = items.get(keyIn(Item));
    items.set(keyIn(Item), Item);
    return before === undefined ? {} : { Attributes: before };
  });
  dynamodb.on(GetItemCommand).callsFake(({ Key }) => ({ Item: items.get(keyIn(Key)) }));
  dynamodb.on(BatchGetItemCommand).callsFake(({ RequestItems }) => ({
    Responses: { state: RequestItems.state.Keys.flatMap((key: Item) => items.get(keyIn(key)) ?? []) },
  }));
  dynamodb.on(QueryCommand).resolves({ Items: [] });
  eventBridge.on(PutEventsCommand).resolves({ FailedEntryCount: 0, Entries: [{ EventId: '1' }] });
  sqs.on(SendMessageCommand).resolves({});
  sns.on(PublishCommand).resolves({ MessageId: '1' });
  hub.on(GetFindingsCommand).resolves({
    Findings: [{ Id: id, ProductArn: productArnOf(accountRegion), AwsAccountId: account }] as never,
  });
  hub.on(BatchUpdateFindingsCommand).resolves({ ProcessedFindings: [], UnprocessedFindings: [] });
});

async function invoke(name: string, event: unknown): Promise<unknown> {
  const handler = handlers.get(name);
  if (handler === undefined) throw new Error(`there is no function ${name}`);
  const context = { awsRequestId: 'run-1', getRemainingTimeInMillis: () => 600_000 };
  return handler(event, context as Context);
}

/** As SQS delivers it. */
function delivered(...bodies: readonly string[]) {
  return {
    Records: bodies.map((body, index) => ({
      messageId: `message-${index}`,
      body,
      attributes: { ApproximateReceiveCount: '1' },
      eventSource: 'aws:sqs',
    })),
  };
}

const deadLetters = () =>
  sqs
    .commandCalls(SendMessageCommand)
    .map(({ args: [{ input }] }) => input)
    .filter(({ QueueUrl }) => QueueUrl === variables.TRAILSEAL_DEAD_LETTER_URL)
    .map(({ MessageAttributes }) => MessageAttributes?.['reason']?.StringValue);

/** The entry of a key that is disabled. */
async function entry(): Promise<Recorded> {
  const { stateTable } = await simulated();
  const found = stateTable.entries.get(id);
  if (found === undefined) throw new Error('there is no finding');
  return found;
}

/** As the stream of the state table passes an item that was inserted there. */
async function inserted(): Promise<unknown> {
  const record = await forged();
  const item = toItem(await entry(), start);
  items.set(keyIn(item), item);
  return record;
}

/** The same of an item that is not in the state table. */
async function forged(): Promise<unknown> {
  const item = toItem(await entry(), start);
  const image = Object.fromEntries(
    Object.entries(item).map(([name, value]) => [
      name,
      value.B === undefined ? value : { B: Buffer.from(value.B).toString('base64') },
    ]),
  );
  const keys = { pk: item['pk'], sk: item['sk'] };
  return {
    Records: [{ eventName: 'INSERT', dynamodb: { Keys: keys, NewImage: image, SequenceNumber: '1' } }],
  };
}

describe('people', () => {
  it('are notified of a transition that was published', async () => {
    const published = transition({ id: 'true' });
    await storeEvent(
      { client: new DynamoDBClient({ region }), table: 'state' },
      { kind: 'transition', event: published },
      start,
    );
    await invoke('notify', delivered(envelope(published)));
    expect(deadLetters()).toEqual([]);
    expect(sns.commandCalls(PublishCommand).length).toBeGreaterThan(0);
  });

  it('are notified of nothing that somebody else put on the bus', async () => {
    await invoke(
      'notify',
      delivered(envelope(transition({ id: 'forged' })), envelope(action({ id: 'forged' }), 'Action Done')),
    );
    expect(sns.commandCalls(PublishCommand)).toEqual([]);
    expect(deadLetters()).toEqual([
      expect.stringMatching(/^Trailseal published no event/),
      expect.stringMatching(/^Trailseal published no event/),
    ]);
  });

  it('exempt nothing by an event that no queue delivered', async () => {
    const event = eventOf('exempt');
    await expect(invoke('operator', event)).rejects.toThrow(/takes messages of its queue alone/);
    expect(await invoke('operator', delivered(JSON.stringify(event)))).toEqual({
      batchItemFailures: [{ itemIdentifier: 'message-0' }],
    });
    expect(items.size).toBe(0);
  });

  it('find no note on a finding about an action that nobody did', async () => {
    const forged = action({ finding: id, id: 'forged', because: 'Call +1 555 0100.' });
    await invoke('operator', delivered(envelope(forged, 'Action Done')));
    expect(hub.commandCalls(BatchUpdateFindingsCommand)).toEqual([]);
    expect(deadLetters()).toEqual([expect.stringMatching(/^Trailseal published no event forged/)]);
  });

  it('find the note about one that was done, as it was done', async () => {
    const done = action({ finding: id, id: 'true', because: 'It was disabled.' });
    const client = new DynamoDBClient({ region });
    await storeEvent({ client, table: 'state' }, { kind: 'action', event: done }, start);
    await invoke('operator', delivered(envelope({ ...done, plan: ['Call +1 555 0100.'] }, 'Action Done')));
    const [note, ...others] = hub.commandCalls(BatchUpdateFindingsCommand);
    expect(others).toEqual([]);
    expect(note?.args[0].input.Note?.Text).toContain('Done: quarantine.');
    expect(note?.args[0].input.Note?.Text).not.toContain('555');
  });
});

describe('a transition', () => {
  it('is stored before it is on the bus, and nothing else is written', async () => {
    expect(await invoke('transitions', await inserted())).toEqual({ batchItemFailures: [] });
    expect([...items.keys()].filter((key) => !key.endsWith(',"entry"]'))).toEqual([
      expect.stringMatching(/^\["events\/[0-9a-f]{64}","event"\]$/),
    ]);
    expect(eventBridge.commandCalls(PutEventsCommand)).toHaveLength(1);
  });

  it('that the state table does not have is not on the bus', async () => {
    expect(await invoke('transitions', await forged())).toEqual({ batchItemFailures: [] });
    expect(eventBridge.commandCalls(PutEventsCommand)).toEqual([]);
    expect(deadLetters()).toEqual([expect.stringMatching(/^The state table has no finding/)]);
  });

  it('that can’t be stored is not on the bus, and comes again', async () => {
    dynamodb.on(PutItemCommand).rejects(Object.assign(new Error('busy'), { name: 'ThrottlingException' }));
    expect(await invoke('transitions', await inserted())).toEqual({
      batchItemFailures: [{ itemIdentifier: '1' }],
    });
    expect(eventBridge.commandCalls(PutEventsCommand)).toEqual([]);
  });
});

describe('remediation', () => {
  it('does nothing by a request that no operator made', async () => {
    const body = {
      trailseal: {
        version: 1,
        kind: 'requested-action',
        requestedAction: {
          id: 'forged',
          finding: id,
          action: 'undo',
          actor: 'the CISO',
          at: '2026-11-21T10:00:00Z',
        },
      },
    };
    await invoke('remediate', delivered(JSON.stringify(body), JSON.stringify(requestBody('forged too'))));
    expect(deadLetters()).toEqual([
      'no operator requested forged: the state table has no such request',
      'no operator requested forged too: the state table has no such request',
    ]);
    expect(eventBridge.commandCalls(PutEventsCommand)).toEqual([]);
  });

  it('does nothing about a finding that the state table does not have', async () => {
    const forged = transition({ finding: 'trailseal/kms-key-disabled/1/eu-central-1/forged' });
    expect(await invoke('remediate', delivered(envelope(forged)))).toEqual({ batchItemFailures: [] });
    expect([eventBridge.commandCalls(PutEventsCommand), items.size]).toEqual([[], 0]);
  });
});
