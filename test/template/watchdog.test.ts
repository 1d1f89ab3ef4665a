/** The dead man's switch in the packaged stack: what it watches, by which pattern the canary comes, what it may do. */
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { defaultParameters } from '../../deploy/defaults.ts';
import { stackOf } from '../../deploy/stack.ts';
import { canaryTag, newCanary } from '../../lib/aws/canary.ts';
import { parseArn } from '../../lib/core/arn.ts';
import { at, list, text } from '../../lib/core/json.ts';
import { alarmText, silenceAlarm } from '../../lib/pipeline/live/watchdog/alarm.ts';
import { patternDigest, withPlaceholders } from '../../lib/pipeline/live/watchdog/pattern.ts';
import {
  type Observations,
  ruleKey,
  type SeenMapping,
  type SeenRule,
  type SeenSchedule,
  silentParts,
} from '../../lib/pipeline/live/watchdog/silence.ts';
import { watchedPartsIn } from '../../lib/pipeline/live/watchdog/watched.ts';
import { evaluators } from '../../lib/services/catalogue.ts';
import { queueNames } from '../../lib/services/queues.ts';
import { actionsOf } from './commands.ts';
import { madeWith } from './made.ts';
import { matches } from './matching.ts';
import { mayCall } from './simulate.ts';
import {
  account,
  ofType,
  one,
  packaged,
  packagedActive,
  policyOf,
  region,
  statementsIn,
} from './template.ts';

const resources = packaged();
const active = packagedActive();
const own = (service: string, resource: string) => `arn:aws:${service}:${region}:${account}:${resource}`;
const functionArn = own('lambda', 'function:trailseal-dev-watchdog');

/** As CloudTrail records the watchdog's write, and EventBridge delivers it. */
function tagging(detail: Readonly<Record<string, unknown>> = {}) {
  const { nonce } = newCanary(Date.parse('2026-11-30T22:00:00Z'), '0b5c2f7e-0000-4000-8000-000000000001');
  return {
    version: '0',
    source: 'aws.lambda',
    'detail-type': 'AWS API Call via CloudTrail',
    account,
    region,
    detail: {
      eventSource: 'lambda.amazonaws.com',
      eventName: 'TagResource20170331v2',
      awsRegion: region,
      requestParameters: { resource: functionArn, tags: { [canaryTag]: nonce } },
      responseElements: null,
      readOnly: false,
      managementEvent: true,
      ...detail,
    },
  };
}

describe('the canary', () => {
  const patterns = Object.fromEntries(
    ofType(active, 'AWS::Events::Rule').map(([id, rule]) => [id, at(rule.properties, 'EventPattern')]),
  );

  it('passes the canary’s rule, and no other rule', () => {
    expect(matches(patterns, [tagging()])).toEqual([['CanaryRule']]);
  });

  it.each([
    ['that failed', { errorCode: 'AccessDeniedException' }],
    ['of another call', { eventName: 'UntagResource20170331v2' }],
    [
      'on another function',
      { requestParameters: { resource: own('lambda', 'function:another'), tags: { [canaryTag]: 'x' } } },
    ],
    ['of another tag', { requestParameters: { resource: functionArn, tags: { Name: 'x' } } }],
    ['without tags', { requestParameters: { resource: functionArn } }],
  ])('a write %s passes none', (_, detail) => {
    expect(matches(patterns, [tagging(detail)])).toEqual([[]]);
  });

  it('goes to the queue of every evaluator, and what can’t get there to its dead letters', () => {
    const rule = one(resources, 'CanaryRule').properties;
    expect(at(rule, 'State')).toBe('ENABLED');
    expect(list(rule, 'Targets')).toMatchObject(
      evaluators.map((evaluator) => ({
        Id: `queue-${evaluator}`,
        Arn: own('sqs', `trailseal-dev-${evaluator}`),
        DeadLetterConfig: { Arn: own('sqs', `trailseal-dev-${evaluator}-dead-letters`) },
      })),
    );
  });
});

