/** Each kind of silence, and what the alarm says of it. */
import { describe, expect, it } from 'vitest';
import { localArn } from '../../../../deploy/template.ts';
import { at } from '../../../../lib/core/json.ts';
import type { Heartbeats, SentCanary } from '../../../../lib/findings/state/heartbeats.ts';
import { patternDigest, withPlaceholders } from '../../../../lib/pipeline/live/watchdog/pattern.ts';
import {
  canaryDeadline,
  type Observations,
  ruleKey,
  type SeenMapping,
  type SeenRule,
  type SeenSchedule,
  type SilentPart,
  silentParts,
  type WatchedParts,
} from '../../../../lib/pipeline/live/watchdog/silence.ts';

const now = Date.parse('2026-11-30T22:00:00Z');
const minute = 60_000;
const region = 'eu-central-1';

const accountRegion = { account: '111122223333', region };
const stream = `arn:aws:dynamodb:${region}:111122223333:table/trailseal-dev-state-table/stream/2026-01-01T00:00:00.000`;

/** What EventBridge has of each rule, as text. */
const pattern = '{"source":["aws.kms"],"detail":{"eventName":["CreateKey","ScheduleKeyDeletion"]}}';
const digest = patternDigest(JSON.parse(pattern));
const filter = '{"eventName":["INSERT","MODIFY"]}';
const input = '{"trailseal":{"version":1,"kind":"scan"}}';

const watched: WatchedParts = {
  rules: [
    { name: 'trailseal-dev-ec2', queues: ['trailseal-dev-ec2'], pattern: digest },
    { name: 'trailseal-dev-kms', queues: ['trailseal-dev-kms'], pattern: digest },
    {
      name: 'trailseal-dev-operator',
      bus: 'trailseal-dev',
      queues: ['trailseal-dev-operator'],
      pattern: digest,
    },
    { name: 'trailseal-dev-operator', queues: ['trailseal-dev-operator'], pattern: digest },
  ],
  functions: [
    { name: 'trailseal-dev-ec2', queue: 'trailseal-dev-ec2' },
    { name: 'trailseal-dev-kms', queue: 'trailseal-dev-kms' },
    { name: 'trailseal-dev-transitions', filters: patternDigest([JSON.parse(filter)]) },
  ],
  schedules: [
    {
      name: 'trailseal-dev-scan',
      expression: 'rate(6 hours)',
      queue: 'trailseal-dev-scan',
      input: patternDigest(JSON.parse(input)),
    },
  ],
  evaluators: ['ec2', 'kms'],
  scanMinutes: 360,
};

const answered = <T>(value: T | undefined) => ({ known: true as const, value });
const queueArn = (queue: string) => `arn:aws:sqs:${region}:111122223333:${queue}`;
const on = (queue: string): SeenRule => ({
  state: 'ENABLED',
  pattern,
  targets: [{ arn: queueArn(queue), whole: true }],
});
const mapped = (name: string, more: Partial<SeenMapping> = {}): SeenMapping => ({
  id: '1-2',
  state: 'Enabled',
  source: name === 'trailseal-dev-transitions' ? stream : queueArn(name),
  invokes: `arn:aws:lambda:${region}:111122223333:function:${name}`,
  filters: name === 'trailseal-dev-transitions' ? [filter] : [],
  ...more,
});
const scheduled: SeenSchedule = {
  state: 'ENABLED',
  expression: 'rate(6 hours)',
  target: queueArn('trailseal-dev-scan'),
  input,
  bounded: false,
};
const canary = (more: Partial<SentCanary> = {}): SentCanary => ({
  nonce: 'n',
  sentAt: now - 50 * minute,
  receivedAt: now - 45 * minute,
  missed: false,
  ...more,
});
const alive: Heartbeats = {
  scan: { at: now - 5 * 60 * minute, parts: ['AwsKmsKey', 'stateTable'] },
  parts: new Map([
    ['AwsKmsKey', now - 299 * minute],
    ['stateTable', now - 298 * minute],
    // No control evaluates this type any more.
    ['AwsOldType', 0],
  ]),
  canaries: new Map([
    ['ec2', canary()],
    ['kms', canary()],
  ]),
  alarm: undefined,
};

