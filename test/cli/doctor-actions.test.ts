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
import { type Answer, answered } from '../../cli/aws/answer.ts';
import { customActionFor } from '../../cli/custom-actions/changes.ts';
import { actionPartsOf } from '../../cli/doctor/actions.ts';
import type {
  DeployedFunction,
  ObservedActions,
  ObservedListener,
  ObservedNotifications,
  ObservedRule,
} from '../../cli/doctor/observed.ts';
import { deploymentOf } from '../../deploy/context.ts';
import { defaultParameters } from '../../deploy/defaults.ts';
import { readParameters } from '../../deploy/parameters.ts';
import { isListener } from '../../deploy/parts.ts';
import { revertingCalls } from '../../deploy/remediation/reverting-calls.ts';
import { type ListenerName, listenerNames } from '../../lib/aws/names.ts';
import { type CustomActionName, customActionNames } from '../../lib/core/custom-action.ts';
import { parsePolicy } from '../../lib/policy/file/parse.ts';
import type { Policy } from '../../lib/policy/model.ts';
import { revertingCallsPattern } from '../../lib/remediation/reverting-calls.ts';
import { controls } from '../../lib/services/catalogue.ts';
import { put, workFolder } from './command.ts';
import { mockAws } from './doctor-aws.ts';
import { account, arn, empty, problem, problems, refused, region, stage } from './doctor-region.ts';

const accountRegion = { account, region };
const topic = `arn:aws:sns:${region}:${account}:trailseal-dev-notifications`;

