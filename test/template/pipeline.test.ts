/** The packaged stack against the controls: what brings events to the evaluators, and where they end otherwise. */
import { describe, expect, it } from 'vitest';
import { defaultParameters } from '../../deploy/defaults.ts';
import { scanSize, sizeOf } from '../../deploy/evaluators.ts';
import { entryOf } from '../../deploy/parts.ts';
import { resourceCount, stackOf } from '../../deploy/stack.ts';
import { capital } from '../../deploy/template.ts';
import { at, text } from '../../lib/core/json.ts';
import { parseMessage } from '../../lib/pipeline/live/message.ts';
import { deliveriesInAll } from '../../lib/pipeline/live/redelivery.ts';
import { namedEvents } from '../../lib/pipeline/match.ts';
import { controls, evaluatorOf, evaluators } from '../../lib/services/catalogue.ts';
import { queueNames } from '../../lib/services/queues.ts';
import { account, ofType, one, packaged, policyOf, region, statementsIn, strings } from './template.ts';

const resources = packaged();
/** The logical ids of an evaluator's rules. */
const rulesOf = (evaluator: string) =>
  [...resources.keys()].filter((id) => new RegExp(`^${capital(evaluator)}Rule\\d*$`).test(id));
const resource = (name: string, kind: string) => one(resources, `${capital(name)}${kind}`).properties;
const arn = (name: string) => `arn:aws:sqs:${region}:${account}:trailseal-dev-${name}`;
const url = (name: string) => `https://sqs.${region}.amazonaws.com/${account}/trailseal-dev-${name}`;
const mapping = (name: string) =>
  one(resources, `${capital(name)}EventSourceMappingSQS${capital(name)}Queue`).properties;

describe.each(evaluators)('the rules of %s', (evaluator) => {
  const rules = rulesOf(evaluator).map((id) => one(resources, id).properties);
  const own = controls.filter((control) => evaluatorOf(control) === evaluator);
  const declared = own.flatMap(({ triggers, deletions }) =>
    [...triggers, ...deletions].flatMap((trigger) => namedEvents(trigger) ?? []),
  );
  const inRules = (...keys: readonly string[]) => [
    ...new Set(rules.flatMap((rule) => strings(at(rule, 'EventPattern', ...keys)))),
  ];

  it('match the name and the source of every trigger and every deletion event of its controls, and no others', () => {
    expect(inRules('detail', 'eventName').toSorted()).toEqual(
      [...new Set(declared.flatMap(({ eventNames }) => eventNames))].toSorted(),
    );
    expect(inRules('detail', 'eventSource').toSorted()).toEqual(
      [...new Set(declared.map(({ eventSource }) => eventSource))].toSorted(),
    );
  });

  it('match what did not fail', () => {
    const errorCodes = rules.map((rule) => at(rule, 'EventPattern', 'detail', 'errorCode'));
    expect(errorCodes).toEqual(rules.map(() => [{ exists: false }]));
  });

  it('are on, and lead to its queue, and what can’t get there to its dead letters', () => {
    expect(rules.map((rule) => at(rule, 'State'))).toEqual(rules.map(() => 'ENABLED'));
    for (const rule of rules) {
      expect(at(rule, 'Targets')).toMatchObject([
        { Arn: arn(evaluator), DeadLetterConfig: { Arn: arn(`${evaluator}-dead-letters`) } },
      ]);
    }
  });

  it('may send to its queue and its dead letters, the canary’s may too, and no other', () => {
    const filling = [...rules, one(resources, 'CanaryRule').properties];
    const arns = filling.map((rule) => `arn:aws:events:${region}:${account}:rule/${text(rule, 'Name')}`);
    for (const [kind, queue] of [
      ['Queue', evaluator],
      ['DeadLetters', `${evaluator}-dead-letters`],
    ] as const) {
      const policy = at(resource(evaluator, `${kind}Policy`), 'PolicyDocument');
      const allowed = statementsIn(policy).filter(({ effect }) => effect === 'Allow');
      expect(allowed).toEqual([
        {
          effect: 'Allow',
          actions: ['sqs:SendMessage'],
          resources: [arn(queue)],
          conditions: {
            ArnEquals: { 'aws:SourceArn': arns },
            StringEquals: { 'aws:SourceAccount': account },
          },
          principal: { Service: 'events.amazonaws.com' },
        },
      ]);
    }
  });
});

