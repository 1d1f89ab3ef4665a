/** What a policy that asks for actions adds to the packaged stack, and that no other adds any of it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { defaultParameters } from '../../deploy/defaults.ts';
import { stackOf } from '../../deploy/stack.ts';
import { capital } from '../../deploy/template.ts';
import { at, list, text } from '../../lib/core/json.ts';
import { writeRoleVariable } from '../../lib/remediation/actions/write-session.ts';
import { leaseFor } from '../../lib/remediation/deps.ts';
import { liveServices } from '../../lib/services/live-services.ts';
import { queueNames } from '../../lib/services/queues.ts';
import { matches } from './matching.ts';
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

const watching = packaged();
const resources = packagedActive();
const properties = (id: string) => one(resources, id).properties;
const arn = (name: string) => `arn:aws:sqs:${region}:${account}:trailseal-dev-${name}`;
const url = (name: string) => `https://sqs.${region}.amazonaws.com/${account}/trailseal-dev-${name}`;
const variablesOf = (id: string) => at(properties(id), 'Environment', 'Variables');

const folder = mkdtempSync(path.join(tmpdir(), 'trailseal-acting-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** The names of the functions of a deployment with these actions for keys that are disabled. */
async function functionsFor(actions: string, more: Readonly<Record<string, unknown>> = {}) {
  const policy = path.join(folder, 'policy.yml');
  writeFileSync(policy, `version: 1\ncontrols: { kms-key-disabled: { actions: [${actions}] } }\n`);
  return Object.keys((await stackOf({ ...defaultParameters(), policy, ...more })).functions);
}

describe('a policy that asks for no action', () => {
  it('has no bus, topic, kill switch or group of schedules made', () => {
    const types = [
      'AWS::Events::EventBus',
      'AWS::SNS::Topic',
      'AWS::SSM::Parameter',
      'AWS::Scheduler::ScheduleGroup',
    ];
    expect(types.flatMap((type) => ofType(watching, type))).toEqual([]);
  });

  it('has no stream read', () => {
    expect(at(one(watching, 'StateTable').properties, 'StreamSpecification')).toBeUndefined();
  });

  it('has no function made but those that evaluate and that scan, and the watchdog', () => {
    const names = ofType(watching, 'AWS::Lambda::Function').map(([, made]) =>
      text(made.properties, 'FunctionName'),
    );
    expect(names.toSorted()).toEqual(
      [...queueNames, 'watchdog'].map((name) => `trailseal-dev-${name}`).toSorted(),
    );
  });
});

describe('a policy', () => {
  it('that asks for notify alone has people notified, and nothing remediated', async () => {
    expect(await functionsFor('notify')).toEqual([...queueNames, 'watchdog', 'transitions', 'notify']);
  });

  it('that asks for what changes something has people notified of it too', async () => {
    expect(await functionsFor('fix:enable-key')).toEqual([
      ...queueNames,
      'watchdog',
      'transitions',
      'remediate',
      'notify',
    ]);
  });

  it('that asks for actions of an evaluator that is not deployed has nothing of it made', async () => {
    expect(await functionsFor('fix:enable-key', { evaluators: 'ec2' })).toEqual(['ec2', 'scan', 'watchdog']);
  });
});

describe('the stream of the state table', () => {
  const mapping = one(resources, 'TransitionsEventSourceMappingDynamodbStateTable').properties;

  it('has each write with the entry before and after', () => {
    expect(at(properties('StateTable'), 'StreamSpecification', 'StreamViewType')).toBe('NEW_AND_OLD_IMAGES');
  });

  it('brings the transitions function entries that were written, and nothing else of the table', () => {
    const patterns = list(mapping, 'FilterCriteria', 'Filters').map(
      (filter) => text(filter, 'Pattern') ?? '',
    );
    expect(patterns.map((pattern) => JSON.parse(pattern))).toEqual([
      { eventName: ['INSERT', 'MODIFY'], dynamodb: { Keys: { sk: { S: ['entry'] } } } },
    ]);
  });

  it('is read from its beginning, goes on from the record that failed, and gives up within a day', () => {
    expect(mapping).toMatchObject({
      EventSourceArn: `arn:aws:dynamodb:${region}:${account}:table/trailseal-dev-state-table/stream/2026-01-01T00:00:00.000`,
      StartingPosition: 'TRIM_HORIZON',
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      BisectBatchOnFunctionError: true,
      MaximumRecordAgeInSeconds: 43_200,
      MaximumRetryAttempts: 1_000,
      ParallelizationFactor: 10,
      DestinationConfig: { OnFailure: { Destination: arn('transitions-dead-letters') } },
    });
  });
});

