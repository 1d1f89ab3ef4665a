/** What each function that takes messages from a queue does about those that fail: every one, as Lambda calls it. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { SecurityHubClient } from '@aws-sdk/client-securityhub';
import {
  ChangeMessageVisibilityBatchCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { SSMClient } from '@aws-sdk/client-ssm';
import type { Context, SQSBatchResponse } from 'aws-lambda';
import { mockClient } from 'aws-sdk-client-mock';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { evaluatorHandler } from '../../../functions/evaluator.ts';
import { takeFromQueue } from '../../../functions/from-queue.ts';
import { loggerOf } from '../../../functions/telemetry.ts';
import { scheduledScanBody } from '../../../lib/pipeline/live/message.ts';
import { deliveriesInAll } from '../../../lib/pipeline/live/redelivery.ts';
import { remediateBody } from '../../../lib/remediation/message.ts';

const url = 'https://sqs.us-east-1.amazonaws.com/111122223333/trailseal-dev-own';
const variables = {
  AWS_REGION: 'us-east-1',
  AWS_ACCESS_KEY_ID: 'test',
  AWS_SECRET_ACCESS_KEY: 'test',
  POWERTOOLS_SERVICE_NAME: 'trailseal-dev',
  TRAILSEAL_STAGE: 'dev',
  TRAILSEAL_TABLE: 'trailseal-dev-state-table',
  TRAILSEAL_QUEUE_URL: url,
  TRAILSEAL_DEAD_LETTER_URL: `${url}-dead-letters`,
  TRAILSEAL_QUEUE_URL_KMS: `${url}-kms`,
  TRAILSEAL_BUS: 'trailseal-dev',
  TRAILSEAL_KILL_SWITCH: '/trailseal/dev/kill-switch',
  TRAILSEAL_SCHEDULE_GROUP: 'trailseal-dev',
  TRAILSEAL_SCHEDULE_ROLE: 'arn:aws:iam::111122223333:role/grace',
  TRAILSEAL_TOPIC_TEXT: 'arn:aws:sns:us-east-1:111122223333:topic',
  TRAILSEAL_TOPIC_JSON: 'arn:aws:sns:us-east-1:111122223333:topic',
};
const sqs = mockClient(SQSClient);
const [dynamodb, eventBridge, securityHub, ssm] = [
  mockClient(DynamoDBClient),
  mockClient(EventBridgeClient),
  mockClient(SecurityHubClient),
  mockClient(SSMClient),
];

beforeEach(() => {
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
  for (const stream of [process.stdout, process.stderr]) {
    vi.spyOn(stream, 'write').mockImplementation(() => true);
  }
  sqs.reset();
  sqs.on(ChangeMessageVisibilityBatchCommand).resolves({});
  sqs.on(SendMessageCommand).resolves({});
  for (const mock of [dynamodb, eventBridge, securityHub, ssm]) mock.reset();
  const busy = new Error('The service is too busy.');
  dynamodb.onAnyCommand().rejects(busy);
  eventBridge.onAnyCommand().rejects(busy);
  securityHub.onAnyCommand().rejects(busy);
  ssm.onAnyCommand().rejects(busy);
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  vi.useRealTimers();
});

const event = {
  'detail-type': 'AWS API Call via CloudTrail',
  source: 'aws.kms',
  detail: {
    eventSource: 'kms.amazonaws.com',
    eventName: 'DisableKey',
    eventID: 'event-1',
    eventTime: '2026-03-01T12:00:00Z',
    awsRegion: 'us-east-1',
    recipientAccountId: '111122223333',
    resources: [{ ARN: 'arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab' }],
  },
};
const remediation = remediateBody({
  finding: 'trailseal/kms-key-disabled/111122223333/us-east-1/key',
  openedAt: null,
  reminder: false,
  waited: false,
});

type Handler = (event: unknown, context: Context) => Promise<unknown>;

/** Every function with a queue, with a message that it can't handle while the services are too busy. */
const functions: readonly (readonly [string, () => Promise<Handler>, unknown])[] = [
  ['an evaluator', async () => evaluatorHandler('kms') as unknown as Handler, event],
  [
    'scan',
    async () => (await import('../../../functions/scan.ts')).handler as unknown as Handler,
    scheduledScanBody(),
  ],
  [
    'remediate',
    async () => (await import('../../../functions/remediate.ts')).handler as unknown as Handler,
    remediation,
  ],
  [
    'operator',
    async () => (await import('../../../functions/operator.ts')).handler as unknown as Handler,
    undefined,
  ],
  [
    'notify',
    async () => (await import('../../../functions/notify.ts')).handler as unknown as Handler,
    'no event',
  ],
];