describe.each(queueNames)('the queue of %s', (name) => {
  const queue = resource(name, 'Queue');
  const deadLetters = resource(name, 'DeadLetters');

  it('hides a message for six times as long as its function may take, which is as the evaluator’s size says', () => {
    const { timeout: size } = name === 'scan' ? scanSize : sizeOf(name);
    expect(at(resource(name, 'LambdaFunction'), 'Timeout')).toBe(size);
    const timeout = Number(text(resource(name, 'LambdaFunction'), 'Timeout'));
    expect(at(queue, 'VisibilityTimeout')).toBe(6 * timeout);
  });

  it('gives a message up after more deliveries than its function does, to its own dead letters', () => {
    expect(at(queue, 'RedrivePolicy')).toEqual({
      deadLetterTargetArn: arn(`${name}-dead-letters`),
      maxReceiveCount: deliveriesInAll + 3,
    });
    expect(at(deadLetters, 'RedriveAllowPolicy')).toEqual({
      redrivePermission: 'byQueue',
      sourceQueueArns: [arn(name)],
    });
  });

  it('keeps messages for four days, and dead letters for fourteen', () => {
    expect(at(queue, 'MessageRetentionPeriod')).toBe(345_600);
    expect(at(deadLetters, 'MessageRetentionPeriod')).toBe(1_209_600);
  });

  it('is encrypted, and so are its dead letters', () => {
    expect(at(queue, 'SqsManagedSseEnabled')).toBe(true);
    expect(at(deadLetters, 'SqsManagedSseEnabled')).toBe(true);
  });

  it('and its dead letters are not to be reached without TLS', () => {
    for (const kind of ['QueuePolicy', 'DeadLettersPolicy']) {
      const denied = statementsIn(at(resource(name, kind), 'PolicyDocument')).filter(
        ({ conditions }) => at(conditions, 'Bool', 'aws:SecureTransport') !== undefined,
      );
      expect(denied).toMatchObject([
        { effect: 'Deny', principal: '*', conditions: { Bool: { 'aws:SecureTransport': 'false' } } },
      ]);
      expect(denied[0]?.actions).toEqual(
        expect.arrayContaining(['sqs:SendMessage', 'sqs:ReceiveMessage', 'sqs:DeleteMessage']),
      );
    }
  });

  it('feeds its function, which answers for each message by itself', () => {
    expect(mapping(name)).toMatchObject({
      EventSourceArn: arn(name),
      FunctionName: `arn:aws:lambda:${region}:${account}:function:trailseal-dev-${name}`,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      Enabled: true,
    });
  });
});

describe('the functions', () => {
  it('of the evaluators take ten messages at once, and five of each run at most', () => {
    for (const evaluator of evaluators) {
      expect(mapping(evaluator)).toMatchObject({
        BatchSize: 10,
        MaximumBatchingWindowInSeconds: 1,
        ScalingConfig: { MaximumConcurrency: 5 },
      });
    }
  });

  it('of the scheduled scan takes one message at a time', () => {
    expect(mapping('scan')).toMatchObject({ BatchSize: 1, ScalingConfig: { MaximumConcurrency: 2 } });
  });

  it.each(queueNames)('%s runs on Node 24, arm64, is traced, and logs JSON', (name) => {
    expect(resource(name, 'LambdaFunction')).toMatchObject({
      FunctionName: `trailseal-dev-${name}`,
      Handler: `${entryOf(name)}.handler`,
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      TracingConfig: { Mode: 'Active' },
      LoggingConfig: { LogFormat: 'JSON' },
      Role: `arn:aws:iam::${account}:role/${capital(name)}Role`,
    });
  });

  it.each(queueNames)(
    '%s may send messages to its own queue for more rounds than Lambda’s loop detection allows',
    (name) => {
      expect(at(resource(name, 'LambdaFunction'), 'RecursiveLoop')).toBe('Allow');
    },
  );

  it.each(queueNames)('%s keeps its log for 90 days', (name) => {
    expect(resource(name, 'LogGroup')).toMatchObject({
      LogGroupName: `/aws/lambda/trailseal-dev-${name}`,
      RetentionInDays: 90,
    });
  });

  it.each(evaluators)('%s has the names of its table, queue and DLQ', (evaluator) => {
    expect(at(resource(evaluator, 'LambdaFunction'), 'Environment', 'Variables')).toEqual({
      TRAILSEAL_STAGE: 'dev',
      TRAILSEAL_TABLE: 'trailseal-dev-state-table',
      TRAILSEAL_QUEUE_URL: url(evaluator),
      TRAILSEAL_DEAD_LETTER_URL: url(`${evaluator}-dead-letters`),
      POWERTOOLS_SERVICE_NAME: 'trailseal-dev',
      POWERTOOLS_METRICS_NAMESPACE: 'Trailseal',
      POWERTOOLS_LOG_LEVEL: 'INFO',
    });
  });

  it('the scheduled scan has the queues of all evaluators too', () => {
    expect(at(resource('scan', 'LambdaFunction'), 'Environment', 'Variables')).toMatchObject({
      TRAILSEAL_QUEUE_URL: url('scan'),
      ...Object.fromEntries(
        evaluators.map((evaluator) => [`TRAILSEAL_QUEUE_URL_${evaluator.toUpperCase()}`, url(evaluator)]),
      ),
    });
  });
});