describe('the bus', () => {
  const told = (id: string) => at(properties(id), 'EventPattern', 'detail-type');

  it('is of the deployment’s own name', () => {
    expect(properties('Bus')).toMatchObject({ Name: 'trailseal-dev' });
  });

  it('brings remediation what failed, passed or was deleted, and never what is unknown', () => {
    expect(told('RemediateRule')).toEqual(['Control Failed', 'Control Passed', 'Resource Deleted']);
  });

  it('brings notifications every event', () => {
    expect(told('NotifyRule')).toEqual([
      'Control Failed',
      'Control Passed',
      'Control Unknown',
      'Resource Deleted',
      'Action Pending',
      'Action Done',
      'Action Skipped',
      'Action Partially Completed',
      'Action Undone',
      'Action Undo Refused',
      'Action Reverted',
    ]);
  });

  it.each(['remediate', 'notify'])(
    'leads to the queue of %s, and what can’t get there to its dead letters',
    (name) => {
      const id = `${name.slice(0, 1).toUpperCase()}${name.slice(1)}`;
      expect(properties(`${id}Rule`)).toMatchObject({
        EventBusName: 'trailseal-dev',
        State: 'ENABLED',
        EventPattern: { source: ['trailseal'] },
        Targets: [{ Arn: arn(name), DeadLetterConfig: { Arn: arn(`${name}-dead-letters`) } }],
      });
      for (const kind of ['Queue', 'DeadLetters']) {
        const allowed = statementsIn(at(properties(`${id}${kind}Policy`), 'PolicyDocument')).filter(
          ({ effect }) => effect === 'Allow',
        );
        const own = `arn:aws:events:${region}:${account}:rule/trailseal-dev/trailseal-dev-${name}`;
        const reverting = `arn:aws:events:${region}:${account}:rule/trailseal-dev-reverting-calls`;
        expect(allowed).toMatchObject([
          {
            principal: { Service: 'events.amazonaws.com' },
            conditions: {
              ArnEquals: { 'aws:SourceArn': name === 'remediate' ? [own, reverting] : own },
            },
          },
        ]);
      }
    },
  );
});

describe('the rule of calls by which somebody may revert an action', () => {
  const pattern = at(properties('RevertingCallsRule'), 'EventPattern');

  it('is on the default bus, and leads to the queue of remediation', () => {
    expect(at(properties('RevertingCallsRule'), 'EventBusName')).toBeUndefined();
    expect(properties('RevertingCallsRule')).toMatchObject({
      Name: 'trailseal-dev-reverting-calls',
      State: 'ENABLED',
      Targets: [{ Arn: arn('remediate'), DeadLetterConfig: { Arn: arn('remediate-dead-letters') } }],
    });
  });

  it('lets through the calls that the deployed actions declare, and the triggers of the controls with fixes', () => {
    const call = (eventSource: string, eventName: string, more: object = {}) => ({
      source: `aws.${eventSource}`,
      'detail-type': 'AWS API Call via CloudTrail',
      detail: { eventSource: `${eventSource}.amazonaws.com`, eventName, ...more },
    });
    const [swap, attach, disable, describing, failed] = matches({ pattern }, [
      call('ec2', 'ModifyNetworkInterfaceAttribute'),
      call('ec2', 'AttachNetworkInterface'),
      call('kms', 'DisableKey'),
      call('ec2', 'DescribeInstances'),
      call('ec2', 'ModifyInstanceAttribute', { errorCode: 'Client.UnauthorizedOperation' }),
    ]);
    expect({ swap, attach, disable, describing, failed }).toEqual({
      swap: ['pattern'],
      attach: ['pattern'],
      disable: ['pattern'],
      describing: [],
      failed: [],
    });
  });

  it('is not made where nothing is changed', () => {
    expect(watching.has('RevertingCallsRule')).toBe(false);
  });
});