function delivered(body: unknown, receives: number) {
  return {
    Records: [
      {
        messageId: 'one',
        receiptHandle: 'receipt of one',
        eventSource: 'aws:sqs',
        body: typeof body === 'string' ? body : JSON.stringify(body ?? null),
        attributes: { ApproximateReceiveCount: String(receives) },
      },
    ],
  };
}

function context(remaining = () => 120_000): Context {
  return {
    awsRequestId: 'request',
    callbackWaitsForEmptyEventLoop: false,
    functionName: 'trailseal-dev-own',
    functionVersion: '1',
    invokedFunctionArn: 'arn:aws:lambda:us-east-1:111122223333:function:trailseal-dev-own',
    logGroupName: 'group',
    logStreamName: 'stream',
    memoryLimitInMB: '512',
    getRemainingTimeInMillis: remaining,
    done: () => undefined,
    fail: () => undefined,
    succeed: () => undefined,
  };
}

/** The seconds after which the queue was asked to deliver the message again, in order. */
const hiddenFor = () =>
  sqs
    .commandCalls(ChangeMessageVisibilityBatchCommand)
    .flatMap(({ args: [{ input }] }) => input.Entries ?? [])
    .map(({ ReceiptHandle, VisibilityTimeout }) => [ReceiptHandle, VisibilityTimeout]);

describe.each(functions)('a message that fails in %s', (_name, handlerOf, body) => {
  beforeEach(() => {
    // What can't even be put aside, and what can't be sent on, fails as well.
    sqs.on(SendMessageCommand).rejects(new Error('The service is too busy.'));
    sqs.on(SendMessageBatchCommand).rejects(new Error('The service is too busy.'));
  });

  it('is delivered again after seconds, and not when its visibility timeout ends', async () => {
    const handler = await handlerOf();
    expect(await handler(delivered(body, 1), context())).toEqual({
      batchItemFailures: [{ itemIdentifier: 'one' }],
    });
    expect(hiddenFor().at(-1)).toEqual(['receipt of one', 5]);
  });

  it('is delivered again later each time', async () => {
    const handler = await handlerOf();
    await handler(delivered(body, 3), context());
    expect(hiddenFor().at(-1)).toEqual(['receipt of one', 30]);
  });

  it('comes again all the same where the queue does not answer', async () => {
    sqs.on(ChangeMessageVisibilityBatchCommand).rejects(new Error('The service is too busy.'));
    const handler = await handlerOf();
    expect(await handler(delivered(body, 1), context())).toEqual({
      batchItemFailures: [{ itemIdentifier: 'one' }],
    });
  });
});

describe('a message that came before', () => {
  it('is hidden for no longer than its function may take, as that may end without a word', async () => {
    const seen: unknown[] = [];
    await take(2, async () => {
      seen.push(...hiddenFor());
      return 1;
    });
    expect(seen).toEqual([['receipt', 135]]);
  });

  it('costs no call of its own where it comes for the first time', async () => {
    await take(1, async () => 1);
    expect(sqs.calls()).toHaveLength(0);
  });
});

describe('work that never ends', () => {
  const never = () => new Promise<never>(() => undefined);

  it('is given up before its function ends, and its message comes again in seconds', async () => {
    vi.useFakeTimers();
    const taken = take(1, never);
    await vi.advanceTimersByTimeAsync(120_000);
    expect((await taken).answer).toEqual({ batchItemFailures: [{ itemIdentifier: 'one' }] });
    expect(hiddenFor()).toEqual([['receipt', 5]]);
  });

  it('ends with the process where it must not go on beside another, and its message comes again after that', async () => {
    vi.useFakeTimers();
    let ended = false;
    void take(1, never, true).then(() => {
      ended = true;
    });
    await vi.advanceTimersByTimeAsync(119_000);
    expect(ended).toBe(false);
    // Before it began: the time that it had, and the delay. Ten seconds before the end: ten of them, and the delay.
    expect(hiddenFor()).toEqual([
      ['receipt', 125],
      ['receipt', 15],
    ]);
  });
});

