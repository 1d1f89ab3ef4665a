import { GetItemCommand, ResourceNotFoundException } from '@aws-sdk/client-dynamodb';
import {
  DescribeEventBusCommand,
  DescribeRuleCommand,
  EventBridgeServiceException,
  ListTargetsByRuleCommand,
} from '@aws-sdk/client-eventbridge';
import {
  GetFunctionConfigurationCommand,
  ResourceNotFoundException as NoFunction,
} from '@aws-sdk/client-lambda';
import { DescribeActionTargetsCommand, InvalidAccessException } from '@aws-sdk/client-securityhub';
import { GetTopicAttributesCommand, NotFoundException } from '@aws-sdk/client-sns';
import { GetParameterCommand, ParameterNotFound } from '@aws-sdk/client-ssm';
import { marshall } from '@aws-sdk/util-dynamodb';
import { describe, expect, it } from 'vitest';
import { type Seen, seen } from '../../cli/aws/answer.ts';
import { customActionFor } from '../../cli/custom-actions/changes.ts';
import { actingWanted } from '../../cli/doctor/acting-wanted.ts';
import type {
  DeployedFunction,
  ObservedActing,
  ObservedListener,
  ObservedRule,
  ObservedTold,
} from '../../cli/doctor/observed.ts';
import { deploymentOf } from '../../deploy/context.ts';
import { defaultParameters } from '../../deploy/defaults.ts';
import { readParameters } from '../../deploy/parameters.ts';
import { isListener } from '../../deploy/parts.ts';
import { type ListenerName, listenerNames } from '../../lib/aws/names.ts';
import { type CustomActionName, customActionNames } from '../../lib/policy/custom-actions.ts';
import { parsePolicy } from '../../lib/policy/file/parse.ts';
import type { Policy } from '../../lib/policy/model.ts';
import { controls } from '../../lib/services/catalogue.ts';
import { put, workFolder } from './command.ts';
import { mockAws } from './doctor-aws.ts';
import { account, arn, empty, refused, region, stage, trouble, troubles } from './doctor-region.ts';

const accountRegion = { account, region };
const topic = `arn:aws:sns:${region}:${account}:trailseal-dev-notifications`;

function fn(
  name: ListenerName | 'transitions',
  more: Partial<DeployedFunction> = {},
): Seen<DeployedFunction> {
  const stream = `arn:aws:dynamodb:${region}:${account}:table/trailseal-dev-state-table/stream/2026-11-21T10:00:00.000`;
  return seen({
    role: `arn:aws:iam::${account}:role/trailseal-dev-${name}`,
    state: 'Active',
    stateReason: undefined,
    lastUpdate: 'Successful',
    environment: {},
    sources: seen([
      { id: 'uuid', arn: name === 'transitions' ? stream : arn(`trailseal-dev-${name}`), state: 'Enabled' },
    ]),
    ...more,
  });
}

function ruleOn(bus: ObservedRule['bus'], name: ListenerName, more: object = {}): ObservedRule {
  const resources = customActionNames.map(
    (customAction) => customActionFor(stage, customAction, accountRegion).arn,
  );
  return {
    bus,
    rule: seen({
      pattern: JSON.stringify(bus === 'default' ? { source: ['aws.securityhub'], resources } : {}),
      state: 'ENABLED',
      targets: seen([
        { arn: arn(`trailseal-dev-${name}`), deadLetterArn: arn(`trailseal-dev-${name}-dead-letters`) },
      ]),
      ...more,
    }),
  };
}

function listener(name: ListenerName, more: Partial<ObservedListener> = {}): ObservedListener {
  return {
    name,
    rules: name === 'operator' ? [ruleOn('default', name), ruleOn('own', name)] : [ruleOn('own', name)],
    queues: { queue: seen(empty), deadLetters: seen(empty) },
    found: fn(name),
    ...more,
  };
}

/** One of the listeners as given, the others in order. */
function withListener(name: ListenerName, more: Partial<ObservedListener>): Partial<ObservedActing> {
  return { listeners: listenerNames.map((each) => listener(each, each === name ? more : {})) };
}