describe('the function that remediates', () => {
  it('takes one message at a time, and has its own bound', () => {
    expect(properties('RemediateEventSourceMappingSQSRemediateQueue')).toMatchObject({
      BatchSize: 1,
      ScalingConfig: { MaximumConcurrency: 5 },
      FunctionResponseTypes: ['ReportBatchItemFailures'],
    });
  });

  it('may take a quarter of an hour, for which a run has what it works on for itself', () => {
    expect(at(properties('RemediateLambdaFunction'), 'Timeout')).toBe(900);
    expect(leaseFor).toBeGreaterThan(900_000);
    expect(at(properties('RemediateQueue'), 'VisibilityTimeout')).toBe(5_400);
  });

  it('has the names of table, queues, bus, kill switch, schedules and the roles that write', () => {
    expect(variablesOf('RemediateLambdaFunction')).toEqual({
      TRAILSEAL_STAGE: 'dev',
      TRAILSEAL_TABLE: 'trailseal-dev-state-table',
      TRAILSEAL_QUEUE_URL: url('remediate'),
      TRAILSEAL_DEAD_LETTER_URL: url('remediate-dead-letters'),
      TRAILSEAL_BUS: 'trailseal-dev',
      TRAILSEAL_KILL_SWITCH: '/trailseal/dev/kill-switch',
      TRAILSEAL_SCHEDULE_GROUP: 'trailseal-dev',
      TRAILSEAL_SCHEDULE_ROLE: `arn:aws:iam::${account}:role/GraceScheduleRole`,
      ...Object.fromEntries(
        liveServices.map(({ id }) => [
          writeRoleVariable(id),
          `arn:aws:iam::${account}:role/${capital(id)}WriteRole`,
        ]),
      ),
      [writeRoleVariable('eks-restrict-endpoint')]:
        `arn:aws:iam::${account}:role/EksRestrictEndpointWriteRole`,
      TRAILSEAL_OWN_KEYS: `arn:aws:kms:${region}:${account}:key/NotifyTopicKey`,
      POWERTOOLS_SERVICE_NAME: 'trailseal-dev',
      POWERTOOLS_METRICS_NAMESPACE: 'Trailseal',
      POWERTOOLS_LOG_LEVEL: 'INFO',
    });
  });

  it('has a kill switch that is disengaged, and can be nothing but disengaged or engaged', () => {
    expect(properties('KillSwitch')).toMatchObject({
      Name: '/trailseal/dev/kill-switch',
      Type: 'String',
      Value: 'disengaged',
      AllowedPattern: '^(disengaged|engaged)$',
    });
  });

  it('has grace periods ended by schedules of its own group, that may send to its queue and nothing else', () => {
    const role = one(resources, 'GraceScheduleRole');
    expect(statementsIn(policyOf(role))).toMatchObject([
      {
        effect: 'Allow',
        actions: ['sqs:SendMessage'],
        resources: [arn('remediate'), arn('remediate-dead-letters')],
      },
    ]);
    expect(statementsIn(at(role.properties, 'AssumeRolePolicyDocument'))).toMatchObject([
      {
        principal: { Service: 'scheduler.amazonaws.com' },
        conditions: {
          StringEquals: {
            'aws:SourceAccount': account,
            'aws:SourceArn': `arn:aws:scheduler:${region}:${account}:schedule-group/trailseal-dev`,
          },
        },
      },
    ]);
  });
});

describe('the function that notifies people', () => {
  const topic = `arn:aws:sns:${region}:${account}:trailseal-dev-notifications`;
  const withParameters = async (parameters: Readonly<Record<string, unknown>>) => {
    const policy = path.join(folder, 'notify.yml');
    writeFileSync(policy, 'version: 1\ndefaults: { actions: [notify] }\n');
    return await stackOf({ ...defaultParameters(), policy, ...parameters });
  };

  it('takes many events together', () => {
    expect(properties('NotifyEventSourceMappingSQSNotifyQueue')).toMatchObject({
      BatchSize: 500,
      MaximumBatchingWindowInSeconds: 20,
    });
  });

  it('publishes to a topic that is encrypted, in text and as JSON', () => {
    expect(variablesOf('NotifyLambdaFunction')).toMatchObject({
      TRAILSEAL_TOPIC_TEXT: topic,
      TRAILSEAL_TOPIC_JSON: topic,
      TRAILSEAL_QUEUE_URL: url('notify'),
    });
    expect(properties('NotifyTopic')).toMatchObject({
      KmsMasterKeyId: `arn:aws:kms:${region}:${account}:key/NotifyTopicKey`,
    });
  });

  it('has an address subscribed by notifyEmail', async () => {
    const { resources: made } = await withParameters({ notifyEmail: 'security@example.com' });
    expect(at(made, 'Resources', 'NotifyTopic', 'Properties', 'Subscription')).toEqual([
      { Protocol: 'email', Endpoint: 'security@example.com' },
    ]);
  });

  it('publishes to the topics that there are already, and no topic is made', async () => {
    const { resources: made, functions } = await withParameters({
      notifyTopicArn: 'arn:aws:sns:eu-central-1:111122223333:security',
      notifyChatTopicArn: 'arn:aws:sns:eu-central-1:111122223333:chat',
    });
    expect(at(made, 'Resources', 'NotifyTopic')).toBeUndefined();
    expect(at(functions, 'notify', 'environment')).toMatchObject({
      TRAILSEAL_TOPIC_TEXT: 'arn:aws:sns:eu-central-1:111122223333:security',
      TRAILSEAL_TOPIC_CHAT: 'arn:aws:sns:eu-central-1:111122223333:chat',
    });
  });

  it('has webhooks whose URL and secret are SSM parameters', async () => {
    const { functions } = await withParameters({ notifyWebhooks: '/trailseal/one, two' });
    expect(at(functions, 'notify', 'environment')).toMatchObject({
      TRAILSEAL_WEBHOOKS: '/trailseal/one,two',
      TRAILSEAL_WEBHOOK_PRIVATE: 'false',
    });
  });

  it('is not given one topic for chat and for all else', async () => {
    const notifyTopicArn = 'arn:aws:sns:eu-central-1:111122223333:security';
    await expect(withParameters({ notifyTopicArn, notifyChatTopicArn: notifyTopicArn })).rejects.toThrow(
      'the parameter notifyChatTopicArn is the same as notifyTopicArn',
    );
  });
});