describe('a message that ends its process without a word', () => {
  it('comes again when the function would have ended, from the first time on, where the function takes long', async () => {
    void take(1, () => new Promise<never>(() => undefined), true);
    await vi.waitFor(() => expect(hiddenFor()).toEqual([['receipt', 125]]));
  });

  it('goes to the DLQ with its reason after four deliveries, and is not taken again', async () => {
    const queue = modelQueue();
    let takes = 0;
    const kills = () => {
      takes += 1;
      return new Promise<never>(() => undefined);
    };
    for (let receives = 1; receives <= 4; receives += 1) {
      expect(await queue.deliver(receives, kills)).toBe('ended');
    }
    expect(queue.deadLetters).toEqual([]);
    expect(await queue.deliver(5, kills)).toEqual({ batchItemFailures: [] });
    expect(takes).toBe(4);
    expect(queue.deadLetters).toEqual([
      expect.stringMatching(
        /^After 5 deliveries, its deliveries ended the function without a word at least 3 times: out of memory or out of time/,
      ),
    ]);
  });

  it('comes again where the DLQ does not take it, and still is not taken', async () => {
    const queue = modelQueue();
    for (let receives = 1; receives <= 4; receives += 1) {
      await queue.deliver(receives, () => new Promise<never>(() => undefined));
    }
    queue.refuse = true;
    const work = vi.fn(async () => 1);
    expect(await queue.deliver(5, work)).toEqual({ batchItemFailures: [{ itemIdentifier: 'one' }] });
    queue.refuse = false;
    expect(await queue.deliver(6, work)).toEqual({ batchItemFailures: [] });
    expect([work.mock.calls.length, queue.deadLetters.length]).toEqual([0, 1]);
  });

  it('is done where it does not end the next one', async () => {
    const queue = modelQueue();
    for (let receives = 1; receives <= 3; receives += 1) {
      await queue.deliver(receives, () => new Promise<never>(() => undefined));
    }
    expect(await queue.deliver(4, async () => 1)).toEqual({ batchItemFailures: [] });
    expect(queue.deadLetters).toEqual([]);
  });

  it('is another one than a message that fails with an error, which an outage of an hour does not put aside', async () => {
    const queue = modelQueue();
    const busy = async () => {
      throw new Error('The service is too busy.');
    };
    for (let receives = 1; receives < deliveriesInAll; receives += 1) {
      expect(await queue.deliver(receives, busy)).toEqual({ batchItemFailures: [{ itemIdentifier: 'one' }] });
    }
    expect(queue.deadLetters).toEqual([]);
    await queue.deliver(deliveriesInAll, busy);
    expect(queue.deadLetters).toEqual([
      'It failed 15 times, the last time with Error: The service is too busy.',
    ]);
  });

  it('costs no count where it comes for the first time', async () => {
    const queue = modelQueue();
    await queue.deliver(1, async () => 1);
    expect(queue.counts.size).toBe(0);
  });
});

/** One message of a queue, whose function may take two minutes, and what outlives its process. */
function modelQueue() {
  const counts = new Map<string, number>();
  const deadLetters: string[] = [];
  const queue = {
    counts,
    deadLetters,
    refuse: false,
    /** @returns what Lambda is answered; `ended` where the process is still at work when Lambda ends it. */
    async deliver(receives: number, work: () => Promise<number>): Promise<SQSBatchResponse | 'ended'> {
      const { promise: ended, resolve } = Promise.withResolvers<'ended'>();
      const taken = takeFromQueue(
        { sqs: new SQSClient({ region: 'us-east-1' }), url, logger: loggerOf('test') },
        [{ id: 'one', body: '{}', receives, receipt: 'receipt' }],
        { getRemainingTimeInMillis: () => 120_000 },
        {
          take: async () => {
            const working = work();
            // What goes on after these turns of the event loop never comes to an end.
            setTimeout(() => resolve('ended'), 5);
            return await working;
          },
          deadLetter: async (_body, reason) => {
            if (queue.refuse) throw new Error('The queue does not answer.');
            deadLetters.push(reason);
          },
          begun: {
            count: async (message) => counts.get(message) ?? 0,
            set: async (message, begun) => void counts.set(message, begun),
          },
          endsWithProcess: true,
        },
      );
      return await Promise.race([taken.then(({ answer }) => answer), ended]);
    },
  };
  return queue;
}

/** By a function that may take two minutes. */
async function take(
  receives: number,
  work: () => Promise<number>,
  endsWithProcess = false,
): Promise<{ readonly answer: SQSBatchResponse }> {
  const end = Date.now() + 120_000;
  return await takeFromQueue(
    { sqs: new SQSClient({ region: 'us-east-1' }), url, logger: loggerOf('test') },
    [{ id: 'one', body: '{}', receives, receipt: 'receipt' }],
    { getRemainingTimeInMillis: () => end - Date.now() },
    { take: work, deadLetter: async () => undefined, endsWithProcess },
  );
}
