/**
 * `trailseal doctor` as users run it, against accounts made in moto. What moto lacks (IAM's simulation, refusals,
 * organizations) is held by `test/cli/doctor.test.ts`.
 */
import {
  CloudTrailClient,
  CreateTrailCommand,
  PutEventSelectorsCommand,
  StartLoggingCommand,
  StopLoggingCommand,
} from '@aws-sdk/client-cloudtrail';
import { CloudWatchClient, PutMetricAlarmCommand, SetAlarmStateCommand } from '@aws-sdk/client-cloudwatch';
import {
  DisableRuleCommand,
  EventBridgeClient,
  PutRuleCommand,
  PutTargetsCommand,
} from '@aws-sdk/client-eventbridge';
import { CreateRoleCommand, IAMClient } from '@aws-sdk/client-iam';
import {
  CreateEventSourceMappingCommand,
  CreateFunctionCommand,
  LambdaClient,
  ListEventSourceMappingsCommand,
  UpdateEventSourceMappingCommand,
} from '@aws-sdk/client-lambda';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import {
  CreateScheduleCommand,
  GetScheduleCommand,
  SchedulerClient,
  UpdateScheduleCommand,
} from '@aws-sdk/client-scheduler';
import { EnableSecurityHubCommand, SecurityHubClient } from '@aws-sdk/client-securityhub';
import { CreateQueueCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  deadLetterQueueName,
  functionName,
  type QueueName,
  queueName,
  ruleName,
  scheduleName,
  silenceAlarmName,
} from '../../lib/aws/names.ts';
import type { EvaluatorName } from '../../lib/core/service.ts';
import { evaluators } from '../../lib/services/catalogue.ts';
import { queueNames } from '../../lib/services/queues.ts';
import { type Emulator, startMoto } from '../../scripts/emulators.ts';
import type { Ended } from '../cli/command.ts';
import { patternOf } from '../cli/doctor-region.ts';
import { trailsealAt } from './command.ts';

const account = '123456789012';
const stage = 'dev';

/** Its own moto, because trails are seen from every Region. */
let moto: Emulator;
beforeAll(async () => {
  moto = await startMoto();
  await new IAMClient(at('us-east-1')).send(
    new CreateRoleCommand({ RoleName: 'evaluator', AssumeRolePolicyDocument: '{}' }),
  );
});
afterAll(() => moto.stop());

function at(region: string) {
  return { region, endpoint: moto.endpoint, credentials: { accessKeyId: 'test', secretAccessKey: 'test' } };
}

function doctor(...args: readonly string[]): Promise<Ended> {
  return trailsealAt(moto.endpoint, ['doctor', ...args]);
}

interface CheckJson {
  readonly id: string;
  readonly region: string | null;
  readonly status: string;
  readonly message: string;
  readonly advice: { readonly text: string; readonly commands: readonly string[] } | null;
}

/** The checks of one Region, by id. */
async function checksOf(
  region: string,
): Promise<{ readonly code: number | null; readonly checks: ReadonlyMap<string, CheckJson> }> {
  const { code, stdout, stderr } = await doctor('--region', region, '--format', 'json');
  expect(stderr).toBe('');
  const { checks } = JSON.parse(stdout) as { checks: readonly CheckJson[] };
  return { code, checks: new Map(checks.map((check) => [check.id, check])) };
}

async function makeTrail(region: string, isMultiRegion = false): Promise<string> {
  const bucket = `trail-${region}`;
  await new S3Client({ ...at(region), forcePathStyle: true }).send(
    new CreateBucketCommand({
      Bucket: bucket,
      ...(region === 'us-east-1'
        ? {}
        : { CreateBucketConfiguration: { LocationConstraint: region as 'eu-west-1' } }),
    }),
  );
  const client = new CloudTrailClient(at(region));
  const name = `trail-of-${region}`;
  await client.send(
    new CreateTrailCommand({ Name: name, S3BucketName: bucket, IsMultiRegionTrail: isMultiRegion }),
  );
  await client.send(new StartLoggingCommand({ Name: name }));
  return name;
}

function queueArn(region: string, name: string): string {
  return `arn:aws:sqs:${region}:${account}:${name}`;
}

async function makeRule(region: string, evaluator: EvaluatorName, pattern: object): Promise<void> {
  const events = new EventBridgeClient(at(region));
  const Name = ruleName(stage, evaluator);
  await events.send(new PutRuleCommand({ Name, EventPattern: JSON.stringify(pattern) }));
  await events.send(
    new PutTargetsCommand({
      Rule: Name,
      Targets: [
        {
          Id: 'queue',
          Arn: queueArn(region, queueName(stage, evaluator)),
          DeadLetterConfig: { Arn: queueArn(region, deadLetterQueueName(stage, evaluator)) },
        },
      ],
    }),
  );
}

