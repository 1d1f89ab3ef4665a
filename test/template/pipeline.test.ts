/** The packaged stack against the controls: what brings events to the evaluators, and where they end otherwise. */
import { describe, expect, it } from 'vitest';
import { entryOf } from '../../deploy/parts.ts';
import { at, text } from '../../lib/core/json.ts';
import { parseMessage } from '../../lib/pipeline/live/message.ts';
import { namedEvents } from '../../lib/pipeline/match.ts';
import { controls, evaluatorOf, evaluators } from '../../lib/services/catalogue.ts';
import { queueNames } from '../../lib/services/queues.ts';
import { account, ofType, one, packaged, policyOf, region, statementsIn } from './template.ts';

const resources = packaged();
const capital = (name: string) => `${name.slice(0, 1).toUpperCase()}${name.slice(1)}`;
const resource = (name: string, kind: string) => one(resources, `${capital(name)}${kind}`).properties;
const arn = (name: string) => `arn:aws:sqs:${region}:${account}:trailseal-dev-${name}`;
const url = (name: string) => `https://sqs.${region}.amazonaws.com/${account}/trailseal-dev-${name}`;
const mapping = (name: string) =>
  one(resources, `${capital(name)}EventSourceMappingSQS${capital(name)}Queue`).properties;

describe.each(evaluators)('the rule of %s', (evaluator) => {
  const rule = resource(evaluator, 'Rule');
  const own = controls.filter((control) => evaluatorOf(control) === evaluator);

  it('matches every trigger and every deletion event of its controls, and no other event', () => {
    const declared = own.flatMap(({ triggers, deletions }) =>
      [...triggers, ...deletions].flatMap((trigger) => namedEvents(trigger)?.eventNames ?? []),
    );
    expect(at(rule, 'EventPattern', 'detail', 'eventName')).toEqual([...new Set(declared)].sort());
    expect(at(rule, 'EventPattern', 'detail', 'eventSource')).toEqual([`${evaluator}.amazonaws.com`]);
    expect(at(rule, 'EventPattern', 'source')).toEqual([`aws.${evaluator}`]);
  });

  it('matches successful calls and service events', () => {
    expect(at(rule, 'EventPattern', 'detail-type')).toEqual([
      'AWS API Call via CloudTrail',
      'AWS Service Event via CloudTrail',
    ]);
    expect(at(rule, 'EventPattern', 'detail', 'errorCode')).toEqual([{ exists: false }]);
  });

  it('is enabled, and sends to its queue, and undeliverable events to its DLQ', () => {
    expect(at(rule, 'State')).toBe('ENABLED');
    expect(at(rule, 'Targets')).toMatchObject([
      { Arn: arn(evaluator), DeadLetterConfig: { Arn: arn(`${evaluator}-dead-letters`) } },
    ]);
  });

  it('may send to its queue and its DLQ, and no other rule may', () => {
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
            ArnEquals: {
              'aws:SourceArn': `arn:aws:events:${region}:${account}:rule/trailseal-dev-${evaluator}`,
            },
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

  it('hides a message for six times as long as its function may take', () => {
    const timeout = Number(text(resource(name, 'LambdaFunction'), 'Timeout'));
    expect(at(queue, 'VisibilityTimeout')).toBe(6 * timeout);
  });

  it('moves a message to its own DLQ after five deliveries', () => {
    expect(at(queue, 'RedrivePolicy')).toEqual({
      deadLetterTargetArn: arn(`${name}-dead-letters`),
      maxReceiveCount: 5,
    });
    expect(at(deadLetters, 'RedriveAllowPolicy')).toEqual({
      redrivePermission: 'byQueue',
      sourceQueueArns: [arn(name)],
    });
  });

  it('keeps messages for four days, and those of its DLQ for fourteen', () => {
    expect(at(queue, 'MessageRetentionPeriod')).toBe(345_600);
    expect(at(deadLetters, 'MessageRetentionPeriod')).toBe(1_209_600);
  });

  it('is encrypted, and so is its DLQ', () => {
    expect(at(queue, 'SqsManagedSseEnabled')).toBe(true);
    expect(at(deadLetters, 'SqsManagedSseEnabled')).toBe(true);
  });

  it('and its DLQ accept no request without TLS', () => {
    for (const kind of ['QueuePolicy', 'DeadLettersPolicy']) {
      const denied = statementsIn(at(resource(name, kind), 'PolicyDocument')).filter(
        ({ effect }) => effect === 'Deny',
      );
      expect(denied).toMatchObject([
        { principal: '*', conditions: { Bool: { 'aws:SecureTransport': 'false' } } },
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
    '%s may go on in messages to its own queue for more rounds than Lambda’s loop detection lets be',
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

  it.each(evaluators)('%s has its table, queue and DLQ in its environment', (evaluator) => {
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

  it('the scheduled scan has the queues of all evaluators in its environment too', () => {
    expect(at(resource('scan', 'LambdaFunction'), 'Environment', 'Variables')).toMatchObject({
      TRAILSEAL_QUEUE_URL: url('scan'),
      ...Object.fromEntries(
        evaluators.map((name) => [`TRAILSEAL_QUEUE_URL_${name.toUpperCase()}`, url(name)]),
      ),
    });
  });
});

describe('the schedule', () => {
  const schedule = resource('scan', 'Schedule');

  it('requests a whole scheduled scan every six hours, in a message that the function can parse', () => {
    expect(at(schedule, 'ScheduleExpression')).toBe('rate(6 hours)');
    expect(at(schedule, 'FlexibleTimeWindow')).toEqual({ Mode: 'FLEXIBLE', MaximumWindowInMinutes: 15 });
    expect(parseMessage(JSON.parse(String(text(schedule, 'Target', 'Input'))))).toEqual({
      kind: 'scan',
      part: undefined,
    });
  });

  it('sends to the queue of the scheduled scan, and undeliverable messages to its DLQ', () => {
    expect(at(schedule, 'Target')).toMatchObject({
      Arn: arn('scan'),
      DeadLetterConfig: { Arn: arn('scheduled scan-dead-letters') },
    });
  });

  it('may do nothing but that, and only for schedules of this account', () => {
    const role = one(resources, 'ScheduledScanScheduleRole');
    expect(statementsIn(policyOf(role))).toMatchObject([
      {
        effect: 'Allow',
        actions: ['sqs:SendMessage'],
        resources: [arn('scan'), arn('scheduled scan-dead-letters')],
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
  it('has a queue for each evaluator and the scheduled scan, each with a DLQ, and no other', () => {
    const names = ofType(resources, 'AWS::SQS::Queue').map(([, { properties }]) =>
      text(properties, 'QueueName'),
    );
    expect(names.toSorted()).toEqual(
      queueNames
        .flatMap((name) => [`trailseal-dev-${name}`, `trailseal-dev-${name}-dead-letters`])
        .toSorted(),
    );
  });

  it('has no rule but those of the evaluators', () => {
    expect(ofType(resources, 'AWS::Events::Rule').map(([id]) => id)).toEqual([
      'Ec2Rule',
      'EksRule',
      'KmsRule',
    ]);
  });
});