/** In which all that a policy can want is deployed and at work. */
function acting(more: Partial<ObservedActing> = {}): { readonly acting: ObservedActing } {
  return {
    acting: {
      transitions: { bus: seen(true), found: fn('transitions'), deadLetters: seen(empty) },
      listeners: listenerNames.map((name) => listener(name)),
      guards: { killSwitch: seen('disengaged'), breakers: seen({}) },
      told: seen({
        topics: [{ arn: topic, subscriptions: seen({ confirmed: 1, pending: 0 }) }],
        webhooks: 0,
      }),
      customActionNames: {
        wanted: customActionNames,
        there: seen(
          customActionNames.map((customAction) => customActionFor(stage, customAction, accountRegion)),
        ),
      },
      ...more,
    },
  };
}

const nothing: Partial<ObservedListener> = {
  rules: [],
  queues: { queue: seen(undefined), deadLetters: seen(undefined) },
  found: seen(undefined),
};

describe('what acts', () => {
  it('has nothing to be done where all is well', () => {
    expect(troubles(acting())).toEqual([]);
  });

  it('that is not deployed at all is one failure', () => {
    const none = acting({
      transitions: { bus: seen(undefined), found: seen(undefined), deadLetters: seen(undefined) },
      listeners: listenerNames.map((name) => listener(name, nothing)),
    });
    expect(trouble(none)).toMatchObject({
      id: 'deployment/acting',
      status: 'fail',
      seen: 'the policy asks for actions, or has orders, and nothing that acts is part of trailseal-dev',
      advice: { commands: ['npm run deploy -- --stage dev --region eu-central-1'] },
    });
  });

  it('of which nothing is to be seen, and something may not be seen, is unknown', () => {
    const dark = acting({
      transitions: undefined,
      listeners: [listener('operator', { ...nothing, found: refused('lambda:GetFunctionConfiguration') })],
    });
    expect(trouble(dark)).toMatchObject({ id: 'deployment/acting', status: 'unknown' });
  });

  it('of which one function is lacking is one failure, with what that means', () => {
    expect(trouble(acting(withListener('operator', nothing)))).toMatchObject({
      id: 'deployment/operator',
      status: 'fail',
      seen: 'the policy needs operator, which is no part of trailseal-dev: no custom action is heard',
    });
  });

  it('without its bus', () => {
    const transitions = { bus: seen(undefined), found: fn('transitions'), deadLetters: seen(empty) };
    expect(trouble(acting({ transitions }))).toMatchObject({ id: 'bus', status: 'fail' });
  });

  it('whose transitions do not come out of the stream', () => {
    const found = fn('transitions', { sources: seen([]) });
    expect(
      trouble(acting({ transitions: { bus: seen(true), found, deadLetters: seen(empty) } })),
    ).toMatchObject({
      id: 'function/transitions',
      status: 'fail',
      seen: 'the function trailseal-dev-transitions does not read the state table’s stream',
    });
  });

  it('with transitions that were told to nobody points to the log: they can not be sent again', () => {
    const deadLetters = seen({ ...empty, waiting: 2 });
    const transitions = { bus: seen(true as const), found: fn('transitions'), deadLetters };
    expect(trouble(acting({ transitions }))).toMatchObject({
      id: 'dead-letters/transitions',
      status: 'fail',
      advice: {
        commands: ['aws logs tail /aws/lambda/trailseal-dev-transitions --region eu-central-1 --since 1h'],
      },
    });
  });

  it.each<[ListenerName, string]>([
    ['remediate', 'what they tell of was not acted on'],
    ['notify', 'people were not told of it'],
    ['operator', 'what operators ordered was not done, or not noted'],
  ])('has dead letters of %s, which mean: %s', (name, meaning) => {
    const queues = { queue: seen(empty), deadLetters: seen({ ...empty, waiting: 1 }) };
    expect(trouble(acting(withListener(name, { queues })))).toMatchObject({
      id: `dead-letters/${name}`,
      status: 'fail',
      seen: `about 1 message in trailseal-dev-${name}-dead-letters: ${meaning}`,
    });
  });

  it('whose function has stopped reading', () => {
    const sources = seen([{ id: 'u', arn: arn('trailseal-dev-remediate'), state: 'Disabled' }]);
    const found = fn('remediate', { sources });
    expect(trouble(acting(withListener('remediate', { found })))).toMatchObject({
      id: 'function/remediate',
      status: 'fail',
    });
  });

  it.each<[string, string, object, string]>([
    ['fail', 'that is disabled', { state: 'DISABLED' }, 'is disabled: people are told of nothing'],
    ['fail', 'that leads nowhere', { targets: seen([]) }, 'does not lead to the queue trailseal-dev-notify'],
    [
      'warn',
      'without a place for what it cannot deliver',
      { targets: seen([{ arn: arn('trailseal-dev-notify'), deadLetterArn: undefined }]) },
      'it has not its dead-letter queue',
    ],
  ])('%s: a rule %s', (status, _what, more, text) => {
    const rules = [ruleOn('own', 'notify', more)];
    expect(trouble(acting(withListener('notify', { rules })))).toMatchObject({
      id: 'rule/notify',
      status,
      seen: expect.stringContaining(text),
    });
  });

  it('whose disabled rule is on its own bus is enabled there', () => {
    const rules = [ruleOn('own', 'notify', { state: 'DISABLED' })];
    expect(trouble(acting(withListener('notify', { rules }))).advice?.commands).toEqual([
      'aws events enable-rule --region eu-central-1 --name trailseal-dev-notify --event-bus-name trailseal-dev',
    ]);
  });

  it('whose orders come in, and whose results do not', () => {
    const rules = [ruleOn('default', 'operator'), { bus: 'own' as const, rule: seen(undefined) }];
    expect(trouble(acting(withListener('operator', { rules })))).toMatchObject({
      id: 'rule/operator/results',
      status: 'fail',
    });
  });

  it('whose rule does not wait for a custom action of the policy', () => {
    const resources = [customActionFor(stage, 'fix', accountRegion).arn];
    const rules = [ruleOn('default', 'operator', { pattern: JSON.stringify({ resources }) })];
    const wanted: readonly CustomActionName[] = ['fix', 'undo'];
    const there = seen(wanted.map((customAction) => customActionFor(stage, customAction, accountRegion)));
    expect(
      trouble(acting({ ...withListener('operator', { rules }), customActionNames: { wanted, there } })),
    ).toMatchObject({
      id: 'rule/operator',
      status: 'fail',
      seen: expect.stringMatching(/: it does not wait for undo$/),
    });
  });
});