async function makeSchedule(region: string): Promise<void> {
  await new SchedulerClient(at(region)).send(
    new CreateScheduleCommand({
      Name: scheduleName(stage),
      ScheduleExpression: 'rate(6 hours)',
      FlexibleTimeWindow: { Mode: 'FLEXIBLE', MaximumWindowInMinutes: 15 },
      Target: {
        Arn: queueArn(region, queueName(stage, 'scan')),
        RoleArn: `arn:aws:iam::${account}:role/schedule`,
        DeadLetterConfig: { Arn: queueArn(region, deadLetterQueueName(stage, 'scan')) },
      },
    }),
  );
}

/** Of a deployment that the watchdog has checked. */
async function makeSilenceAlarm(region: string): Promise<void> {
  const cloudWatch = new CloudWatchClient(at(region));
  const AlarmName = silenceAlarmName(stage);
  await cloudWatch.send(
    new PutMetricAlarmCommand({
      AlarmName,
      Namespace: 'Trailseal',
      MetricName: 'SilentParts',
      Statistic: 'Maximum',
      Period: 900,
      EvaluationPeriods: 1,
      Threshold: 0,
      ComparisonOperator: 'GreaterThanThreshold',
    }),
  );
  await cloudWatch.send(new SetAlarmStateCommand({ AlarmName, StateValue: 'OK', StateReason: 'checked' }));
}

/** The parts that a deployment has, without the deployment itself. */
async function deploy(region: string, parts: readonly QueueName[] = queueNames): Promise<void> {
  const sqs = new SQSClient(at(region));
  const lambda = new LambdaClient(at(region));
  await new SecurityHubClient(at(region)).send(new EnableSecurityHubCommand({}));
  for (const name of parts) {
    await sqs.send(new CreateQueueCommand({ QueueName: queueName(stage, name) }));
    await sqs.send(new CreateQueueCommand({ QueueName: deadLetterQueueName(stage, name) }));
    await lambda.send(
      new CreateFunctionCommand({
        FunctionName: functionName(stage, name),
        Runtime: 'nodejs24.x',
        Handler: 'index.handler',
        Role: `arn:aws:iam::${account}:role/evaluator`,
        Code: { ZipFile: Buffer.from('PK') },
      }),
    );
    await lambda.send(
      new CreateEventSourceMappingCommand({
        FunctionName: functionName(stage, name),
        EventSourceArn: queueArn(region, queueName(stage, name)),
      }),
    );
  }
  for (const evaluator of evaluators) {
    if (parts.includes(evaluator)) await makeRule(region, evaluator, patternOf(evaluator));
  }
  if (parts.includes('scan')) await makeSchedule(region);
  await makeSilenceAlarm(region);
}

describe('a new account', () => {
  it('has no trail, no Security Hub and no deployment, each reported once', async () => {
    const { code, checks } = await checksOf('ap-south-1');
    expect([...checks].map(([id, { status }]) => [id, status])).toEqual([
      ['credentials', 'ok'],
      ['trail', 'fail'],
      ['security-hub', 'fail'],
      ['deployment', 'fail'],
      // moto does not simulate policies.
      ['permissions/caller', 'unknown'],
    ]);
    expect(code).toBe(1);
  });

  it('gets commands to paste', async () => {
    const { stdout } = await doctor('--region', 'ap-south-1');
    expect(stdout).toContain('\n      npm run deploy -- --stage dev --region ap-south-1\n');
  });

  it('is checked Region by Region', async () => {
    const { stdout } = await doctor('--region', 'ap-south-1', '--region', 'ap-south-2', '--format', 'json');
    const { checks } = JSON.parse(stdout) as { checks: readonly CheckJson[] };
    expect(new Set(checks.map(({ region }) => region))).toEqual(new Set([null, 'ap-south-1', 'ap-south-2']));
  });
});

