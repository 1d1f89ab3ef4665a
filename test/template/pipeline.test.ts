/** The packaged stack against the controls: what brings events to the evaluators, and where they end otherwise. */
import { describe, expect, it } from 'vitest';
import { queueNames } from '../../lib/aws/names.ts';
import { at, text } from '../../lib/core/json.ts';
import { families, familyOf } from '../../lib/pipeline/evaluators.ts';
import { parseMessage } from '../../lib/pipeline/live/message.ts';
import { controls } from '../../lib/services/controls.ts';
import { account, ofType, one, packaged, policyOf, region, statementsIn } from './template.ts';

const resources = packaged();
const capital = (name: string) => `${name.slice(0, 1).toUpperCase()}${name.slice(1)}`;
const resource = (name: string, kind: string) => one(resources, `${capital(name)}${kind}`).properties;
const arn = (name: string) => `arn:aws:sqs:${region}:${account}:trailseal-dev-${name}`;
const url = (name: string) => `https://sqs.${region}.amazonaws.com/${account}/trailseal-dev-${name}`;
const mapping = (name: string) =>
  one(resources, `${capital(name)}EventSourceMappingSQS${capital(name)}Queue`).properties;

describe.each(families)('the rule of %s', (family) => {
  const rule = resource(family, 'Rule');
  const own = controls.filter((control) => familyOf(control) === family);

  it('matches every trigger and every ending of its controls, and no other event', () => {
    const declared = own.flatMap(({ triggers, endings }) =>
      [...triggers, ...endings].flatMap(({ eventNames }) => eventNames as readonly string[]),
    );
    expect(at(rule, 'EventPattern', 'detail', 'eventName')).toEqual([...new Set(declared)].sort());
    expect(at(rule, 'EventPattern', 'detail', 'eventSource')).toEqual([`${family}.amazonaws.com`]);
    expect(at(rule, 'EventPattern', 'source')).toEqual([`aws.${family}`]);
  });

  it('matches calls, and what the service does by itself, that did not fail', () => {
    expect(at(rule, 'EventPattern', 'detail-type')).toEqual([
      'AWS API Call via CloudTrail',
      'AWS Service Event via CloudTrail',
    ]);
    expect(at(rule, 'EventPattern', 'detail', 'errorCode')).toEqual([{ exists: false }]);
  });

  it('is on, and leads to its queue, and what can’t get there to its dead letters', () => {
    expect(at(rule, 'State')).toBe('ENABLED');
    expect(at(rule, 'Targets')).toMatchObject([
      { Arn: arn(family), DeadLetterConfig: { Arn: arn(`${family}-dead-letters`) } },
    ]);
  });

  it('may send to its queue and its dead letters, and no other rule may', () => {
    for (const [kind, queue] of [
      ['Queue', family],
      ['DeadLetters', `${family}-dead-letters`],
    ] as const) {
      const policy = at(resource(family, `${kind}Policy`), 'PolicyDocument');
      const allowed = statementsIn(policy).filter(({ effect }) => effect === 'Allow');
      expect(allowed).toEqual([
        {
          effect: 'Allow',
          actions: ['sqs:SendMessage'],
          resources: [arn(queue)],
          conditions: {
            ArnEquals: {
              'aws:SourceArn': `arn:aws:events:${region}:${account}:rule/trailseal-dev-${family}`,
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

  it('gives a message up after five deliveries, to its own dead letters', () => {
    expect(at(queue, 'RedrivePolicy')).toEqual({
      deadLetterTargetArn: arn(`${name}-dead-letters`),
      maxReceiveCount: 5,
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
  it('of the families take ten messages at once, and five of each run at most', () => {
    for (const family of families) {
      expect(mapping(family)).toMatchObject({
        BatchSize: 10,
        MaximumBatchingWindowInSeconds: 1,
        ScalingConfig: { MaximumConcurrency: 5 },
      });
    }
  });

  it('of the sweep takes one order at a time', () => {
    expect(mapping('sweep')).toMatchObject({ BatchSize: 1, ScalingConfig: { MaximumConcurrency: 2 } });
  });

  it.each(queueNames)('%s runs on Node 24, arm64, is traced, and logs JSON', (name) => {
    expect(resource(name, 'LambdaFunction')).toMatchObject({
      FunctionName: `trailseal-dev-${name}`,
      Handler: `functions/${name}.handler`,
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

  it.each(families)('%s is told its table, queue and dead letters', (family) => {
    expect(at(resource(family, 'LambdaFunction'), 'Environment', 'Variables')).toEqual({
      TRAILSEAL_STAGE: 'dev',
      TRAILSEAL_TABLE: 'trailseal-dev-ledger',
      TRAILSEAL_QUEUE_URL: url(family),
      TRAILSEAL_DEAD_LETTER_URL: url(`${family}-dead-letters`),
      POWERTOOLS_SERVICE_NAME: 'trailseal-dev',
      POWERTOOLS_METRICS_NAMESPACE: 'Trailseal',
      POWERTOOLS_LOG_LEVEL: 'INFO',
    });
  });

  it('sweep is told the queues of all families too', () => {
    expect(at(resource('sweep', 'LambdaFunction'), 'Environment', 'Variables')).toMatchObject({
      TRAILSEAL_QUEUE_URL: url('sweep'),
      TRAILSEAL_QUEUE_URL_EC2: url('ec2'),
      TRAILSEAL_QUEUE_URL_EKS: url('eks'),
      TRAILSEAL_QUEUE_URL_KMS: url('kms'),
    });
  });
});

describe('the schedule', () => {
  const schedule = resource('sweep', 'Schedule');

  it('orders a whole sweep every six hours, in words that the function understands', () => {
    expect(at(schedule, 'ScheduleExpression')).toBe('rate(6 hours)');
    expect(at(schedule, 'FlexibleTimeWindow')).toEqual({ Mode: 'FLEXIBLE', MaximumWindowInMinutes: 15 });
    expect(parseMessage(JSON.parse(String(text(schedule, 'Target', 'Input'))))).toEqual({
      kind: 'sweep',
      part: undefined,
    });
  });

  it('sends to the queue of the sweep, and what can’t get there to its dead letters', () => {
    expect(at(schedule, 'Target')).toMatchObject({
      Arn: arn('sweep'),
      DeadLetterConfig: { Arn: arn('sweep-dead-letters') },
    });
  });

  it('may do nothing but that, and only for schedules of this account', () => {
    const role = one(resources, 'SweepScheduleRole');
    expect(statementsIn(policyOf(role))).toMatchObject([
      { effect: 'Allow', actions: ['sqs:SendMessage'], resources: [arn('sweep'), arn('sweep-dead-letters')] },
    ]);
    expect(statementsIn(at(role.properties, 'AssumeRolePolicyDocument'))).toMatchObject([
      {
        principal: { Service: 'scheduler.amazonaws.com' },
        conditions: { StringEquals: { 'aws:SourceAccount': account } },
      },
    ]);
  });
});

describe('the ledger', () => {
  const ledger = one(resources, 'Ledger');

  it('is encrypted by KMS, can be restored, and forgets what has expired', () => {
    expect(ledger.properties).toMatchObject({
      TableName: 'trailseal-dev-ledger',
      BillingMode: 'PAY_PER_REQUEST',
      SSESpecification: { SSEEnabled: true, SSEType: 'KMS' },
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      TimeToLiveSpecification: { AttributeName: 'expires', Enabled: true },
    });
  });

  it('outlives the stack', () => {
    expect(ledger.raw).toMatchObject({ DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' });
    expect(at(ledger.properties, 'DeletionProtectionEnabled')).toBe(true);
  });
});

describe('the stack', () => {
  it('has a queue for each family and the sweep, each with dead letters, and no other', () => {
    const names = ofType(resources, 'AWS::SQS::Queue').map(([, { properties }]) =>
      text(properties, 'QueueName'),
    );
    expect(names.toSorted()).toEqual(
      queueNames
        .flatMap((name) => [`trailseal-dev-${name}`, `trailseal-dev-${name}-dead-letters`])
        .toSorted(),
    );
  });

  it('has no rule but those of the families', () => {
    expect(ofType(resources, 'AWS::Events::Rule').map(([id]) => id)).toEqual([
      'Ec2Rule',
      'EksRule',
      'KmsRule',
    ]);
  });
});
