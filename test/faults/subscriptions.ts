/** The events on Trailseal's own bus, and its notifications, each received by a queue of the test's own. */
import { EventBridgeClient, PutRuleCommand, PutTargetsCommand } from '@aws-sdk/client-eventbridge';
import { SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import { CreateQueueCommand, DeleteMessageBatchCommand, ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { notificationTopicName } from '../../deploy/remediation/notifications.ts';
import { busName } from '../../lib/aws/names.ts';
import { at, list, text } from '../../lib/core/json.ts';
import { actionDetailTypes } from '../../lib/remediation/events/action-event.ts';
import { transitionSource } from '../../lib/remediation/events/transition.ts';
import { stage } from '../e2e/deployment.ts';
import { account, region } from '../e2e/emulated-aws.ts';
import type { StackClients } from '../e2e/stack.ts';

/** An event of Trailseal's own bus. */
export interface ReceivedEvent {
  readonly type: string;
  readonly id: string;
  readonly finding: string;
  /** Of a finding: its status before. */
  readonly previous: string | undefined;
  /** Of an action: which, and its outcome. */
  readonly action: string | undefined;
  readonly outcome: string | undefined;
  readonly because: string | undefined;
}

export interface Subscriptions {
  /** All events until now, repetitions included. */
  events(): Promise<readonly ReceivedEvent[]>;
  /** The ids of the events of which people were notified until now, repetitions included. */
  notified(): Promise<readonly string[]>;
}

export async function subscribe({ sqs }: Pick<StackClients, 'sqs'>): Promise<Subscriptions> {
  const events = await queueFor(sqs, 'received-events', 'events.amazonaws.com');
  const eventBridge = new EventBridgeClient({ region });
  const rule = { Name: 'received-events', EventBusName: busName(stage) };
  await eventBridge.send(
    new PutRuleCommand({ ...rule, EventPattern: JSON.stringify({ source: [transitionSource] }) }),
  );
  await eventBridge.send(
    new PutTargetsCommand({
      Rule: rule.Name,
      EventBusName: rule.EventBusName,
      Targets: [{ Id: 'received-events', Arn: events.arn }],
    }),
  );
  const notifications = await queueFor(sqs, 'received-notifications', 'sns.amazonaws.com');
  await new SNSClient({ region }).send(
    new SubscribeCommand({
      TopicArn: `arn:aws:sns:${region}:${account}:${notificationTopicName(stage)}`,
      Protocol: 'sqs',
      Endpoint: notifications.arn,
    }),
  );
  return {
    events: async () => (await events.all()).map(eventIn),
    notified: async () => (await notifications.all()).flatMap(eventsNotifiedIn),
  };
}

function eventIn(body: unknown): ReceivedEvent {
  const detail = at(body, 'detail');
  const type = text(body, 'detail-type') ?? '';
  const isAction = Object.values<string>(actionDetailTypes).includes(type);
  return {
    type,
    id: text(detail, 'id') ?? '',
    finding: text(detail, 'finding') ?? '',
    previous: text(detail, 'previous', 'status'),
    action: isAction ? text(detail, 'action') : undefined,
    outcome: isAction ? text(detail, 'outcome') : undefined,
    because: text(detail, 'because'),
  };
}

/** A queue that is subscribed to the topic gets the JSON format. */
function eventsNotifiedIn(body: unknown): readonly string[] {
  const message: unknown = JSON.parse(text(body, 'Message') ?? 'null');
  return list(message, 'items').map((item) => text(item, 'event') ?? '');
}

async function queueFor(sqs: StackClients['sqs'], name: string, service: string) {
  const arn = `arn:aws:sqs:${region}:${account}:${name}`;
  const statement = {
    Effect: 'Allow',
    Principal: { Service: service },
    Action: 'sqs:SendMessage',
    Resource: arn,
  };
  const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: name, Attributes: { Policy } }));
  const bodies: unknown[] = [];
  /** Receives new messages; returns all until now. */
  async function all(): Promise<readonly unknown[]> {
    for (;;) {
      const { Messages: messages = [] } = await sqs.send(
        new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }),
      );
      if (messages.length === 0) return bodies;
      bodies.push(...messages.map(({ Body }) => JSON.parse(Body ?? 'null')));
      const Entries = messages.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }));
      await sqs.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }));
    }
  }
  return { arn, all };
}