describe('a deployment', () => {
  it('that is complete passes, except for permissions, which moto does not simulate', async () => {
    await deploy('eu-west-1');
    await makeTrail('eu-west-1');
    const { code, checks: all } = await checksOf('eu-west-1');
    expect(all.get('silence')).toMatchObject({ status: 'ok' });
    const checks = new Map([...all].filter(([id]) => id !== 'silence'));
    const unclear = [...checks].filter(([, { status }]) => status !== 'ok').map(([id]) => id);
    expect(unclear).toEqual([...queueNames.map((name) => `permissions/${name}`), 'permissions/caller']);
    expect(checks.get('operator-role')).toMatchObject({ status: 'ok' });
    expect(checks.size).toBe(unclear.length + 4 + evaluators.length + 1 + 3 * queueNames.length);
    expect(code).toBe(3);
  });

  it('with a disabled rule fails', async () => {
    await deploy('eu-west-2');
    await new EventBridgeClient(at('eu-west-2')).send(
      new DisableRuleCommand({ Name: ruleName(stage, 'kms') }),
    );
    const { checks } = await checksOf('eu-west-2');
    expect(checks.get('rule/kms')).toMatchObject({
      status: 'fail',
      advice: {
        text: 'enable it',
        commands: ['aws events enable-rule --region eu-west-2 --name trailseal-dev-kms'],
      },
    });
  });

  it('with a disabled schedule fails', async () => {
    await deploy('ca-central-1');
    const scheduler = new SchedulerClient(at('ca-central-1'));
    const { Name, ScheduleExpression, FlexibleTimeWindow, Target } = await scheduler.send(
      new GetScheduleCommand({ Name: scheduleName(stage) }),
    );
    await scheduler.send(
      new UpdateScheduleCommand({ Name, ScheduleExpression, FlexibleTimeWindow, Target, State: 'DISABLED' }),
    );
    expect((await checksOf('ca-central-1')).checks.get('schedule/scan')).toMatchObject({
      status: 'fail',
      message: 'the schedule trailseal-dev-scan is disabled: no scheduled scan runs',
    });
  });

  it('with the rule of another version fails', async () => {
    await deploy('eu-west-3');
    const pattern = patternOf('eks');
    const eventName = [pattern.detail['eventName'] ?? []].flat().filter((name) => name !== 'CreateCluster');
    await makeRule('eu-west-3', 'eks', { ...pattern, detail: { ...pattern.detail, eventName } });
    expect((await checksOf('eu-west-3')).checks.get('rule/eks')).toMatchObject({
      status: 'fail',
      message:
        'the rule trailseal-dev-eks is from another version or policy: it does not match CreateCluster',
    });
  });

  it('without an evaluator is a warning', async () => {
    await deploy('eu-north-1', ['ec2', 'kms', 'scan']);
    const { checks } = await checksOf('eu-north-1');
    expect(checks.get('deployment/eks')).toMatchObject({ status: 'warn' });
    expect([...checks.keys()].filter((id) => id.endsWith('/eks'))).toEqual(['deployment/eks']);
  });

  it('whose function stopped reading fails', async () => {
    await deploy('eu-south-1');
    const lambda = new LambdaClient(at('eu-south-1'));
    const { EventSourceMappings: mappings } = await lambda.send(
      new ListEventSourceMappingsCommand({ FunctionName: functionName(stage, 'ec2') }),
    );
    const UUID = mappings?.[0]?.UUID;
    await lambda.send(new UpdateEventSourceMappingCommand({ UUID, Enabled: false }));
    expect((await checksOf('eu-south-1')).checks.get('function/ec2')).toMatchObject({
      status: 'fail',
      advice: {
        commands: [`aws lambda update-event-source-mapping --region eu-south-1 --uuid ${UUID} --enabled`],
      },
    });
  });

  it('with messages in the DLQ and waiting messages fails', async () => {
    const region = 'eu-central-2';
    await deploy(region);
    const sqs = new SQSClient(at(region));
    for (const name of [deadLetterQueueName(stage, 'ec2'), queueName(stage, 'scan')]) {
      const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: name }));
      await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: '{}' }));
    }
    const { checks } = await checksOf(region);
    expect(checks.get('dead-letters/ec2')).toMatchObject({
      status: 'fail',
      advice: {
        commands: [
          'trailseal dlq list --stage dev --region eu-central-2 --queue ec2',
          'trailseal dlq redrive --stage dev --region eu-central-2 --queue ec2 --all',
        ],
      },
    });
    expect(checks.get('queue/scan')).toMatchObject({ status: 'warn' });
  });
});

describe('a trail', () => {
  it('that excludes KMS fails', async () => {
    const name = await makeTrail('us-west-1');
    await new CloudTrailClient(at('us-west-1')).send(
      new PutEventSelectorsCommand({
        TrailName: name,
        EventSelectors: [
          {
            ReadWriteType: 'All',
            IncludeManagementEvents: true,
            ExcludeManagementEventSources: ['kms.amazonaws.com'],
          },
        ],
      }),
    );
    const { checks } = await checksOf('us-west-1');
    expect(checks.get('trail')?.message).toBe(
      `trail-of-us-west-1 logs the management events of ${evaluators.filter((name) => name !== 'kms').join(', ')}`,
    );
    expect(checks.get('trail/kms')).toMatchObject({ status: 'fail' });
  });

  it('that was stopped fails', async () => {
    const name = await makeTrail('us-west-2');
    await new CloudTrailClient(at('us-west-2')).send(new StopLoggingCommand({ Name: name }));
    expect((await checksOf('us-west-2')).checks.get('trail')).toMatchObject({
      status: 'fail',
      advice: {
        commands: [
          `aws cloudtrail start-logging --region us-west-2 --name arn:aws:cloudtrail:us-west-2:${account}:trail/${name}`,
        ],
      },
    });
  });

  it('of another Region counts if it is a multi-Region trail', async () => {
    const name = await makeTrail('us-east-2', true);
    expect((await checksOf('sa-east-1')).checks.get('trail')).toMatchObject({
      status: 'ok',
      message: expect.stringContaining(name),
    });
  });
});
