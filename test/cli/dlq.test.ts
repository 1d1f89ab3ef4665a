import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
  SQSServiceException,
  type Message as SqsMessage,
} from '@aws-sdk/client-sqs';
import { mockClient } from 'aws-sdk-client-mock';
import { describe, expect, it } from 'vitest';
import { bodyAgain, type DeadLetter, deadLetterOf } from '../../cli/dlq/dead-letter.ts';
import { makeVisible, receiveAll } from '../../cli/dlq/queues.ts';
import { redriveOne } from '../../cli/dlq/redrive.ts';
import { deadLetterJson, deadLettersText, redrivenText } from '../../cli/dlq/text.ts';
import type { Resource } from '../../lib/core/control.ts';
import { againBody, publishBody, recheckBody, scheduledScanBody } from '../../lib/pipeline/live/message.ts';
import { Matcher } from '../../lib/pipeline/match.ts';
import { controls, evaluators } from '../../lib/services/catalogue.ts';
import { createVolume, record, trailseal, workFolder } from './command.ts';

const matcher = new Matcher(controls);

function message(body: unknown, attributes: Readonly<Record<string, string>> = {}): SqsMessage {
  return {
    MessageId: 'id-1',
    ReceiptHandle: 'receipt-1',
    Body: typeof body === 'string' ? body : JSON.stringify(body),
    Attributes: { SentTimestamp: '1795255200000', ApproximateReceiveCount: '5' },
    MessageAttributes: Object.fromEntries(
      Object.entries(attributes).map(([name, StringValue]) => [name, { DataType: 'String', StringValue }]),
    ),
  };
}

function letter(body: unknown, attributes: Readonly<Record<string, string>> = {}): DeadLetter {
  return deadLetterOf(message(body, attributes), 'ec2', 'dev', matcher);
}

function envelope(detail: unknown): unknown {
  return { 'detail-type': 'AWS API Call via CloudTrail', source: 'aws.ec2', detail };
}

const volume: Resource = {
  type: 'AwsEc2Volume',
  id: 'vol-0a',
  arn: 'arn:aws:ec2:eu-central-1:111122223333:volume/vol-0a',
  account: '111122223333',
  region: 'eu-central-1',
};