describe.each([
  ['without actions', resources],
  ['with actions', active],
])('in a stack %s, the watchdog', (_, made) => {
  const variables = at(one(made, 'WatchdogLambdaFunction').properties, 'Environment', 'Variables');
  const watched = watchedPartsIn(text(variables, 'TRAILSEAL_WATCHED') ?? '');

  it('watches every rule, each with its queues and its pattern', () => {
    const rules = ofType(made, 'AWS::Events::Rule').map(([, { properties }]) => ({
      name: text(properties, 'Name'),
      ...(at(properties, 'EventBusName') === undefined ? {} : { bus: at(properties, 'EventBusName') }),
      queues: list(properties, 'Targets').map((target) => text(target, 'Arn')?.split(':').at(-1)),
      pattern: digestOf(at(properties, 'EventPattern')),
    }));
    expect([...watched.rules].toSorted(byRule)).toEqual(rules.toSorted(byRule));
  });

  it('watches every function that has an event source mapping, each with what it reads and its filters', () => {
    const reading = ofType(made, 'AWS::Lambda::EventSourceMapping').map(([, { properties }]) => {
      const source = parseArn(text(properties, 'EventSourceArn'));
      const filters = list(properties, 'FilterCriteria', 'Filters').map((one) => text(one, 'Pattern') ?? '');
      return {
        name: text(properties, 'FunctionName')?.split(':').at(-1) ?? '',
        ...(source?.service === 'sqs' ? { queue: source.resource } : {}),
        ...(filters.length === 0 ? {} : { filters: digestOf(filters.map((one) => JSON.parse(one))) }),
      };
    });
    expect([...watched.functions].toSorted(byName)).toEqual(reading.toSorted(byName));
    const [stream] = ofType(made, 'AWS::Lambda::EventSourceMapping')
      .map(([, { properties }]) => text(properties, 'EventSourceArn'))
      .filter((arn) => parseArn(arn)?.service === 'dynamodb');
    expect(text(variables, 'TRAILSEAL_STREAM')).toBe(stream);
  });

  it('finds nothing where AWS has what the template says', () => {
    const seen = <T>(value: T) => ({ known: true as const, value });
    const rules = ofType(made, 'AWS::Events::Rule').map(([, { properties }]) => {
      const bus = text(properties, 'EventBusName');
      const rule: SeenRule = {
        state: text(properties, 'State'),
        pattern: JSON.stringify(at(properties, 'EventPattern')),
        targets: list(properties, 'Targets').map((target) => ({
          arn: text(target, 'Arn') ?? '',
          whole: true,
        })),
      };
      const name = text(properties, 'Name') ?? '';
      return [ruleKey(bus === undefined ? { name } : { name, bus }), seen(rule)] as const;
    });
    const mappings = ofType(made, 'AWS::Lambda::EventSourceMapping').map(([, { properties }]) => {
      const mapping: SeenMapping = {
        id: '1',
        state: 'Enabled',
        source: text(properties, 'EventSourceArn'),
        invokes: text(properties, 'FunctionName'),
        filters: list(properties, 'FilterCriteria', 'Filters').map((one) => text(one, 'Pattern') ?? ''),
      };
      return [parseArn(mapping.invokes)?.resource.replace('function:', '') ?? '', seen([mapping])] as const;
    });
    const schedules = ofType(made, 'AWS::Scheduler::Schedule').map(([, { properties }]) => {
      const schedule: SeenSchedule = {
        state: text(properties, 'State'),
        expression: text(properties, 'ScheduleExpression'),
        target: text(properties, 'Target', 'Arn'),
        input: text(properties, 'Target', 'Input'),
        bounded: false,
      };
      return [text(properties, 'Name') ?? '', seen(schedule)] as const;
    });
    const observed: Observations = {
      rules: new Map(rules),
      mappings: new Map(mappings),
      schedules: new Map(schedules),
      heartbeats: { known: true, value: undefined },
    };
    const deployed = { accountRegion: { account, region }, stream: text(variables, 'TRAILSEAL_STREAM') };
    expect(silentParts(watched, observed, { now: 0, deployed })).toEqual([]);
  });

  it('watches every schedule but its own, whose silence is the alarm’s own', () => {
    const names = ofType(made, 'AWS::Scheduler::Schedule').map(([, { properties }]) =>
      text(properties, 'Name'),
    );
    const watchedNames = watched.schedules.map(({ name }) => name);
    expect([...watchedNames, 'trailseal-dev-watchdog'].toSorted()).toEqual(names.toSorted());
    const { properties } = one(made, 'ScheduledScanSchedule');
    expect(watched.schedules).toEqual([
      {
        name: text(properties, 'Name'),
        expression: text(properties, 'ScheduleExpression'),
        queue: parseArn(text(properties, 'Target', 'Arn'))?.resource,
        input: digestOf(JSON.parse(text(properties, 'Target', 'Input') ?? '')),
      },
    ]);
  });

  it('sends the canary to every evaluator, and knows how often a scan is due', () => {
    expect([watched.evaluators, watched.scanMinutes]).toEqual([evaluators, 360]);
  });

  it('has an environment that Lambda takes: 4 KB', () => {
    expect(Buffer.byteLength(JSON.stringify(variables))).toBeLessThan(4_096);
  });
});