describe('the kill switch', () => {
  const killSwitch = (value: Seen<string | undefined>) =>
    trouble(acting({ guards: { killSwitch: value, breakers: seen({}) } }));

  it.each<[string, string, Seen<string | undefined>, string]>([
    ['warn', 'engaged', seen('engaged'), 'is engaged: nothing is changed'],
    ['fail', 'not there', seen(undefined), 'so that nothing is changed'],
    ['fail', 'saying neither', seen('off'), 'says neither "disengaged" nor "engaged"'],
    ['unknown', 'not to be read', refused('ssm:GetParameter'), 'ssm:GetParameter was denied'],
  ])('%s: %s', (status, _what, value, text) => {
    expect(killSwitch(value)).toMatchObject({
      id: 'kill-switch',
      status,
      seen: expect.stringContaining(text),
    });
  });

  it('with white space around its word is disengaged, as the function reads it', () => {
    expect(troubles(acting({ guards: { killSwitch: seen('disengaged\n'), breakers: seen({}) } }))).toEqual(
      [],
    );
  });

  it('that is engaged is disengaged by a command', () => {
    expect(killSwitch(seen('engaged')).advice?.commands).toEqual([
      'trailseal kill-switch show --stage dev --region eu-central-1',
      'trailseal kill-switch off --stage dev --region eu-central-1',
    ]);
  });
});

