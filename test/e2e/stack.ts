/**
 * What the tests, and the benchmark, do with the deployed stack: put the events on the event bus that CloudTrail would
 * deliver, read Security Hub, watch the queues. The clients' configuration comes from the environment, which has to be set
 * before.
 */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { EC2Client } from '@aws-sdk/client-ec2';
import { EKSClient } from '@aws-sdk/client-eks';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { KMSClient } from '@aws-sdk/client-kms';
import { type AwsSecurityFinding, GetFindingsCommand, SecurityHubClient } from '@aws-sdk/client-securityhub';
import {
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  SendMessageBatchCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { deadLetterQueueName, type QueueName, queueName } from '../../lib/aws/names.ts';
import { asOperator, type Callers } from './callers.ts';
import { stage } from './deployment.ts';
import { account, region } from './emulated-aws.ts';

export interface StackClients {
  readonly ec2: EC2Client;
  readonly eks: EKSClient;
  readonly kms: KMSClient;
  readonly eventBridge: EventBridgeClient;
  readonly securityHub: SecurityHubClient;
  readonly sqs: SQSClient;
  /** SQS as the operator role uses it: the queues' policies let nobody else but the stack's own functions in. */
  readonly operatorSqs: SQSClient;
}

export function stackOf(callers: Callers): StackClients {
  return {
    ec2: new EC2Client({ region }),
    eks: new EKSClient({ region }),
    kms: new KMSClient({ region }),
    eventBridge: new EventBridgeClient({ region }),
    securityHub: new SecurityHubClient({ region }),
    sqs: new SQSClient({ region }),
    operatorSqs: new SQSClient({ region, credentials: asOperator(callers, account, region, stage) }),
  };
}

/** A value that the test can't do without, such as a member of an emulator's answer. */
export function required<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`${what} is missing`);
  return value;
}

/** An event as it is put on the bus. */
export interface EventToPut {
  readonly source: string;
  readonly detailType: string;
  readonly detail: Readonly<Record<string, unknown>>;
  /** The ARNs of its resources; events by CloudTrail have none. */
  readonly resources?: readonly string[];
}

/**
 * A sample of `events/` as if it had happened here and now.
 * @param sample its path below `events/`, without `.json`.
 * @param names the names in the sample, and what replaces them. Each must occur in it.
 * @param eventId the same for an event that is delivered twice.
 */
export function event(
  sample: string,
  names: Readonly<Record<string, string>>,
  eventId: string = randomUUID(),
): EventToPut {
  let text = readFileSync(path.join(import.meta.dirname, '..', '..', 'events', `${sample}.json`), 'utf8');
  const { region: sampleRegion } = JSON.parse(text);
  for (const [from, to] of Object.entries(names)) {
    if (!text.includes(from)) throw new Error(`${sample} does not hold ${from}`);
    text = text.replaceAll(from, to);
  }
  text = text.replaceAll('111122223333', account).replaceAll(sampleRegion, region);
  const { source, 'detail-type': detailType, detail } = JSON.parse(text);
  const eventTime = new Date().toISOString().replace(/\.\d+Z$/, 'Z');
  return { source, detailType, detail: { ...detail, eventID: eventId, eventTime } };
}

/** Puts events on the default bus, ten in a call, the maximum of PutEvents. */
export async function put(
  { eventBridge }: Pick<StackClients, 'eventBridge'>,
  events: readonly EventToPut[],
): Promise<void> {
  for (let start = 0; start < events.length; start += 10) {
    const answer = await eventBridge.send(
      new PutEventsCommand({
        Entries: events.slice(start, start + 10).map(({ source, detailType, detail, resources = [] }) => ({
          Source: source,
          DetailType: detailType,
          Resources: [...resources],
          Detail: JSON.stringify(detail),
        })),
      }),
    );
    if (answer.FailedEntryCount !== 0)
      throw new Error(`PutEvents refused: ${JSON.stringify(answer.Entries)}`);
  }
}

/** All findings in Security Hub. moto does not filter: callers do. */
export async function allFindings({
  securityHub,
}: Pick<StackClients, 'securityHub'>): Promise<readonly AwsSecurityFinding[]> {
  const findings: AwsSecurityFinding[] = [];
  let token: string | undefined;
  do {
    const page = await securityHub.send(new GetFindingsCommand({ MaxResults: 100, NextToken: token }));
    findings.push(...(page.Findings ?? []));
    token = page.NextToken;
  } while (token !== undefined);
  return findings;
}

/** A finding in short: `ec2-transit-encryption FAILED ACTIVE`. */
export function inShort(finding: AwsSecurityFinding): string {
  const control = finding.GeneratorId?.split('/').at(-1);
  return [control, finding.Compliance?.Status, finding.RecordState].join(' ');
}

/** The findings of resources whose ARN ends in `id`, or in `id` and an id that AWS appends; in short and in order. */
export async function findingsAbout(
  stack: Pick<StackClients, 'securityHub'>,
  id: string,
): Promise<readonly string[]> {
  return (await allFindings(stack))
    .filter(({ Resources }) => Resources?.some((resource) => `${resource.Id}/`.includes(`${id}/`)))
    .map(inShort)
    .sort();
}

export async function queueUrl({ sqs }: Pick<StackClients, 'sqs'>, name: string): Promise<string> {
  return required(
    (await sqs.send(new GetQueueUrlCommand({ QueueName: name }))).QueueUrl,
    `the URL of ${name}`,
  );
}

/** Sends messages to a queue of the stack. */
export async function send(
  stack: Pick<StackClients, 'sqs' | 'operatorSqs'>,
  to: QueueName,
  bodies: readonly string[],
): Promise<void> {
  const QueueUrl = await queueUrl(stack, queueName(stage, to));
  for (let start = 0; start < bodies.length; start += 10) {
    const Entries = bodies
      .slice(start, start + 10)
      .map((body, at) => ({ Id: String(at), MessageBody: body }));
    const answer = await stack.operatorSqs.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
    if (answer.Failed?.length) throw new Error(`SQS refused: ${JSON.stringify(answer.Failed)}`);
  }
}

/** Messages waiting in a queue or being handled, without delayed ones. */
export async function depth(stack: Pick<StackClients, 'sqs'>, name: string): Promise<number> {
  const QueueUrl = await queueUrl(stack, name);
  const { Attributes: counts } = await stack.sqs.send(
    new GetQueueAttributesCommand({
      QueueUrl,
      AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'],
    }),
  );
  return (
    Number(counts?.ApproximateNumberOfMessages ?? 0) +
    Number(counts?.ApproximateNumberOfMessagesNotVisible ?? 0)
  );
}

export function deadLetters(stack: Pick<StackClients, 'sqs'>, of: QueueName): Promise<number> {
  return depth(stack, deadLetterQueueName(stage, of));
}

/** Waits until a queue of the stack is empty twice in a row. Rejects when it is not in time. */
export async function drained(
  stack: Pick<StackClients, 'sqs'>,
  of: QueueName,
  withinMs = 60_000,
): Promise<void> {
  let empty = 0;
  for (const giveUp = Date.now() + withinMs; Date.now() < giveUp; await sleep(250)) {
    empty = (await depth(stack, queueName(stage, of))) === 0 ? empty + 1 : 0;
    if (empty === 2) return;
  }
  throw new Error(`the queue ${of} is not empty after ${withinMs / 1000} s`);
}