/** A deployment of which all is well, but for what is given. */
function observed(
  change: {
    readonly rules?: Readonly<Record<string, SeenRule | undefined>>;
    readonly mappings?: Readonly<Record<string, readonly SeenMapping[]>>;
    readonly schedule?: SeenSchedule | undefined;
    readonly heartbeats?: Partial<Heartbeats>;
  } = {},
): Observations {
  const rules = new Map(watched.rules.map((rule) => [ruleKey(rule), answered(on(rule.queues[0] ?? ''))]));
  for (const [name, rule] of Object.entries(change.rules ?? {})) rules.set(name, answered(rule));
  const mappings = new Map(
    watched.functions.map(({ name }) => [name, answered<readonly SeenMapping[]>([mapped(name)])]),
  );
  for (const [name, some] of Object.entries(change.mappings ?? {})) mappings.set(name, answered(some));
  return {
    rules,
    mappings,
    schedules: new Map([
      ['trailseal-dev-scan', answered('schedule' in change ? change.schedule : scheduled)],
    ]),
    heartbeats: answered({ ...alive, ...change.heartbeats }),
  };
}

const silent = (of: Observations): readonly SilentPart[] =>
  silentParts(watched, of, { now, deployed: { accountRegion, stream } });
const said = (of: Observations) => silent(of).map(({ part, because }) => `${part} ${because}`);
const canaries = (ec2: SentCanary | undefined, kms: SentCanary | undefined = canary()) =>
  new Map([
    ...(ec2 === undefined ? [] : [['ec2', ec2] as const]),
    ...(kms === undefined ? [] : [['kms', kms] as const]),
  ]);

it('where all is well, no part is silent', () => {
  expect(silent(observed())).toEqual([]);
});

