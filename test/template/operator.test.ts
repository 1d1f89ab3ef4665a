/** What a policy that lets operators request actions adds to the stack: how the requests come in, and where they end. */
import { describe, expect, it } from 'vitest';
import { capital } from '../../deploy/template.ts';
import { customActionResource } from '../../lib/aws/names.ts';
import { type CustomActionName, customActionNames } from '../../lib/core/custom-action.ts';
import { at, isObject, list, text } from '../../lib/core/json.ts';
import { evaluators } from '../../lib/services/catalogue.ts';
import { queueNames } from '../../lib/services/queues.ts';
import { madeWith } from './made.ts';
import { matches } from './matching.ts';
import { account, ofType, one, region, statementsIn } from './template.ts';
import { broadPermissions } from './write-roles/everything.ts';

const allowing = (customActions: string) => `operators: { customActions: [${customActions}] }`;
const every = await madeWith(allowing('quarantine, fix:enable-key, undo, re-check, exempt'));
const plain = await madeWith(allowing('re-check, exempt'));
const arn = (name: string) => `arn:aws:sqs:${region}:${account}:trailseal-dev-${name}`;
const properties = (id: string) => one(every.resources, id).properties;

describe('a policy', () => {
  it('that lets nothing be requested has no function for requests', async () => {
    const { functions, resources } = await madeWith('defaults: { actions: [notify, tag] }');
    expect(Object.keys(functions)).not.toContain('operator');
    expect([...resources.keys()].filter((id) => /^(Operator|Orders)/.test(id))).toEqual([]);
  });

  it.each(['re-check', 'exempt', 're-check, exempt'])(
    'that lets %s be requested has requests received, and nothing made that could change a resource',
    async (customActions) => {
      const { functions } = await madeWith(allowing(customActions));
      expect(Object.keys(functions)).toEqual([...queueNames, 'watchdog', 'operator']);
    },
  );

  it.each(['quarantine', 'fix:enable-key', 'undo'])(
    'that lets %s be requested has it carried out and people notified, though the policy itself asks for nothing',
    async (order) => {
      const { functions } = await madeWith(allowing(order));
      expect(Object.keys(functions)).toEqual([
        ...queueNames,
        'watchdog',
        'transitions',
        'remediate',
        'notify',
        'operator',
      ]);
    },
  );

  it('that lets operators request that key policies are restored is refused, unless it allows what that needs', async () => {
    const policy = allowing('fix:restore-key-policy');
    await expect(madeWith(policy)).rejects.toThrow(
      /operators.customActions\[0\].*fix:restore-key-policy needs permissions that IAM cannot narrow to what it does/s,
    );
    const { functions } = await madeWith(`${policy}\n${broadPermissions}`);
    expect(Object.keys(functions)).toContain('remediate');
  });
});

describe('the rule of the custom actions', () => {
  const selected = (customAction: CustomActionName, stage = 'dev', owner = account) => ({
    source: 'aws.securityhub',
    'detail-type': 'Security Hub Findings - Custom Action',
    account: owner,
    region,
    resources: [`arn:aws:securityhub:${region}:${owner}:${customActionResource(stage, customAction)}`],
    detail: { actionName: customAction, findings: [{ Id: 'trailseal/one' }] },
  });
  const reached = (pattern: unknown, ...events: readonly unknown[]) =>
    matches({ customActions: pattern }, events).map((names) => names.length > 0);
  const patternOf = ({ resources }: typeof every) =>
    at(one(resources, 'CustomActionsRule').properties, 'EventPattern');

  it('is on the account’s default bus, is on, and leads to the queue of the operator', () => {
    expect(properties('CustomActionsRule')).toMatchObject({
      Name: 'trailseal-dev-operator',
      State: 'ENABLED',
      Targets: [
        {
          Arn: arn('operator'),
          DeadLetterConfig: { Arn: arn('operator-dead-letters') },
          RetryPolicy: { MaximumEventAgeInSeconds: 86_400, MaximumRetryAttempts: 185 },
        },
      ],
    });
    expect(at(properties('CustomActionsRule'), 'EventBusName')).toBeUndefined();
  });

  it('lets every custom action of the deployment through', () => {
    expect(
      reached(patternOf(every), ...customActionNames.map((customAction) => selected(customAction))),
    ).toEqual(customActionNames.map(() => true));
  });

  it('lets no custom action through for which the policy has no order', () => {
    const reaching = reached(
      patternOf(plain),
      ...customActionNames.map((customAction) => selected(customAction)),
    );
    expect(customActionNames.filter((_, index) => reaching[index])).toEqual(['re-check', 'exempt']);
  });

  it.each([
    ['of another deployment', selected('fix', 'prod')],
    ['of another account', selected('fix', 'dev', '444455556666')],
    [
      'of somebody else',
      {
        ...selected('fix'),
        resources: [`arn:aws:securityhub:${region}:${account}:action/custom/SendToTicket`],
      },
    ],
    ['that Security Hub did not send', { ...selected('fix'), source: 'com.example' }],
  ])('lets no custom action through %s', (_, event) => {
    expect(reached(patternOf(every), event)).toEqual([false]);
  });

  it('lets no finding through that is imported or updated, as by Trailseal’s own posts and notes', () => {
    const imported = {
      ...selected('fix'),
      'detail-type': 'Security Hub Findings - Imported',
      resources: [
        `arn:aws:securityhub:${region}:${account}:product/${account}/default/trailseal/one`,
        ...selected('fix').resources,
      ],
    };
    expect(reached(patternOf(every), imported)).toEqual([false]);
  });
});