describe('the schedule', () => {
  const schedule = one(resources, 'ScheduledScanSchedule').properties;

  it('starts a whole scheduled scan every six hours, with a message that the function can parse', () => {
    expect(at(schedule, 'ScheduleExpression')).toBe('rate(6 hours)');
    expect(at(schedule, 'FlexibleTimeWindow')).toEqual({ Mode: 'FLEXIBLE', MaximumWindowInMinutes: 15 });
    expect(parseMessage(JSON.parse(String(text(schedule, 'Target', 'Input'))))).toEqual({
      kind: 'scan',
      part: undefined,
    });
  });

  it('sends to the queue of the scheduled scan, and what can’t get there to its dead letters', () => {
    expect(at(schedule, 'Target')).toMatchObject({
      Arn: arn('scan'),
      DeadLetterConfig: { Arn: arn('scan-dead-letters') },
    });
  });

  it('may do nothing but that, and only for schedules of this account', () => {
    const role = one(resources, 'ScheduledScanScheduleRole');
    expect(statementsIn(policyOf(role))).toMatchObject([
      {
        effect: 'Allow',
        actions: ['sqs:SendMessage'],
        resources: [arn('scan'), arn('scan-dead-letters')],
      },
    ]);
    expect(statementsIn(at(role.properties, 'AssumeRolePolicyDocument'))).toMatchObject([
      {
        principal: { Service: 'scheduler.amazonaws.com' },
        conditions: { StringEquals: { 'aws:SourceAccount': account } },
      },
    ]);
  });
});

describe('the state table', () => {
  const stateTable = one(resources, 'StateTable');

  it('is encrypted by KMS, can be restored, and forgets what has expired', () => {
    expect(stateTable.properties).toMatchObject({
      TableName: 'trailseal-dev-state-table',
      BillingMode: 'PAY_PER_REQUEST',
      SSESpecification: { SSEEnabled: true, SSEType: 'KMS' },
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      TimeToLiveSpecification: { AttributeName: 'expires', Enabled: true },
    });
  });

  it('outlives the stack', () => {
    expect(stateTable.raw).toMatchObject({ DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' });
    expect(at(stateTable.properties, 'DeletionProtectionEnabled')).toBe(true);
  });
});

describe('the stack', () => {
  it('has as many resources as are counted without packaging it', async () => {
    expect(resourceCount(await stackOf(defaultParameters()))).toBe(resources.size);
  });

  it('has a queue for each evaluator and the scheduled scan, each with dead letters, and no other', () => {
    const names = ofType(resources, 'AWS::SQS::Queue').map(([, { properties }]) =>
      text(properties, 'QueueName'),
    );
    expect(names.toSorted()).toEqual(
      queueNames
        .flatMap((name) => [`trailseal-dev-${name}`, `trailseal-dev-${name}-dead-letters`])
        .toSorted(),
    );
  });

  it('has no rule but those of the evaluators, and the canary’s', () => {
    expect(ofType(resources, 'AWS::Events::Rule').map(([id]) => id)).toEqual([
      ...evaluators.flatMap(rulesOf),
      'CanaryRule',
    ]);
  });
});