describe('a rule', () => {
  it('that is disabled is silent, with the command that enables it', () => {
    const rules = { 'default/trailseal-dev-kms': { ...on('trailseal-dev-kms'), state: 'DISABLED' } };
    expect(silent(observed({ rules }))).toEqual([
      {
        part: 'the rule trailseal-dev-kms',
        because: 'is disabled',
        todo: 'aws events enable-rule --region eu-central-1 --name trailseal-dev-kms',
      },
    ]);
  });

  it('on the deployment’s own bus is enabled there', () => {
    const off = { ...on('trailseal-dev-operator'), state: 'DISABLED' };
    const rules = { 'trailseal-dev/trailseal-dev-operator': off };
    expect(silent(observed({ rules }))).toMatchObject([
      {
        part: 'the rule trailseal-dev-operator of the bus trailseal-dev',
        todo: expect.stringMatching(/--event-bus-name trailseal-dev$/),
      },
    ]);
    expect(said(observed({ rules: { 'default/trailseal-dev-operator': off } }))).toEqual([
      'the rule trailseal-dev-operator is disabled',
    ]);
  });

  it('that also matches management events that read is on', () => {
    const state = 'ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS';
    const rules = { 'default/trailseal-dev-kms': { ...on('trailseal-dev-kms'), state } };
    expect(said(observed({ rules }))).toEqual([]);
  });

  it('that is not there is silent', () => {
    expect(said(observed({ rules: { 'default/trailseal-dev-ec2': undefined } }))).toEqual([
      'the rule trailseal-dev-ec2 is not there',
    ]);
  });

  const ofEc2 = (change: Partial<SeenRule>) =>
    said(observed({ rules: { 'default/trailseal-dev-ec2': { ...on('trailseal-dev-ec2'), ...change } } }));

  it.each([
    ['another queue', queueArn('another-trailseal-dev-ec2')],
    ['a queue of this name in another account', `arn:aws:sqs:${region}:444455556666:trailseal-dev-ec2`],
    ['a queue of this name in another Region', 'arn:aws:sqs:us-east-1:111122223333:trailseal-dev-ec2'],
    ['a topic of this name', `arn:aws:sns:${region}:111122223333:trailseal-dev-ec2`],
  ])('that leads to %s is silent, with where it leads', (_, arn) => {
    expect(ofEc2({ targets: [{ arn, whole: true }] })).toEqual([
      `the rule trailseal-dev-ec2 does not fill the queue trailseal-dev-ec2, but ${arn}`,
    ]);
  });

  it('without a target is silent', () => {
    expect(ofEc2({ targets: [] })).toEqual([
      'the rule trailseal-dev-ec2 does not fill the queue trailseal-dev-ec2',
    ]);
  });

  it('with a target beside its own is not', () => {
    expect(
      ofEc2({
        targets: [
          { arn: queueArn('another'), whole: true },
          { arn: queueArn('trailseal-dev-ec2'), whole: true },
        ],
      }),
    ).toEqual([]);
  });

  it('that sends its queue something else than the event is silent', () => {
    expect(ofEc2({ targets: [{ arn: queueArn('trailseal-dev-ec2'), whole: false }] })).toEqual([
      'the rule trailseal-dev-ec2 sends the queue trailseal-dev-ec2 something else than the event',
    ]);
  });

  it.each([
    ['was narrowed', '{"source":["aws.kms"],"detail":{"eventName":["CreateKey"]}}'],
    [
      'was narrowed to failed calls',
      '{"source":["aws.kms"],"detail":{"eventName":["CreateKey","ScheduleKeyDeletion"],"errorCode":[{"exists":true}]}}',
    ],
    ['is not there', undefined],
    ['is no JSON', 'nothing'],
  ])('whose pattern %s is silent, for what it no longer matches, with what to do', (_, other) => {
    const rules = { 'default/trailseal-dev-ec2': { ...on('trailseal-dev-ec2'), pattern: other } };
    expect(silent(observed({ rules }))).toEqual([
      {
        part: 'the rule trailseal-dev-ec2',
        because: 'has another pattern than the stack deployed',
        todo: 'revert it: docs/runbook.md, "Trailseal is silent"',
      },
    ]);
  });

  it('whose pattern says the same in another order is not', () => {
    const same = '{"detail": {"eventName": ["ScheduleKeyDeletion", "CreateKey"]}, "source": ["aws.kms"]}';
    expect(ofEc2({ pattern: same })).toEqual([]);
  });

  it('is silent for each thing that differs', () => {
    expect(ofEc2({ state: 'DISABLED', pattern: '{}', targets: [] })).toEqual([
      'the rule trailseal-dev-ec2 is disabled',
      'the rule trailseal-dev-ec2 has another pattern than the stack deployed',
      'the rule trailseal-dev-ec2 does not fill the queue trailseal-dev-ec2',
    ]);
  });
});