describe('the rule of what came of orders', () => {
  const event = (actor: string, type = 'Action Done') => ({
    source: 'trailseal',
    'detail-type': type,
    detail: { outcome: 'done', decision: { actor } },
  });

  it('is on Trailseal’s own bus, and brings the results of what operators requested, and nothing that the policy asked for', () => {
    const rule = properties('OperatorRule');
    expect(at(rule, 'EventBusName')).toBe('trailseal-dev');
    const events = [event('operator'), event('policy'), event('operator', 'Control Failed')];
    const reached = matches({ outcomes: at(rule, 'EventPattern') }, events);
    expect(reached).toEqual([['outcomes'], [], []]);
  });

  it('is there only where something can come of them', () => {
    expect(ofType(plain.resources, 'AWS::Events::Rule').map(([id]) => id)).toEqual([
      ...evaluators.map((evaluator) => `${capital(evaluator)}Rule`),
      'CanaryRule',
      'CustomActionsRule',
    ]);
  });
});

describe('the queue of the operator', () => {
  const fromDefaultBus = `arn:aws:events:${region}:${account}:rule/trailseal-dev-operator`;
  const fromOwnBus = `arn:aws:events:${region}:${account}:rule/trailseal-dev/trailseal-dev-operator`;

  it.each([
    ['both rules', every, [fromDefaultBus, fromOwnBus]],
    ['the one rule that there is', plain, fromDefaultBus],
  ])('takes messages of %s, and so do its dead letters', (_, { resources }, sources) => {
    for (const kind of ['Queue', 'DeadLetters']) {
      const policy = at(one(resources, `Operator${kind}Policy`).properties, 'PolicyDocument');
      expect(statementsIn(policy).filter(({ effect }) => effect === 'Allow')).toMatchObject([
        {
          actions: ['sqs:SendMessage'],
          principal: { Service: 'events.amazonaws.com' },
          conditions: {
            ArnEquals: { 'aws:SourceArn': sources },
            StringEquals: { 'aws:SourceAccount': account },
          },
        },
      ]);
    }
  });

  it('hides a message for six times as long as its function may take', () => {
    expect(at(properties('OperatorQueue'), 'VisibilityTimeout')).toBe(6 * 60);
    expect(at(every.functions, 'operator', 'timeout')).toBe(60);
  });
});

describe('the function that takes orders', () => {
  it('takes ten at once, and runs twice at most', () => {
    expect(at(every.functions, 'operator', 'events', 0, 'sqs')).toMatchObject({
      batchSize: 10,
      maximumConcurrency: 2,
      functionResponseType: 'ReportBatchItemFailures',
    });
  });

  const told = ({ functions }: typeof every, name: string) => {
    const variables = at(functions, name, 'environment');
    return isObject(variables) ? Object.keys(variables) : [];
  };
  const always = [
    'TRAILSEAL_STAGE',
    'TRAILSEAL_DEAD_LETTER_URL',
    'POWERTOOLS_SERVICE_NAME',
    'POWERTOOLS_METRICS_NAMESPACE',
    'POWERTOOLS_LOG_LEVEL',
    'TRAILSEAL_TABLE',
    'TRAILSEAL_QUEUE_URL',
    ...evaluators.map((name) => `TRAILSEAL_QUEUE_URL_${name.toUpperCase()}`),
  ];

  it('gets table and queues, that of remediation among them', () => {
    expect(told(every, 'operator')).toEqual([...always, 'TRAILSEAL_REMEDIATE_QUEUE_URL']);
    expect(at(every.functions, 'operator', 'environment', 'TRAILSEAL_REMEDIATE_QUEUE_URL')).toEqual({
      Ref: 'RemediateQueue',
    });
  });

  it('gets no queue of remediation where there is none', () => {
    expect(told(plain, 'operator')).toEqual(always);
  });

  it('gets only the queues of the evaluators that are deployed', async () => {
    const kms = await madeWith(allowing('re-check'), { evaluators: 'kms' });
    expect(told(kms, 'operator').filter((name) => name.includes('URL_'))).toEqual([
      'TRAILSEAL_QUEUE_URL_KMS',
    ]);
  });

  it('is not the only one that sends to remediation: the scheduled scan does, where there is one', () => {
    expect(told(every, 'scan')).toContain('TRAILSEAL_REMEDIATE_QUEUE_URL');
    expect(told(plain, 'scan')).not.toContain('TRAILSEAL_REMEDIATE_QUEUE_URL');
  });
});

it('alarms watch the operator’s dead letters, queue and function', () => {
  const watching = ofType(every.resources, 'AWS::CloudWatch::Alarm').filter(([, alarm]) =>
    list(alarm.properties, 'Dimensions').some((dimension) =>
      /trailseal-dev-operator/.test(text(dimension, 'Value') ?? ''),
    ),
  );
  expect(watching.map(([, alarm]) => text(alarm.properties, 'MetricName'))).toEqual([
    'ApproximateNumberOfMessagesVisible',
    'ApproximateAgeOfOldestMessage',
    'Errors',
    'Throttles',
  ]);
});