/** As the watchdog sees what is deployed. */
function digestOf(pattern: unknown): string {
  return patternDigest(withPlaceholders(pattern, { account, region }));
}

function byRule(one: { readonly name?: string | undefined; readonly bus?: unknown }, other: typeof one) {
  return `${one.bus}/${one.name}`.localeCompare(`${other.bus}/${other.name}`);
}

function byName(one: { readonly name?: string | undefined }, other: { readonly name?: string | undefined }) {
  return (one.name ?? '').localeCompare(other.name ?? '');
}

it('of the longest stage, with all that there is, has an environment that Lambda takes', async () => {
  const policy = path.resolve('examples/policy.active.yml');
  const { functions } = await stackOf({
    ...defaultParameters(),
    policy,
    stage: 'a'.repeat(20),
    alarmTopicArn: own('sns', 'a'.repeat(256)),
  });
  const environment = at(functions, 'watchdog', 'environment');
  // What is not known yet: the table's name, and the ARN of its stream.
  expect(Buffer.byteLength(JSON.stringify(environment)) + 200).toBeLessThan(4_096);
});

describe('the watchdog', () => {
  it('is run every quarter of an hour, by a role that may do nothing else', () => {
    const schedule = one(resources, 'WatchdogSchedule').properties;
    expect(schedule).toMatchObject({
      State: 'ENABLED',
      ScheduleExpression: 'rate(15 minutes)',
      Target: { Arn: functionArn },
    });
    const role = one(resources, 'WatchdogScheduleRole');
    expect(statementsIn(policyOf(role))).toMatchObject([
      { effect: 'Allow', actions: ['lambda:InvokeFunction'], resources: [functionArn] },
    ]);
    expect(statementsIn(at(role.properties, 'AssumeRolePolicyDocument'))).toMatchObject([
      {
        principal: { Service: 'scheduler.amazonaws.com' },
        conditions: { StringEquals: { 'aws:SourceAccount': account } },
      },
    ]);
  });

  it('has an alarm that fires for one silent part, and where nothing counts them', () => {
    const { AlarmDescription, ...rest } = silenceAlarm({ stage: 'dev', topic: undefined }, '');
    const alarm = one(resources, 'SilentPartsAlarm').properties;
    // What the watchdog writes when it names parts is the same alarm with another text.
    expect(alarm).toEqual({ ...rest, AlarmDescription: alarmText('trailseal-dev-watchdog', []) });
    expect(alarm).toMatchObject({ Threshold: 0, EvaluationPeriods: 1, TreatMissingData: 'breaching' });
  });

  it('writes the same topic into its alarm as the template', async () => {
    const topic = own('sns', 'alarms');
    const made = await madeWith('defaults: {}', { alarmTopicArn: topic });
    const variables = at(made.functions, 'watchdog', 'environment');
    expect(at(variables, 'TRAILSEAL_ALARM_TOPIC')).toBe(topic);
    expect(at(one(made.resources, 'SilentPartsAlarm').properties, 'AlarmActions')).toEqual([topic]);
    const role = one(made.resources, 'WatchdogRole');
    const naming = async (actions: readonly string[]) =>
      mayCall(role, {
        action: 'cloudwatch:PutMetricAlarm',
        resource: own('cloudwatch', 'alarm:trailseal-dev-SilentParts'),
        context: { 'cloudwatch:AlarmActions': actions },
      });
    expect([await naming([topic]), await naming([topic, own('sns', 'another')])]).toEqual([true, false]);
  });
});