describe('a function', () => {
  it.each(['Disabled', 'Disabling', 'Deleting'])('whose event source mapping is %s is silent', (state) => {
    const mappings = { 'trailseal-dev-kms': [mapped('trailseal-dev-kms', { state })] };
    expect(silent(observed({ mappings }))).toEqual([
      {
        part: 'the function trailseal-dev-kms',
        because: 'has a disabled event source mapping, so that it reads nothing',
        todo: 'aws lambda update-event-source-mapping --region eu-central-1 --uuid 1-2 --enabled',
      },
    ]);
  });

  it.each(['Enabled', 'Enabling', 'Creating', 'Updating'])('whose mapping is %s is not', (state) => {
    const mappings = { 'trailseal-dev-kms': [mapped('trailseal-dev-kms', { state })] };
    expect(said(observed({ mappings }))).toEqual([]);
  });

  it('without an event source mapping is silent', () => {
    expect(said(observed({ mappings: { 'trailseal-dev-ec2': [] } }))).toEqual([
      'the function trailseal-dev-ec2 has no event source mapping, so that it reads nothing',
    ]);
  });

  const of = (name: string, more: Partial<SeenMapping>) =>
    said(observed({ mappings: { [name]: [mapped(name, more)] } }));

  it.each([
    ['another queue', queueArn('another')],
    ['the queue of this name in another account', `arn:aws:sqs:${region}:444455556666:trailseal-dev-ec2`],
  ])('that reads %s is silent, with what it reads', (_, source) => {
    expect(of('trailseal-dev-ec2', { source })).toEqual([
      `the function trailseal-dev-ec2 does not read the queue trailseal-dev-ec2: it reads ${source}`,
    ]);
  });

  it('whose queue another version of it reads is silent', () => {
    const invokes = `arn:aws:lambda:${region}:111122223333:function:trailseal-dev-ec2:old`;
    expect(of('trailseal-dev-ec2', { invokes })).toEqual([
      `the function trailseal-dev-ec2 does not read the queue trailseal-dev-ec2: it is read by ${invokes}`,
    ]);
  });

  it('that reads an earlier stream of the state table is silent', () => {
    const source = stream.replace('2026-01-01', '2025-01-01');
    expect(of('trailseal-dev-transitions', { source })).toEqual([
      `the function trailseal-dev-transitions does not read the stream of the state table: it reads ${source}`,
    ]);
  });

  it('that reads its own queue beside another one is not', () => {
    const both = [mapped('trailseal-dev-ec2', { source: queueArn('another') }), mapped('trailseal-dev-ec2')];
    expect(said(observed({ mappings: { 'trailseal-dev-ec2': both } }))).toEqual([]);
  });

  it.each([
    ['a function of a queue', 'trailseal-dev-ec2', ['{"body":{"detail":{"eventName":["None"]}}}']],
    ['a function of a queue, which are no JSON', 'trailseal-dev-ec2', ['none']],
    ['that of the stream', 'trailseal-dev-transitions', ['{"eventName":["REMOVE"]}']],
    ['that of the stream, which are none', 'trailseal-dev-transitions', []],
  ])('with other filters (%s) is silent, for what they leave out', (_, name, filters) => {
    expect(of(name, { filters })).toEqual([
      `the function ${name} has an event source mapping with other filters than the stack deployed`,
    ]);
  });
});

describe('the schedule', () => {
  it('that is not there is silent', () => {
    expect(said(observed({ schedule: undefined }))).toEqual(['the schedule trailseal-dev-scan is not there']);
  });

  it.each<[string, Partial<SeenSchedule>]>([
    ['is disabled', { state: 'DISABLED' }],
    ['runs at rate(30 days), and not at rate(6 hours)', { expression: 'rate(30 days)' }],
    [
      `does not send to the queue trailseal-dev-scan, but to ${queueArn('another')}`,
      { target: queueArn('another') },
    ],
    ['sends another message than the stack deployed', { input: '{}' }],
    ['has a start or an end, which the stack did not deploy', { bounded: true }],
  ])('that %s is silent', (because, change) => {
    expect(said(observed({ schedule: { ...scheduled, ...change } }))).toEqual([
      `the schedule trailseal-dev-scan ${because}`,
    ]);
  });
});

describe('the digest of a pattern', () => {
  const template = { resources: [at(localArn('sqs', 'q'), 'Fn::Sub')] };

  it('is the same for the template, and for what AWS made of it in the deployment’s own place', () => {
    const made = withPlaceholders({ resources: [queueArn('q')] }, accountRegion);
    expect(patternDigest(made)).toBe(patternDigest(template));
  });

  it.each([
    `arn:aws:sqs:${region}:444455556666:q`,
    'arn:aws:sqs:us-east-1:111122223333:q',
    `arn:aws-cn:sqs:${region}:111122223333:q`,
  ])('is another one for %s', (arn) => {
    expect(patternDigest(withPlaceholders({ resources: [arn] }, accountRegion))).not.toBe(
      patternDigest(template),
    );
  });

  it('keeps the order of a range of numbers', () => {
    const range = (numeric: readonly unknown[]) => patternDigest({ n: [{ numeric }] });
    expect(range(['>', 0, '<', 5])).not.toBe(range(['<', 0, '>', 5]));
  });
});