function fn(
  name: ListenerName | 'transitions',
  more: Partial<DeployedFunction> = {},
): Answer<DeployedFunction> {
  const stream = `arn:aws:dynamodb:${region}:${account}:table/trailseal-dev-state-table/stream/2026-11-21T10:00:00.000`;
  return answered({
    role: `arn:aws:iam::${account}:role/trailseal-dev-${name}`,
    state: 'Active',
    stateReason: undefined,
    lastUpdate: 'Successful',
    environment: {},
    sources: answered([
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
    rule: answered({
      pattern: JSON.stringify(bus === 'default' ? { source: ['aws.securityhub'], resources } : {}),
      state: 'ENABLED',
      targets: answered([
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
    queues: { queue: answered(empty), deadLetters: answered(empty) },
    found: fn(name),
    ...more,
  };
}

/** One of the listeners as given, the others in order. */
function withListener(name: ListenerName, more: Partial<ObservedListener>): Partial<ObservedActions> {
  return { listeners: listenerNames.map((each) => listener(each, each === name ? more : {})) };
}

/** A Region in which all parts for actions are deployed and work. */
function withActions(more: Partial<ObservedActions> = {}): { readonly actions: ObservedActions } {
  return {
    actions: {
      transitions: { bus: answered(true), found: fn('transitions'), deadLetters: answered(empty) },
      listeners: listenerNames.map((name) => listener(name)),
      guards: { killSwitch: answered('disengaged'), breakers: answered({}) },
      notifications: answered({
        topics: [{ arn: topic, subscriptions: answered({ confirmed: 1, pending: 0 }) }],
        webhooks: 0,
      }),
      customActions: {
        wanted: customActionNames,
        existing: answered(
          customActionNames.map((customAction) => customActionFor(stage, customAction, accountRegion)),
        ),
      },
      ...more,
    },
  };
}

const nothing: Partial<ObservedListener> = {
  rules: [],
  queues: { queue: answered(undefined), deadLetters: answered(undefined) },
  found: answered(undefined),
};

describe('the parts for actions', () => {
  it('have no problem where all work', () => {
    expect(problems(withActions())).toEqual([]);
  });

  it('are one failure where none is deployed', () => {
    const none = withActions({
      transitions: { bus: answered(undefined), found: answered(undefined), deadLetters: answered(undefined) },
      listeners: listenerNames.map((name) => listener(name, nothing)),
    });
    expect(problem(none)).toMatchObject({
      id: 'deployment/actions',
      status: 'fail',
      message:
        'the policy has actions or custom actions, but trailseal-dev has no part that carries them out',
      advice: { commands: ['npm run deploy -- --stage dev --region eu-central-1'] },
    });
  });

  it('are unknown where none is known to exist, and one cannot be read', () => {
    const dark = withActions({
      transitions: undefined,
      listeners: [listener('operator', { ...nothing, found: refused('lambda:GetFunctionConfiguration') })],
    });
    expect(problem(dark)).toMatchObject({ id: 'deployment/actions', status: 'unknown' });
  });

  it('are one failure for a missing listener, with its consequence', () => {
    expect(problem(withActions(withListener('operator', nothing)))).toMatchObject({
      id: 'deployment/operator',
      status: 'fail',
      message: 'the policy needs operator, which trailseal-dev does not have: no custom action is received',
    });
  });

  it('fail without the event bus', () => {
    const transitions = { bus: answered(undefined), found: fn('transitions'), deadLetters: answered(empty) };
    expect(problem(withActions({ transitions }))).toMatchObject({ id: 'bus', status: 'fail' });
  });

  it('fail where the stream is not read', () => {
    const found = fn('transitions', { sources: answered([]) });
    expect(
      problem(withActions({ transitions: { bus: answered(true), found, deadLetters: answered(empty) } })),
    ).toMatchObject({
      id: 'function/transitions',
      status: 'fail',
      message: 'the function trailseal-dev-transitions does not read the stream of the state table',
    });
  });

  it('point to the log for dead letters of transitions, which cannot be sent again', () => {
    const deadLetters = answered({ ...empty, waiting: 2 });
    const transitions = { bus: answered(true as const), found: fn('transitions'), deadLetters };
    expect(problem(withActions({ transitions }))).toMatchObject({
      id: 'dead-letters/transitions',
      status: 'fail',
      advice: {
        commands: ['aws logs tail /aws/lambda/trailseal-dev-transitions --region eu-central-1 --since 1h'],
      },
    });
  });

  it.each<[ListenerName, string]>([
    ['remediate', 'the changes in them were not acted on'],
    ['notify', 'nobody was notified of the changes in them'],
    ['operator', 'the custom actions in them were not carried out, or their outcome was not noted'],
  ])('fail with dead letters of %s, which mean: %s', (name, meaning) => {
    const queues = { queue: answered(empty), deadLetters: answered({ ...empty, waiting: 1 }) };
    expect(problem(withActions(withListener(name, { queues })))).toMatchObject({
      id: `dead-letters/${name}`,
      status: 'fail',
      message: `about 1 message in trailseal-dev-${name}-dead-letters: ${meaning}`,
    });
  });

  it('fail where a function has stopped reading', () => {
    const sources = answered([{ id: 'u', arn: arn('trailseal-dev-remediate'), state: 'Disabled' }]);
    const found = fn('remediate', { sources });
    expect(problem(withActions(withListener('remediate', { found })))).toMatchObject({
      id: 'function/remediate',
      status: 'fail',
    });
  });

  it.each<[string, string, object, string]>([
    ['fail', 'that is disabled', { state: 'DISABLED' }, 'is disabled: nobody is notified'],
    ['fail', 'without a target', { targets: answered([]) }, 'does not target the queue trailseal-dev-notify'],
    [
      'warn',
      'without a DLQ',
      { targets: answered([{ arn: arn('trailseal-dev-notify'), deadLetterArn: undefined }]) },
      'does not have its DLQ',
    ],
  ])('%s: a rule %s', (status, _what, more, text) => {
    const rules = [ruleOn('own', 'notify', more)];
    expect(problem(withActions(withListener('notify', { rules })))).toMatchObject({
      id: 'rule/notify',
      status,
      message: expect.stringContaining(text),
    });
  });

  it('have a command that enables a rule on its event bus', () => {
    const rules = [ruleOn('own', 'notify', { state: 'DISABLED' })];
    expect(problem(withActions(withListener('notify', { rules }))).advice?.commands).toEqual([
      'aws events enable-rule --region eu-central-1 --name trailseal-dev-notify --event-bus-name trailseal-dev',
    ]);
  });

  const reverting = (more: object = {}) => {
    const pattern = revertingCallsPattern(policyOf(everything), controls);
    if (pattern === undefined) throw new Error('no action declares calls that revert it');
    const deployed = {
      pattern: JSON.stringify(pattern),
      state: 'ENABLED',
      targets: answered([
        { arn: arn('trailseal-dev-remediate'), deadLetterArn: arn('trailseal-dev-remediate-dead-letters') },
      ]),
      ...more,
    };
    return withActions(withListener('remediate', { revertingCalls: { pattern, rule: answered(deployed) } }));
  };

  it('have no problem with the rule of calls that revert actions where it is as this version deploys it', () => {
    expect(problems(reverting())).toEqual([]);
  });

  it.each<[string, object, string]>([
    [
      'is disabled',
      { state: 'DISABLED' },
      'the rule trailseal-dev-reverting-calls is disabled: an action that somebody reverts is noticed by the scheduled scan at the earliest',
    ],
    [
      'has no target',
      { targets: answered([]) },
      'the rule trailseal-dev-reverting-calls does not target the queue trailseal-dev-remediate',
    ],
    [
      'was narrowed',
      { pattern: JSON.stringify({ source: ['aws.kms'], detail: { eventName: ['None'] } }) },
      'the rule trailseal-dev-reverting-calls is from another version or policy: its pattern differs',
    ],
  ])('fail where the rule of calls that revert actions %s', (_, more, message) => {
    expect(problem(reverting(more))).toMatchObject({
      id: 'rule/remediate/reverting-calls',
      status: 'fail',
      message,
    });
  });

  it('fail where that rule is not there, or is unknown where it cannot be read', () => {
    const pattern = revertingCallsPattern(policyOf(everything), controls);
    if (pattern === undefined) throw new Error('no action declares calls that revert it');
    const withRule = (rule: Answer<undefined>) =>
      problem(withActions(withListener('remediate', { revertingCalls: { pattern, rule } })));
    expect(withRule(answered(undefined))).toMatchObject({
      status: 'fail',
      message: 'there is no rule trailseal-dev-reverting-calls',
    });
    expect(withRule(refused('events:DescribeRule'))).toMatchObject({
      id: 'rule/remediate/reverting-calls',
      status: 'unknown',
    });
  });

  it('fail where custom actions arrive, and their outcomes do not', () => {
    const rules = [ruleOn('default', 'operator'), { bus: 'own' as const, rule: answered(undefined) }];
    expect(problem(withActions(withListener('operator', { rules })))).toMatchObject({
      id: 'rule/operator/results',
      status: 'fail',
    });
  });

  it('fail where a rule does not match a custom action of the policy', () => {
    const resources = [customActionFor(stage, 'fix', accountRegion).arn];
    const rules = [ruleOn('default', 'operator', { pattern: JSON.stringify({ resources }) })];
    const wanted: readonly CustomActionName[] = ['fix', 'undo'];
    const existing = answered(
      wanted.map((customAction) => customActionFor(stage, customAction, accountRegion)),
    );
    expect(
      problem(withActions({ ...withListener('operator', { rules }), customActions: { wanted, existing } })),
    ).toMatchObject({
      id: 'rule/operator',
      status: 'fail',
      message: expect.stringMatching(/: it does not match the custom actions undo$/),
    });
  });
});

describe('the kill switch', () => {
  const killSwitch = (value: Answer<string | undefined>) =>
    problem(withActions({ guards: { killSwitch: value, breakers: answered({}) } }));

  it.each<[string, string, Answer<string | undefined>, string]>([
    ['warn', 'engaged', answered('engaged'), 'is engaged: no resource is changed'],
    ['fail', 'missing', answered(undefined), 'so that no resource is changed'],
    ['fail', 'with another value', answered('off'), 'is neither "disengaged" nor "engaged"'],
    ['unknown', 'unreadable', refused('ssm:GetParameter'), 'ssm:GetParameter was denied'],
  ])('%s: %s', (status, _what, value, text) => {
    expect(killSwitch(value)).toMatchObject({
      id: 'kill-switch',
      status,
      message: expect.stringContaining(text),
    });
  });

  it('with white space around its value is disengaged, as the function reads it', () => {
    expect(
      problems(withActions({ guards: { killSwitch: answered('disengaged\n'), breakers: answered({}) } })),
    ).toEqual([]);
  });

  it('that is engaged has the command that disengages it', () => {
    expect(killSwitch(answered('engaged')).advice?.commands).toEqual([
      'trailseal kill-switch status --stage dev --region eu-central-1',
      'trailseal kill-switch off --stage dev --region eu-central-1',
    ]);
  });
});

describe('the breakers', () => {
  const killSwitch = answered('disengaged');

  it('that are open are warnings, one for each', () => {
    const fix = { since: Date.parse('2026-11-21T10:00:00Z'), because: 'The guardrail allows 10 fixes.' };
    expect(problem(withActions({ guards: { killSwitch, breakers: answered({ fix }) } }))).toMatchObject({
      id: 'breaker/fix',
      status: 'warn',
      message:
        'the fix breaker is open since 2026-11-21T10:00:00.000Z, so that no fix action is carried out but for CRITICAL findings: The guardrail allows 10 fixes.',
      advice: {
        commands: [
          'trailseal breaker show fix --stage dev --region eu-central-1',
          'trailseal breaker reset fix --stage dev --region eu-central-1',
        ],
      },
    });
  });

  it.each<[string, ReturnType<typeof refused> | Answer<undefined>]>([
    ['unknown', refused('dynamodb:GetItem')],
    ['fail', answered(undefined)],
  ])('%s: where the state table cannot be read, or does not exist', (status, breakers) => {
    expect(problem(withActions({ guards: { killSwitch, breakers } }))).toMatchObject({
      id: 'breakers',
      status,
    });
  });
});

describe('notifications', () => {
  const notifying = (more: Partial<ObservedNotifications>) =>
    withActions({ notifications: answered({ topics: [], webhooks: 0, ...more }) });
  const topics = (subscriptions: ObservedNotifications['topics'][number]['subscriptions']) => [
    { arn: topic, subscriptions },
  ];

  it.each<[string, string, Partial<ObservedNotifications>, string]>([
    [
      'warn',
      'nobody has subscribed',
      { topics: topics(answered({ confirmed: 0, pending: 0 })) },
      'nobody is notified of findings and actions: the topic trailseal-dev-notifications has no subscription',
    ],
    [
      'warn',
      'the subscription is not confirmed',
      { topics: topics(answered({ confirmed: 0, pending: 1 })) },
      'nobody is notified of findings and actions: the topic trailseal-dev-notifications has 1 unconfirmed subscription',
    ],
    [
      'fail',
      'the topic does not exist',
      { topics: topics(answered(undefined)) },
      'nobody is notified of findings and actions: there is no topic trailseal-dev-notifications',
    ],
    [
      'unknown',
      'the topic cannot be read',
      { topics: topics(refused('sns:GetTopicAttributes')) },
      'sns:GetTopicAttributes was denied',
    ],
  ])('%s: %s', (status, _what, more, text) => {
    expect(problem(notifying(more))).toMatchObject({ id: 'notifications', status, message: text });
  });

  it('go to a webhook, even if nobody has subscribed', () => {
    expect(
      problems(notifying({ topics: topics(answered({ confirmed: 0, pending: 0 })), webhooks: 1 })),
    ).toEqual([]);
  });

  it('go to one topic, even if another cannot be read', () => {
    const other = { arn: `${topic}-chat`, subscriptions: refused('sns:GetTopicAttributes') };
    expect(
      problems(notifying({ topics: [...topics(answered({ confirmed: 2, pending: 0 })), other] })),
    ).toEqual([]);
  });

  it('have the command that subscribes', () => {
    const check = problem(notifying({ topics: topics(answered({ confirmed: 0, pending: 0 })) }));
    expect(check.advice?.commands).toEqual([
      `aws sns subscribe --region eu-central-1 --topic-arn ${topic} --protocol email --notification-endpoint ADDRESS`,
    ]);
  });
});

describe('the custom actions', () => {
  const all = customActionNames.map((customAction) => customActionFor(stage, customAction, accountRegion));
  const sync = { commands: ['trailseal custom-actions sync --stage dev --region eu-central-1'] };

  it('that are missing have the command that creates them', () => {
    const existing = answered(all.slice(2));
    expect(problem(withActions({ customActions: { wanted: customActionNames, existing } }))).toMatchObject({
      id: 'custom-actions',
      status: 'fail',
      message:
        'custom actions of the policy are missing in Security Hub, so that nobody can use them: Quarantine, Fix',
      advice: sync,
    });
  });

  it('that the policy does not have are a warning', () => {
    expect(
      problem(withActions({ customActions: { wanted: ['undo'], existing: answered(all.slice(1, 3)) } })),
    ).toMatchObject({
      id: 'custom-actions',
      status: 'warn',
      message: 'Security Hub has custom actions of this stage that the policy does not have: Fix',
      advice: sync,
    });
  });

  it('that were renamed are a warning', () => {
    const existing = answered(all.map((action) => ({ ...action, name: 'x' })).slice(2, 3));
    expect(problem(withActions({ customActions: { wanted: ['undo'], existing } }))).toMatchObject({
      id: 'custom-actions',
      status: 'warn',
      advice: sync,
    });
  });

  it('are not checked where Security Hub is off, which another check reports', () => {
    const off = {
      hub: answered(false),
      ...withActions({ customActions: { wanted: customActionNames, existing: answered(undefined) } }),
    };
    expect(problem(off).id).toBe('security-hub');
  });

  it('are unknown where they cannot be read', () => {
    const existing = refused('securityhub:DescribeActionTargets');
    expect(problem(withActions({ customActions: { wanted: customActionNames, existing } }))).toMatchObject({
      id: 'custom-actions',
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

describe('the parts that a policy needs', () => {
  it.each([
    ['only reports', 'version: 1\n'],
    ['only notifies', 'version: 1\ndefaults:\n  actions: [notify]\n'],
    ['tags', 'version: 1\ncontrols:\n  kms-key-disabled:\n    actions: [tag]\n'],
    [
      'has actions of a disabled control',
      'version: 1\ncontrols:\n  kms-key-disabled:\n    enabled: false\n    actions: [tag]\n',
    ],
    ['has custom actions that change nothing', `version: 1\n${requestsOf('re-check', 'exempt')}`],
    [
      'notifies, and has custom actions that change nothing',
      `version: 1\ndefaults:\n  actions: [notify]\n${requestsOf('exempt')}`,
    ],
    ['has custom actions that change resources', `version: 1\n${requestsOf('fix:enable-key')}`],
    ['has undo as its only custom action', `version: 1\n${requestsOf('undo')}`],
    ['has all of it', everything],
  ])('are those of a deployment of a policy that %s', (what, yaml) => {
    const file = put(folder, `${what.replaceAll(/\W/g, '-')}.yml`, yaml);
    const deployment = deploymentOf(readParameters({ ...defaultParameters(), policy: file }));
    const policy = policyOf(yaml);
    const enabled = controls.filter(({ id }) => policy.controls.get(id)?.enabled === true);
    const { transitions, listeners } = actionPartsOf(policy, enabled);
    expect(new Set([...(transitions ? ['transitions'] : []), ...listeners])).toEqual(
      new Set(deployment.functions.filter((name) => name === 'transitions' || isListener(name))),
    );
    const [rule] = Object.values(revertingCalls(deployment));
    expect(actionPartsOf(policy, enabled).revertingCalls).toEqual(rule?.Properties['EventPattern']);
  });
});

const error = { message: 'no', $metadata: {} };

it('the parts for actions tell the permissions that the policy allows and IAM can not narrow', () => {
  const policy = policyOf(
    'version: 1\nactions: { broadPermissions: [fix:restrict-endpoint] }\noperators: { customActions: [fix:restrict-endpoint] }',
  );
  expect(actionPartsOf(policy, controls).broadPermissions).toEqual(['fix:restrict-endpoint']);
  expect(actionPartsOf(policyOf('version: 1'), controls).broadPermissions).toBeUndefined();
});

describe('observing the parts for actions', () => {
  it('makes no call where the policy needs none', async () => {
    const aws = mockAws();
    expect((await aws.observeHere()).actions).toBeUndefined();
    expect(aws.ssm.calls()).toEqual([]);
  });

  it('makes no call where nothing is deployed', async () => {
    const aws = mockAws(policyOf(everything));
    aws.lambda.on(GetFunctionConfigurationCommand).rejects(new NoFunction(error));
    expect((await aws.observeHere()).actions).toBeUndefined();
  });

  it('asks for the rule of calls that revert actions, on the default event bus', async () => {
    const aws = mockAws(policyOf(everything));
    const Name = 'trailseal-dev-reverting-calls';
    aws.events.on(DescribeRuleCommand, { Name }).resolves({ State: 'ENABLED', EventPattern: '{}' });
    const { actions } = await aws.observeHere();
    const remediate = actions?.listeners.find(({ name }) => name === 'remediate');
    expect(remediate?.revertingCalls?.rule).toMatchObject({ known: true, value: { pattern: '{}' } });
    const asked = aws.events.commandCalls(DescribeRuleCommand).map(({ args: [{ input }] }) => input);
    expect(asked.filter((input) => input.Name === Name)).toEqual([{ Name }]);
  });

  it('leaves out parts that only a missing evaluator needs', async () => {
    const aws = mockAws(policyOf('version: 1\ncontrols:\n  kms-key-disabled:\n    actions: [tag]\n'));
    aws.lambda
      .on(GetFunctionConfigurationCommand, { FunctionName: 'trailseal-dev-kms' })
      .rejects(new NoFunction(error));
    expect((await aws.observeHere()).actions).toBeUndefined();
  });

  it('reads the rule of custom actions on the default event bus, and that of outcomes on the deployment’s own', async () => {
    const aws = mockAws(policyOf(everything));
    await aws.observeHere();
    const calls = aws.events.commandCalls(DescribeRuleCommand).map(({ args: [{ input }] }) => input);
    expect(calls.filter(({ Name }) => Name === 'trailseal-dev-operator')).toEqual([
      { Name: 'trailseal-dev-operator' },
      { Name: 'trailseal-dev-operator', EventBusName: 'trailseal-dev' },
    ]);
  });

  it('reads the targets of a rule on the rule’s event bus', async () => {
    const aws = mockAws(policyOf('version: 1\ndefaults:\n  actions: [notify]\n'));
    await aws.observeHere();
    const calls = aws.events.commandCalls(ListTargetsByRuleCommand).map(({ args: [{ input }] }) => input);
    expect(calls).toContainEqual({ Rule: 'trailseal-dev-notify', EventBusName: 'trailseal-dev' });
  });

  it('takes a missing part as an answer', async () => {
    const aws = mockAws(policyOf(everything));
    aws.events
      .on(DescribeEventBusCommand)
      .rejects(
        new EventBridgeServiceException({ ...error, name: 'ResourceNotFoundException', $fault: 'client' }),
      );
    aws.ssm.on(GetParameterCommand).rejects(new ParameterNotFound(error));
    aws.dynamodb.on(GetItemCommand).rejects(new ResourceNotFoundException(error));
    aws.securityhub.on(DescribeActionTargetsCommand).rejects(new InvalidAccessException(error));
    expect((await aws.observeHere()).actions).toMatchObject({
      transitions: { bus: answered(undefined) },
      guards: { killSwitch: answered(undefined), breakers: answered(undefined) },
      customActions: { existing: answered(undefined) },
    });
  });

  it('reads the open breakers', async () => {
    const aws = mockAws(policyOf(everything));
    const breaker = { since: 1, because: 'too many' };
    aws.dynamodb
      .on(GetItemCommand, { Key: { pk: { S: 'limits/fix' }, sk: { S: 'limits' } } })
      .resolves({ Item: marshall({ formatVersion: 1, version: 1, runs: [], breaker }) });
    expect((await aws.observeHere()).actions?.guards?.breakers).toEqual(answered({ fix: breaker }));
  });

  it('reports a limit that another version wrote, and goes on', async () => {
    const aws = mockAws(policyOf(everything));
    aws.dynamodb.on(GetItemCommand).resolves({ Item: marshall({ version: 'two' }) });
    expect((await aws.observeHere()).actions?.guards?.breakers).toMatchObject({
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

  it('counts the subscriptions of each topic once, and the webhooks', async () => {
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
    expect((await aws.observeHere()).actions?.notifications).toEqual(
      answered({
        topics: [
          { arn: topic, subscriptions: answered({ confirmed: 2, pending: 1 }) },
          { arn: `${topic}-chat`, subscriptions: answered(undefined) },
        ],
        webhooks: 2,
      }),
    );
  });

  it('does not know who is notified where Lambda cannot decrypt the environment', async () => {
    const aws = notify({ Error: { ErrorCode: 'AccessDeniedException', Message: 'no' } });
    expect((await aws.observeHere()).actions?.notifications).toMatchObject({
      known: false,
      action: 'kms:Decrypt',
    });
  });
});