describe('the role of the watchdog', () => {
  const role = one(resources, 'WatchdogRole');
  const runtime = [
    'logs:CreateLogStream',
    'logs:PutLogEvents',
    'xray:PutTelemetryRecords',
    'xray:PutTraceSegments',
  ];

  it('holds what its code can call, and what the runtime does, and nothing else', async () => {
    const granted = statementsIn(policyOf(role)).flatMap(({ actions }) => actions);
    const called = await actionsOf('functions/watchdog.ts');
    expect(called).toContain('lambda:TagResource');
    expect([...new Set(granted)].toSorted()).toEqual([...called.map(iamName), ...runtime].toSorted());
  });

  const table = own('dynamodb', 'table/trailseal-dev-state-table');
  const heartbeats = { 'dynamodb:LeadingKeys': [`heartbeats/${account}/${region}`] };
  const alarm = own('cloudwatch', 'alarm:trailseal-dev-SilentParts');
  const topic = own('sns', 'another');

  it.each([
    ['events:DescribeRule', own('events', 'rule/trailseal-dev-kms'), {}],
    ['events:ListTargetsByRule', own('events', 'rule/trailseal-dev/trailseal-dev-notify'), {}],
    ['lambda:ListEventSourceMappings', '*', {}],
    ['scheduler:GetSchedule', own('scheduler', 'schedule/default/trailseal-dev-scan'), {}],
    ['dynamodb:Query', table, heartbeats],
    ['dynamodb:PutItem', table, heartbeats],
    ['lambda:TagResource', functionArn, { 'aws:TagKeys': [canaryTag] }],
    ['cloudwatch:SetAlarmState', alarm, {}],
    ['cloudwatch:PutMetricAlarm', alarm, {}],
  ])('may call %s on %s', async (action, resource, context) => {
    expect(await mayCall(role, { action, resource, context })).toBe(true);
  });

  it.each([
    ['write another tag', 'lambda:TagResource', functionArn, { 'aws:TagKeys': [canaryTag, 'owner'] }],
    [
      'tag another function',
      'lambda:TagResource',
      own('lambda', 'function:trailseal-dev-kms'),
      { 'aws:TagKeys': [canaryTag] },
    ],
    ['write findings', 'dynamodb:PutItem', table, { 'dynamodb:LeadingKeys': ['trailseal/kms'] }],
    ['read findings', 'dynamodb:Query', table, { 'dynamodb:LeadingKeys': ['trailseal/kms'] }],
    [
      'have its alarm do something else',
      'cloudwatch:PutMetricAlarm',
      alarm,
      { 'cloudwatch:AlarmActions': [topic] },
    ],
    [
      'change another alarm',
      'cloudwatch:PutMetricAlarm',
      own('cloudwatch', 'alarm:trailseal-dev-kms-Errors'),
      {},
    ],
    ['silence another alarm', 'cloudwatch:SetAlarmState', own('cloudwatch', 'alarm:another'), {}],
    ['send messages', 'sqs:SendMessage', own('sqs', 'trailseal-dev-kms'), {}],
    ['disable a rule', 'events:DisableRule', own('events', 'rule/trailseal-dev-kms'), {}],
  ])('may not %s', async (_what, action, resource, context) => {
    expect(await mayCall(role, { action, resource, context })).toBe(false);
  });

  it('is for scans, too, of which the record alone may be written', async () => {
    const scan = one(resources, 'ScanRole');
    const write = (context: Readonly<Record<string, readonly string[]>>) =>
      mayCall(scan, { action: 'dynamodb:PutItem', resource: table, context });
    expect([
      await write(heartbeats),
      await write({ 'dynamodb:LeadingKeys': ['trailseal/kms'] }),
      await write({}),
    ]).toEqual([true, false, false]);
  });
});

it('no function but the watchdog lacks a queue or a stream', () => {
  const names = ofType(resources, 'AWS::Lambda::Function').map(([, { properties }]) =>
    text(properties, 'FunctionName'),
  );
  expect(names.toSorted()).toEqual(
    [...queueNames, 'watchdog'].map((name) => `trailseal-dev-${name}`).toSorted(),
  );
});

/** The SDK's package is called by another name than the service's IAM actions. */
function iamName(action: string): string {
  return action.replace(/^eventbridge:/, 'events:');
}