describe('a dead letter', () => {
  const created = record('ec2.amazonaws.com', 'CreateVolume', '08:00:00', {
    responseElements: { volumeId: 'vol-0a', encrypted: false },
  });

  it.each<[string, unknown, string]>([
    ['an event', envelope(created), `CreateVolume of vol-0a, event ${created['eventID']}`],
    [
      'an event of the bus',
      { source: 'trailseal', 'detail-type': 'Control Failed', detail: { finding: 'trailseal/a' } },
      'event Control Failed of trailseal/a',
    ],
    [
      'the end of a grace period',
      { trailseal: { version: 1, kind: 'remediation', remediation: { finding: 'trailseal/a' } } },
      'end of the grace period of trailseal/a',
    ],
    [
      'a custom action',
      {
        source: 'aws.securityhub',
        'detail-type': 'Security Hub Findings - Custom Action',
        detail: { actionName: 'Quarantine', findings: [{ Id: 'trailseal/a' }] },
      },
      'custom action "Quarantine" for trailseal/a',
    ],
    [
      'a requested action',
      {
        trailseal: {
          version: 1,
          kind: 'requested-action',
          requestedAction: { action: 'undo', finding: 'trailseal/a' },
        },
      },
      'requested action undo for trailseal/a',
    ],
    [
      'a notification',
      { trailseal: { version: 1, kind: 'notify', targets: [] } },
      'notifications that were not delivered',
    ],
    [
      'a later attempt',
      againBody(envelope(created), 3),
      `CreateVolume of vol-0a, event ${created['eventID']}, attempt 3`,
    ],
    ['a re-check', recheckBody([{ resource: volume }]), 're-check of vol-0a'],
    [
      'a re-check of many resources',
      recheckBody(['a', 'b', 'c', 'd', 'e'].map((id) => ({ resource: { ...volume, id } }))),
      're-check of a, b, c and 2 more',
    ],
    ['findings', publishBody(['trailseal/x/1']), 'publication of trailseal/x/1'],
    ['a whole scheduled scan', scheduledScanBody(), 'scheduled scan of everything'],
    ['a part of a scheduled scan', scheduledScanBody({ of: 'AwsKmsKey' }), 'scheduled scan of AwsKmsKey'],
    [
      'another object',
      {},
      'not a message of Trailseal: not a CloudTrail record: eventSource, eventName missing or not a string',
    ],
  ])('says what it is: %s', (_what, body, about) => {
    expect(letter(body).about).toBe(about);
  });

  it('that is not JSON says so', () => {
    expect(letter('}{').about).toMatch(/^not a message of Trailseal: it is no JSON/);
  });

  it.each<[DeadLetter['origin'], string, Readonly<Record<string, string>>, string]>([
    ['function', "the function's own", { reason: 'it is no JSON' }, 'it is no JSON'],
    [
      'eventbridge',
      "EventBridge's",
      {
        RULE_ARN: 'arn:aws:events:eu-central-1:111122223333:rule/trailseal-dev-ec2',
        ERROR_CODE: 'NO_PERMISSIONS',
        ERROR_MESSAGE: 'not allowed',
      },
      'EventBridge could not deliver it (NO_PERMISSIONS: not allowed)',
    ],
    [
      'scheduler',
      "Scheduler's",
      {
        SCHEDULE_ARN: 'arn:aws:scheduler:eu-central-1:111122223333:schedule/default/trailseal-dev-scan',
        ERROR_CODE: 'AccessDenied',
      },
      'EventBridge Scheduler could not deliver it (AccessDenied)',
    ],
  ])('from %s has its reason: %s', (origin, _whose, attributes, reason) => {
    expect(letter({}, attributes)).toMatchObject({ origin, reason });
  });

  it('that SQS moved has no reason, and names the log group', () => {
    expect(letter({}).reason).toBe(
      'no reason was recorded: the function trailseal-dev-ec2 timed out, ran out of memory or crashed each time; ' +
        'received 5 times, including by dlq list; see the log group /aws/lambda/trailseal-dev-ec2',
    );
  });

  it('that was received once says so', () => {
    const once = { ...message({}), Attributes: { ApproximateReceiveCount: '1' } };
    expect(deadLetterOf(once, 'ec2', 'dev', matcher).reason).toContain('received once, including');
  });

  it('is sent again as it was, to the byte', () => {
    const body = '{ "detail-type" : "x" }\n';
    expect(bodyAgain({ body, origin: 'sqs' })).toBe(body);
  });

  it.each<[string, string, string]>([
    ['the message', JSON.stringify(scheduledScanBody()), JSON.stringify(scheduledScanBody())],
    ['the call', JSON.stringify({ QueueUrl: 'q', MessageBody: '{"a":1}' }), '{"a":1}'],
    ['something else', 'not JSON', 'not JSON'],
  ])('of Scheduler, which writes %s, is sent again as the message', (_what, body, again) => {
    expect(bodyAgain({ body, origin: 'scheduler' })).toBe(again);
  });

  it('as JSON has its body and no receipt', () => {
    expect(deadLetterJson(letter({}))).toEqual({
      queue: 'ec2',
      id: 'id-1',
      sentAt: '2026-11-21T10:00:00.000Z',
      received: 5,
      origin: 'sqs',
      reason: expect.any(String),
      about: expect.any(String),
      body: '{}',
    });
  });

  const hostile = letter(envelope(createVolume('vol-\u001b[2J', false)), { reason: 'a\u202eb' });

  it('escapes what a terminal would interpret', () => {
    const text = `${deadLettersText([hostile], 140)}${redrivenText(hostile, { kind: 'not-sent', because: '\u001b[1m' })}`;
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/);
  });
});

/** A queue of these messages, ten a page, each received only once. */
function mockQueue(count: number) {
  const sqs = new SQSClient({
    region: 'eu-central-1',
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
  });
  const mock = mockClient(sqs);
  let next = 0;
  mock.on(ReceiveMessageCommand).callsFake(({ MaxNumberOfMessages }: { MaxNumberOfMessages: number }) => {
    const Messages = Array.from({ length: Math.min(MaxNumberOfMessages, count - next) }, () => {
      next += 1;
      return { MessageId: `id-${next}`, ReceiptHandle: `receipt-${next}`, Body: '{}' };
    });
    return { Messages };
  });
  mock.on(ChangeMessageVisibilityBatchCommand).resolves({});
  return { sqs, mock };
}