describe('a key of the customer', () => {
  const key = 'arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab';

  it('encrypts the bus and the topic too, and what the bus can’t encrypt is a dead letter', async () => {
    const policy = path.join(folder, 'key.yml');
    writeFileSync(policy, 'version: 1\ndefaults: { actions: [tag] }\n');
    const { resources: made } = await stackOf({ ...defaultParameters(), policy, kmsKeyArn: key });
    expect(at(made, 'Resources', 'Bus', 'Properties')).toMatchObject({
      KmsKeyIdentifier: key,
      DeadLetterConfig: { Arn: { 'Fn::GetAtt': ['TransitionsDeadLetters', 'Arn'] } },
    });
    expect(at(made, 'Resources', 'NotifyTopic', 'Properties', 'KmsMasterKeyId')).toBe(key);
    expect(at(made, 'Resources', 'NotifyTopicKey')).toBeUndefined();
  });
});

describe('an alarm', () => {
  const alarms = ofType(resources, 'AWS::CloudWatch::Alarm').map(([, made]) => made.properties);
  const watched = (metric: string) =>
    alarms
      .filter((alarm) => text(alarm, 'MetricName') === metric)
      .flatMap((alarm) => list(alarm, 'Dimensions').map((dimension) => text(dimension, 'Value')))
      .filter((value) => /transitions|remediate|notify/.test(value ?? ''))
      .toSorted();

  it('watches the dead letters of each', () => {
    expect(watched('ApproximateNumberOfMessagesVisible')).toEqual([
      'trailseal-dev-notify-dead-letters',
      'trailseal-dev-remediate-dead-letters',
      'trailseal-dev-transitions-dead-letters',
    ]);
  });

  it.each(['Errors', 'Throttles'])('watches the %s of each', (metric) => {
    expect(watched(metric)).toEqual([
      'trailseal-dev-notify',
      'trailseal-dev-remediate',
      'trailseal-dev-transitions',
    ]);
  });

  it('watches the age of messages and transitions', () => {
    expect(watched('ApproximateAgeOfOldestMessage')).toEqual([
      'trailseal-dev-notify',
      'trailseal-dev-remediate',
    ]);
    expect(watched('IteratorAge')).toEqual(['trailseal-dev-transitions']);
  });

  it('watches what the topic could not deliver', () => {
    const alarm = alarms.find((each) => text(each, 'MetricName') === 'NumberOfNotificationsFailed');
    expect(list(alarm, 'Dimensions')).toEqual([{ Name: 'TopicName', Value: 'trailseal-dev-notifications' }]);
  });

  it('watches actions that are skipped', () => {
    expect(watched('ActionsSkipped')).toEqual(['remediate']);
  });

  it('watches breakers that open', () => {
    expect(watched('BreakersOpened')).toEqual(['remediate']);
  });

  it('watches CRITICAL findings for which there is no budget', () => {
    expect(watched('CriticalActionsWithoutBudget')).toEqual(['remediate']);
  });
});

it('the dashboard shows transitions and actions', () => {
  const body = JSON.parse(text(properties('Dashboard'), 'DashboardBody') ?? '');
  const widget = list(body, 'widgets').find(
    (each) =>
      text(each, 'properties', 'title') === 'Transitions, actions done and skipped, circuit breakers opened',
  );
  expect(list(widget, 'properties', 'metrics').map((row) => [at(row, 1), at(row, 5)])).toEqual([
    ['Transitions', 'transitions'],
    ['Actions', 'remediate'],
    ['ActionsSkipped', 'remediate'],
    ['BreakersOpened', 'remediate'],
    ['CriticalActionsWithoutBudget', 'remediate'],
  ]);
});