describe('the breakers', () => {
  const killSwitch = seen('disengaged');

  it('that are open are to be watched, each by itself', () => {
    const fix = { since: Date.parse('2026-11-21T10:00:00Z'), because: 'The guardrail allows 10 fixes.' };
    expect(trouble(acting({ guards: { killSwitch, breakers: seen({ fix }) } }))).toMatchObject({
      id: 'breaker/fix',
      status: 'warn',
      seen: 'the breaker of fix is open since 2026-11-21T10:00:00.000Z, so that no fix is done: The guardrail allows 10 fixes.',
      advice: {
        commands: [
          'trailseal breaker show fix --stage dev --region eu-central-1',
          'trailseal breaker close fix --stage dev --region eu-central-1',
        ],
      },
    });
  });

  it.each<[string, ReturnType<typeof refused> | Seen<undefined>]>([
    ['unknown', refused('dynamodb:GetItem')],
    ['fail', seen(undefined)],
  ])('%s: where the state table can not be read, or is not there', (status, breakers) => {
    expect(trouble(acting({ guards: { killSwitch, breakers } }))).toMatchObject({ id: 'breakers', status });
  });
});

describe('who is told', () => {
  const told = (more: Partial<ObservedTold>) => acting({ told: seen({ topics: [], webhooks: 0, ...more }) });
  const topics = (subscriptions: ObservedTold['topics'][number]['subscriptions']) => [
    { arn: topic, subscriptions },
  ];

  it.each<[string, string, Partial<ObservedTold>, string]>([
    [
      'warn',
      'nobody has subscribed',
      { topics: topics(seen({ confirmed: 0, pending: 0 })) },
      'nobody is told of findings and actions: the topic trailseal-dev-notifications has no subscription',
    ],
    [
      'warn',
      'the subscription is not confirmed',
      { topics: topics(seen({ confirmed: 0, pending: 1 })) },
      'nobody is told of findings and actions: the topic trailseal-dev-notifications has 1 subscription, not confirmed yet',
    ],
    [
      'fail',
      'the topic was deleted',
      { topics: topics(seen(undefined)) },
      'nobody is told of findings and actions: there is no topic trailseal-dev-notifications',
    ],
    [
      'unknown',
      'the topic may not be seen',
      { topics: topics(refused('sns:GetTopicAttributes')) },
      'sns:GetTopicAttributes was denied',
    ],
  ])('%s: %s', (status, _what, more, text) => {
    expect(trouble(told(more))).toMatchObject({ id: 'told', status, seen: text });
  });

  it('is a webhook, though nobody has subscribed', () => {
    expect(troubles(told({ topics: topics(seen({ confirmed: 0, pending: 0 })), webhooks: 1 }))).toEqual([]);
  });

  it('is one topic, though another may not be seen', () => {
    const other = { arn: `${topic}-chat`, subscriptions: refused('sns:GetTopicAttributes') };
    expect(troubles(told({ topics: [...topics(seen({ confirmed: 2, pending: 0 })), other] }))).toEqual([]);
  });

  it('is subscribed to by a command', () => {
    const check = trouble(told({ topics: topics(seen({ confirmed: 0, pending: 0 })) }));
    expect(check.advice?.commands).toEqual([
      `aws sns subscribe --region eu-central-1 --topic-arn ${topic} --protocol email --notification-endpoint ADDRESS`,
    ]);
  });
});

describe('the custom actions', () => {
  const all = customActionNames.map((customAction) => customActionFor(stage, customAction, accountRegion));
  const setup = { commands: ['trailseal setup --stage dev --region eu-central-1'] };

  it('that Security Hub lacks are made by a command', () => {
    const there = seen(all.slice(2));
    expect(trouble(acting({ customActionNames: { wanted: customActionNames, there } }))).toMatchObject({
      id: 'customActionNames',
      status: 'fail',
      seen: 'Security Hub has no custom action for Quarantine, Fix: nobody can press them',
      advice: setup,
    });
  });

  it('that the policy has no orders for are to be watched', () => {
    expect(
      trouble(acting({ customActionNames: { wanted: ['undo'], there: seen(all.slice(1, 3)) } })),
    ).toMatchObject({
      id: 'customActionNames',
      status: 'warn',
      seen: 'Security Hub has custom actions of this stage that the policy has no orders for: Fix',
      advice: setup,
    });
  });

  it('that were renamed are to be watched', () => {
    const there = seen(all.map((action) => ({ ...action, name: 'x' })).slice(2, 3));
    expect(trouble(acting({ customActionNames: { wanted: ['undo'], there } }))).toMatchObject({
      id: 'customActionNames',
      status: 'warn',
      advice: setup,
    });
  });

  it('are not told of where Security Hub is off, which is told of by itself', () => {
    const off = {
      hub: seen(false),
      ...acting({ customActionNames: { wanted: customActionNames, there: seen(undefined) } }),
    };
    expect(trouble(off).id).toBe('security-hub');
  });

  it('are unknown where they may not be read', () => {
    const there = refused('securityhub:DescribeActionTargets');
    expect(trouble(acting({ customActionNames: { wanted: customActionNames, there } }))).toMatchObject({
      id: 'customActionNames',
      status: 'unknown',
    });
  });
});