async function read(sqs: SQSClient, max: number, signal = new AbortController().signal) {
  const ids: string[] = [];
  for await (const page of receiveAll(sqs, 'url', max, signal))
    ids.push(...page.map(({ MessageId = '' }) => MessageId));
  return ids;
}

describe('reading a queue', () => {
  it('goes on until there is nothing new', async () => {
    const { sqs } = mockQueue(25);
    expect((await read(sqs, 1_000)).length).toBe(25);
  });

  it('ends when there is no new message', async () => {
    const { sqs, mock } = mockQueue(0);
    mock.on(ReceiveMessageCommand).resolves({ Messages: [{ MessageId: 'id-1' }] });
    expect(await read(sqs, 1_000)).toEqual(['id-1']);
  });

  it('reads at most the given number', async () => {
    const { sqs } = mockQueue(25);
    expect((await read(sqs, 13)).length).toBe(13);
  });

  it('ends when interrupted', async () => {
    const { sqs } = mockQueue(25);
    expect(await read(sqs, 1_000, AbortSignal.abort())).toEqual([]);
  });

  it('makes all messages visible again', async () => {
    const { sqs, mock } = mockQueue(0);
    await makeVisible(
      sqs,
      'url',
      Array.from({ length: 25 }, (_, index) => `receipt-${index}`),
    );
    const entries = mock
      .commandCalls(ChangeMessageVisibilityBatchCommand)
      .map(({ args: [{ input }] }) => input.Entries ?? []);
    expect(entries.map(({ length }) => length)).toEqual([10, 10, 5]);
    expect(new Set(entries.flat().map(({ VisibilityTimeout }) => VisibilityTimeout))).toEqual(new Set([0]));
  });
});

describe('a redrive', () => {
  const urls = { queue: 'to', deadLetters: 'from' };
  const denied = new SQSServiceException({
    name: 'AccessDeniedException',
    $fault: 'client',
    $metadata: {},
    message: 'no',
  });

  it('sends the message without the attributes with the reason, then deletes it', async () => {
    const { sqs, mock } = mockQueue(0);
    mock.on(SendMessageCommand).resolves({}).on(DeleteMessageCommand).resolves({});
    expect(await redriveOne(sqs, urls, letter({}, { reason: 'x' }))).toEqual({ kind: 'sent' });
    expect(mock.calls().map(({ args: [{ input }] }) => input)).toEqual([
      { QueueUrl: 'to', MessageBody: '{}' },
      { QueueUrl: 'from', ReceiptHandle: 'receipt-1' },
    ]);
  });

  it('deletes nothing that was not accepted', async () => {
    const { sqs, mock } = mockQueue(0);
    mock.on(SendMessageCommand).rejects(denied);
    expect(await redriveOne(sqs, urls, letter({}))).toEqual({
      kind: 'not-sent',
      because: 'sqs:SendMessage was denied (no)',
    });
    expect(mock.commandCalls(DeleteMessageCommand)).toEqual([]);
  });

  it('says when it was sent and is still in the DLQ', async () => {
    const { sqs, mock } = mockQueue(0);
    mock.on(SendMessageCommand).resolves({}).on(DeleteMessageCommand).rejects(denied);
    expect(await redriveOne(sqs, urls, letter({}))).toEqual({
      kind: 'not-deleted',
      because: 'sqs:DeleteMessage was denied (no)',
    });
  });
});

describe('trailseal dlq', () => {
  it.each([
    [['redrive'], 'dlq redrive needs --id MESSAGE (repeatable)'],
    [['redrive', '--all', '--id', 'x'], 'dlq redrive takes --id or --all, not both'],
    [['list', '--max', '0'], '--max takes a whole number from 1 to 10000'],
    [['list', '--stage', 'A'], '--stage takes lower-case letters'],
    [['list', '--region', 'here'], '--region takes a Region'],
    [
      ['list', '--queue', 'rds'],
      `Allowed choices are ${[...evaluators, 'scan', 'remediate', 'notify', 'operator'].join(', ')}`,
    ],
  ])('%j is wrong usage', (args, text) => {
    const { code, stderr } = trailseal(workFolder(), ['dlq', ...args]);
    expect(stderr).toContain(text);
    expect(code).toBe(2);
  });
});
