/** One check: what it asks of AWS, and when it sends a canary. */
import {
  DescribeRuleCommand,
  EventBridgeClient,
  ListTargetsByRuleCommand,
  ResourceNotFoundException,
} from '@aws-sdk/client-eventbridge';
import { LambdaClient, ListEventSourceMappingsCommand, TagResourceCommand } from '@aws-sdk/client-lambda';
import { GetScheduleCommand, SchedulerClient } from '@aws-sdk/client-scheduler';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it } from 'vitest';
import { canaryIn, canaryTag } from '../../../../lib/aws/canary.ts';
import type { Heartbeats, SentCanary } from '../../../../lib/findings/state/heartbeats.ts';
import { check } from '../../../../lib/pipeline/live/watchdog/check.ts';
import { patternDigest } from '../../../../lib/pipeline/live/watchdog/pattern.ts';
import type { WatchedParts } from '../../../../lib/pipeline/live/watchdog/silence.ts';
import { watchedPartsIn } from '../../../../lib/pipeline/live/watchdog/watched.ts';

const now = Date.parse('2026-11-30T22:00:00Z');
const minute = 60_000;
const region = 'eu-central-1';
const functionArn = `arn:aws:lambda:${region}:111122223333:function:trailseal-dev-watchdog`;
const id = '0b5c2f7e-0000-4000-8000-000000000001';

const pattern = { source: ['aws.kms'] };
const input = { trailseal: { kind: 'scan' } };
const queueArn = (name: string) => `arn:aws:sqs:${region}:111122223333:${name}`;
const mapping = {
  UUID: '1',
  State: 'Enabled',
  EventSourceArn: queueArn('trailseal-dev-kms'),
  FunctionArn: `arn:aws:lambda:${region}:111122223333:function:trailseal-dev-kms`,
};
const schedule = {
  State: 'ENABLED',
  ScheduleExpression: 'rate(6 hours)',
  Target: {
    Arn: queueArn('trailseal-dev-scan'),
    RoleArn: 'arn:aws:iam::111122223333:role/schedule',
    Input: JSON.stringify(input),
  },
} as const;
const rule = { State: 'ENABLED', EventPattern: JSON.stringify(pattern) } as const;
const target = { Id: 'queue', Arn: queueArn('trailseal-dev-kms') };

const watched: WatchedParts = {
  rules: [{ name: 'trailseal-dev-kms', queues: ['trailseal-dev-kms'], pattern: patternDigest(pattern) }],
  functions: [{ name: 'trailseal-dev-kms', queue: 'trailseal-dev-kms' }],
  schedules: [
    {
      name: 'trailseal-dev-scan',
      expression: 'rate(6 hours)',
      queue: 'trailseal-dev-scan',
      input: patternDigest(input),
    },
  ],
  evaluators: ['ec2', 'kms'],
  scanMinutes: 360,
};

const events = mockClient(EventBridgeClient);
const lambda = mockClient(LambdaClient);
const scheduler = mockClient(SchedulerClient);

beforeEach(() => {
  for (const client of [events, lambda, scheduler]) client.reset();
  events.on(DescribeRuleCommand).resolves(rule);
  events.on(ListTargetsByRuleCommand).resolves({ Targets: [target] });
  lambda.on(ListEventSourceMappingsCommand).resolves({ EventSourceMappings: [mapping] });
  lambda.on(TagResourceCommand).resolves({});
  scheduler.on(GetScheduleCommand).resolves(schedule);
});

const scan = { at: now - minute, parts: [] };
const nothing: Heartbeats = { scan, parts: new Map(), canaries: new Map(), alarm: undefined };

async function checked(heartbeats: Heartbeats | Error) {
  const recorded: unknown[] = [];
  const result = await check(watched, {
    events: new EventBridgeClient({ region }),
    lambda: new LambdaClient({ region }),
    scheduler: new SchedulerClient({ region }),
    heartbeats: {
      async all() {
        if (heartbeats instanceof Error) throw heartbeats;
        return heartbeats;
      },
      scanDue: async (at) => void recorded.push(['due', at]),
      canarySent: async (evaluator, { nonce }, missed) => void recorded.push([evaluator, nonce, missed]),
    },
    functionArn,
    deployed: { accountRegion: { account: '111122223333', region }, stream: undefined },
    now: () => now,
    randomId: () => id,
  });
  const tagged = lambda.commandCalls(TagResourceCommand).map(({ args: [{ input }] }) => input);
  return { ...result, recorded, tagged };
}

/** Canaries of both evaluators. */
function canaries(ago: number, more: Partial<SentCanary> = {}): Heartbeats {
  const canary = { nonce: 'before', sentAt: now - ago, receivedAt: now, missed: false };
  return {
    ...nothing,
    canaries: new Map([
      ['ec2', { ...canary, ...more }],
      ['kms', canary],
    ]),
  };
}