describe('the scheduled scan', () => {
  const hours = (some: number) => now - some * 60 * minute;

  it('that did not run is silent an hour after it was due', () => {
    const at = (some: number) =>
      said(observed({ heartbeats: { scan: { at: hours(some), parts: ['stateTable'] } } }));
    expect(at(7)).toEqual([]);
    expect(at(7.1)).toEqual(['the scheduled scan last ran at 2026-11-30T14:54Z']);
  });

  it('that has never run is silent an hour after it was due first', () => {
    const never = { scan: { at: hours(8), parts: [] }, parts: new Map() };
    expect(said(observed({ heartbeats: never }))).toEqual([
      'the scheduled scan has never run; it has been due since 2026-11-30T14:00Z',
    ]);
  });

  it('of which a part was not completed is silent, with the part', () => {
    const parts = new Map([...alive.parts, ['AwsKmsKey', hours(13)] as const]);
    expect(said(observed({ heartbeats: { parts } }))).toEqual([
      'the scheduled scan of AwsKmsKey was not completed since 2026-11-30T09:00Z',
    ]);
  });
});

describe('a canary', () => {
  it('that is on its way is no silence', () => {
    const sent = canary({ sentAt: now - canaryDeadline + minute, receivedAt: undefined });
    expect(said(observed({ heartbeats: { canaries: canaries(sent) } }))).toEqual([]);
  });

  it('that one evaluator did not receive in time names the evaluator', () => {
    const lost = canary({ receivedAt: undefined });
    expect(silent(observed({ heartbeats: { canaries: canaries(lost) } }))).toEqual([
      {
        part: 'the evaluator ec2',
        because: 'did not receive the canary of 2026-11-30T21:10Z',
        todo: 'see its log, and its DLQ: trailseal dlq list --queue ec2',
      },
    ]);
  });

  it('that no evaluator received names CloudTrail, which they have in common', () => {
    const lost = canary({ receivedAt: undefined });
    expect(said(observed({ heartbeats: { canaries: canaries(lost, lost) } }))).toEqual([
      'CloudTrail delivers nothing: the canary of 2026-11-30T21:10Z reached no evaluator',
    ]);
  });

  it('that is on its way after one that was lost leaves the evaluator silent until it arrives', () => {
    const next = canary({ sentAt: now - minute, receivedAt: undefined, missed: true });
    expect(said(observed({ heartbeats: { canaries: canaries(next) } }))).toEqual([
      'the evaluator ec2 did not receive the canary of 2026-11-30T21:59Z',
    ]);
    expect(said(observed({ heartbeats: { canaries: canaries({ ...next, receivedAt: now }) } }))).toEqual([]);
  });

  it('that was not sent yet is no silence', () => {
    expect(said(observed({ heartbeats: { canaries: new Map() } }))).toEqual([]);
  });
});

describe('what cannot be read', () => {
  const refused = { known: false as const, because: 'AccessDeniedException (You may not)' };

  it('is silent: nobody knows that it is alive', () => {
    const of = observed();
    const rules = new Map([...of.rules, ['default/trailseal-dev-ec2', refused] as const]);
    expect(said({ ...of, rules, heartbeats: refused })).toEqual([
      "the rule trailseal-dev-ec2 can't be read: AccessDeniedException (You may not)",
      "the state table can't be read: AccessDeniedException (You may not)",
    ]);
  });

  it('because it was not asked for is silent, too', () => {
    expect(said({ ...observed(), schedules: new Map() })).toEqual([
      "the schedule trailseal-dev-scan can't be read: it was not asked for",
    ]);
  });
});