const folder = workFolder();

function policyOf(yaml: string): Policy {
  const parsed = parsePolicy(yaml, 'policy.yml', controls);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors));
  return parsed.policy;
}

const requestsOf = (...customActions: readonly string[]) =>
  `operators:\n  customActions: [${customActions.join(', ')}]\n`;
const everything = `version: 1
controls:
  kms-key-disabled:
    actions: [fix:enable-key]
${requestsOf('undo', 're-check')}`;

describe('what is wanted', () => {
  it.each([
    ['reports only', 'version: 1\n'],
    ['tells only', 'version: 1\ndefaults:\n  actions: [notify]\n'],
    ['tags', 'version: 1\ncontrols:\n  kms-key-disabled:\n    actions: [tag]\n'],
    [
      'asks for it of a control that it switches off',
      'version: 1\ncontrols:\n  kms-key-disabled:\n    enabled: false\n    actions: [tag]\n',
    ],
    ['has orders that change nothing', `version: 1\n${requestsOf('re-check', 'exempt')}`],
    [
      'tells, and has orders that change nothing',
      `version: 1\ndefaults:\n  actions: [notify]\n${requestsOf('exempt')}`,
    ],
    ['has orders that change something', `version: 1\n${requestsOf('fix:enable-key')}`],
    ['has undo as its only order', `version: 1\n${requestsOf('undo')}`],
    ['has all of it', everything],
  ])('is what a deployment has of a policy that %s', (what, yaml) => {
    const file = put(folder, `${what.replaceAll(/\W/g, '-')}.yml`, yaml);
    const deployment = deploymentOf(readParameters({ ...defaultParameters(), policy: file }));
    const policy = policyOf(yaml);
    const enabled = controls.filter(({ id }) => policy.controls.get(id)?.enabled === true);
    const { transitions, listeners } = actingWanted(policy, enabled);
    expect(new Set([...(transitions ? ['transitions'] : []), ...listeners])).toEqual(
      new Set(deployment.functions.filter((name) => name === 'transitions' || isListener(name))),
    );
  });
});

const error = { message: 'no', $metadata: {} };