describe('a check', () => {
  it('finds nothing where all is well', async () => {
    expect((await checked(canaries(30 * minute))).silent).toEqual([]);
  });

  it('finds a rule that is disabled, one that is not there, a mapping and a schedule that are off', async () => {
    const silent = async () => (await checked(canaries(30 * minute))).silent.map(({ part }) => part);
    events.on(DescribeRuleCommand).resolves({ ...rule, State: 'DISABLED' });
    lambda
      .on(ListEventSourceMappingsCommand)
      .resolves({ EventSourceMappings: [{ ...mapping, State: 'Disabled' }] });
    scheduler.on(GetScheduleCommand).resolves({ ...schedule, State: 'DISABLED' });
    const all = [
      'the rule trailseal-dev-kms',
      'the function trailseal-dev-kms',
      'the schedule trailseal-dev-scan',
    ];
    expect(await silent()).toEqual(all);
    events
      .on(DescribeRuleCommand)
      .rejects(new ResourceNotFoundException({ message: 'no such rule', $metadata: {} }));
    expect(await silent()).toEqual(all);
  });

  it('finds what was quietly redirected: patterns, targets, mappings, schedules that are all on', async () => {
    const EventPattern = JSON.stringify({ source: ['aws.none'] });
    events.on(DescribeRuleCommand).resolves({ ...rule, EventPattern });
    events.on(ListTargetsByRuleCommand).resolves({ Targets: [{ ...target, InputPath: '$.none' }] });
    const Filters = [{ Pattern: '{"body":{"source":["none"]}}' }];
    lambda
      .on(ListEventSourceMappingsCommand)
      .resolves({ EventSourceMappings: [{ ...mapping, FilterCriteria: { Filters } }] });
    const EndDate = new Date(now + minute);
    scheduler.on(GetScheduleCommand).resolves({ ...schedule, ScheduleExpression: 'rate(9 days)', EndDate });
    const { silent } = await checked(canaries(30 * minute));
    expect(silent.map(({ part, because }) => `${part} ${because}`)).toEqual([
      'the rule trailseal-dev-kms has another pattern than the stack deployed',
      'the rule trailseal-dev-kms sends the queue trailseal-dev-kms something else than the event',
      'the function trailseal-dev-kms has an event source mapping with other filters than the stack deployed',
      'the schedule trailseal-dev-scan runs at rate(9 days), and not at rate(6 hours)',
      'the schedule trailseal-dev-scan has a start or an end, which the stack did not deploy',
    ]);
  });

  it('names what AWS does not let it read', async () => {
    events.on(DescribeRuleCommand).rejects(Object.assign(new Error('No'), { name: 'AccessDeniedException' }));
    expect((await checked(canaries(30 * minute))).silent).toMatchObject([
      { part: 'the rule trailseal-dev-kms', because: "can't be read: AccessDeniedException (No)" },
    ]);
  });

  it('says what the alarm said before', async () => {
    expect((await checked({ ...nothing, alarm: 'Silent: …' })).before).toBe('Silent: …');
    expect((await checked(new Error('it is busy'))).before).toBeUndefined();
  });

  it('notes the first time that it finds no scheduled scan', async () => {
    const { recorded } = await checked({ ...canaries(30 * minute), scan: undefined });
    expect(recorded).toEqual([['due', now]]);
  });
});

describe('a canary', () => {
  it('is sent to all evaluators, with one tag that the pattern of its event names', async () => {
    const { sent, tagged, recorded } = await checked(nothing);
    const nonce = `2026-11-30T22:00:00.000Z/${id}`;
    expect([sent, tagged]).toEqual([true, [{ Resource: functionArn, Tags: { [canaryTag]: nonce } }]]);
    expect(recorded).toEqual([
      ['ec2', nonce, false],
      ['kms', nonce, false],
    ]);
    const event = { source: 'aws.lambda', detail: { requestParameters: { tags: tagged[0]?.Tags } } };
    expect(canaryIn(event)).toEqual({ nonce, sentAt: now });
  });

  it('is sent once an hour', async () => {
    expect((await checked(canaries(45 * minute))).sent).toBe(false);
    expect((await checked(canaries(60 * minute))).sent).toBe(true);
  });

  it('is not sent while one is on its way, however often it is checked', async () => {
    expect((await checked(canaries(10 * minute, { receivedAt: undefined }))).sent).toBe(false);
  });

  it('after one that an evaluator never received, remembers that', async () => {
    const { recorded } = await checked(canaries(60 * minute, { receivedAt: undefined }));
    expect(recorded).toEqual([
      ['ec2', expect.any(String), true],
      ['kms', expect.any(String), false],
    ]);
  });

  it('that cannot be sent is a silent part', async () => {
    lambda.on(TagResourceCommand).rejects(Object.assign(new Error('No'), { name: 'AccessDeniedException' }));
    const { sent, silent } = await checked(nothing);
    expect([sent, silent]).toMatchObject([
      false,
      [{ part: 'the canary', because: 'failed: AccessDeniedException (No)' }],
    ]);
  });

  it('is not sent where the state table cannot be read, which is a silent part', async () => {
    const { sent, silent, tagged } = await checked(new Error('it is busy'));
    expect([sent, tagged, silent]).toMatchObject([
      false,
      [],
      [{ part: 'the state table', because: "can't be read: Error (it is busy)" }],
    ]);
  });
});

describe('an event', () => {
  const event = (value: unknown, source = 'aws.lambda') => ({
    source,
    detail: { requestParameters: { tags: { [canaryTag]: value } } },
  });

  it.each([
    ['of another source', event(`2026-11-30T22:00:00.000Z/${id}`, 'com.example')],
    ['with another value', event('tomorrow')],
    ['with a value that is no text', event({ nonce: id })],
    ['with a time that is none', event(`2026-13-30T22:00:00.000Z/${id}`)],
    ['without the tag', { source: 'aws.lambda', detail: { requestParameters: {} } }],
    ['that is null', null],
  ])('%s is no canary', (_, value) => {
    expect(canaryIn(value)).toBeUndefined();
  });
});

describe('the watched parts', () => {
  it('are those that the template wrote', () => {
    expect(watchedPartsIn(JSON.stringify(watched))).toEqual(watched);
  });

  it.each(['', 'no JSON', '{}', JSON.stringify({ ...watched, scanMinutes: 0 })])(
    '%j are an error',
    (json) => {
      expect(() => watchedPartsIn(json)).toThrow(/^TRAILSEAL_WATCHED does not name parts of a deployment/);
    },
  );
});