describe('looking at what acts', () => {
  it('asks nothing where the policy wants none of it', async () => {
    const aws = mockAws();
    expect((await aws.observeHere()).acting).toBeUndefined();
    expect(aws.ssm.calls()).toEqual([]);
  });

  it('asks nothing where nothing at all is deployed', async () => {
    const aws = mockAws(policyOf(everything));
    aws.lambda.on(GetFunctionConfigurationCommand).rejects(new NoFunction(error));
    expect((await aws.observeHere()).acting).toBeUndefined();
  });

  it('leaves out what only an evaluator would need that is not deployed', async () => {
    const aws = mockAws(policyOf('version: 1\ncontrols:\n  kms-key-disabled:\n    actions: [tag]\n'));
    aws.lambda
      .on(GetFunctionConfigurationCommand, { FunctionName: 'trailseal-dev-kms' })
      .rejects(new NoFunction(error));
    expect((await aws.observeHere()).acting).toBeUndefined();
  });

  it('finds the rule of orders on the default bus, and that of results on Trailseal’s own', async () => {
    const aws = mockAws(policyOf(everything));
    await aws.observeHere();
    const asked = aws.events.commandCalls(DescribeRuleCommand).map(({ args: [{ input }] }) => input);
    expect(asked.filter(({ Name }) => Name === 'trailseal-dev-operator')).toEqual([
      { Name: 'trailseal-dev-operator' },
      { Name: 'trailseal-dev-operator', EventBusName: 'trailseal-dev' },
    ]);
  });

  it('asks for the targets of a rule on the rule’s own bus', async () => {
    const aws = mockAws(policyOf('version: 1\ndefaults:\n  actions: [notify]\n'));
    await aws.observeHere();
    const asked = aws.events.commandCalls(ListTargetsByRuleCommand).map(({ args: [{ input }] }) => input);
    expect(asked).toContainEqual({ Rule: 'trailseal-dev-notify', EventBusName: 'trailseal-dev' });
  });

  it('takes what is not there for an answer', async () => {
    const aws = mockAws(policyOf(everything));
    aws.events
      .on(DescribeEventBusCommand)
      .rejects(
        new EventBridgeServiceException({ ...error, name: 'ResourceNotFoundException', $fault: 'client' }),
      );
    aws.ssm.on(GetParameterCommand).rejects(new ParameterNotFound(error));
    aws.dynamodb.on(GetItemCommand).rejects(new ResourceNotFoundException(error));
    aws.securityhub.on(DescribeActionTargetsCommand).rejects(new InvalidAccessException(error));
    expect((await aws.observeHere()).acting).toMatchObject({
      transitions: { bus: seen(undefined) },
      guards: { killSwitch: seen(undefined), breakers: seen(undefined) },
      customActionNames: { there: seen(undefined) },
    });
  });

  it('reads the breakers that are open', async () => {
    const aws = mockAws(policyOf(everything));
    const breaker = { since: 1, because: 'too many' };
    aws.dynamodb
      .on(GetItemCommand, { Key: { pk: { S: 'limits/fix' }, sk: { S: 'limits' } } })
      .resolves({ Item: marshall({ formatVersion: 1, version: 1, runs: [], breaker }) });
    expect((await aws.observeHere()).acting?.guards?.breakers).toEqual(seen({ fix: breaker }));
  });

  it('tells of a limit that another version wrote, and goes on', async () => {
    const aws = mockAws(policyOf(everything));
    aws.dynamodb.on(GetItemCommand).resolves({ Item: marshall({ version: 'two' }) });
    expect((await aws.observeHere()).acting?.guards?.breakers).toMatchObject({
      known: false,
      reason: 'failed',
    });
  });

  const notify = (environment: object) => {
    const aws = mockAws(policyOf('version: 1\ndefaults:\n  actions: [notify]\n'));
    aws.lambda
      .on(GetFunctionConfigurationCommand, { FunctionName: 'trailseal-dev-notify' })
      .resolves({ Environment: environment });
    return aws;
  };

  it('counts the subscriptions of each topic that the function tells, once, and its webhooks', async () => {
    const aws = notify({
      Variables: {
        TRAILSEAL_TOPIC_TEXT: topic,
        TRAILSEAL_TOPIC_JSON: topic,
        TRAILSEAL_TOPIC_CHAT: `${topic}-chat`,
        TRAILSEAL_WEBHOOKS: '/one,/two',
      },
    });
    aws.sns
      .on(GetTopicAttributesCommand, { TopicArn: topic })
      .resolves({ Attributes: { SubscriptionsConfirmed: '2', SubscriptionsPending: '1' } })
      .on(GetTopicAttributesCommand, { TopicArn: `${topic}-chat` })
      .rejects(new NotFoundException(error));
    expect((await aws.observeHere()).acting?.told).toEqual(
      seen({
        topics: [
          { arn: topic, subscriptions: seen({ confirmed: 2, pending: 1 }) },
          { arn: `${topic}-chat`, subscriptions: seen(undefined) },
        ],
        webhooks: 2,
      }),
    );
  });

  it('is unknown of whom it tells where Lambda does not', async () => {
    const aws = notify({ Error: { ErrorCode: 'AccessDeniedException', Message: 'no' } });
    expect((await aws.observeHere()).acting?.told).toMatchObject({ known: false, action: 'kms:Decrypt' });
  });
});
