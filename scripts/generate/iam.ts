/** The page `docs/iam.md`: the permissions of each function of a deployment, and their reasons. */
import path from 'node:path';
import { type Deployment, deploymentOf } from '../../deploy/context.ts';
import { defaultParameters } from '../../deploy/defaults.ts';
import type { Grant } from '../../deploy/grants.ts';
import { dataActions, type HopType, streamActions } from '../../deploy/hop-policies.ts';
import { operatorGrants } from '../../deploy/operator-role.ts';
import { readParameters } from '../../deploy/parameters.ts';
import { type FunctionName, functionNameOf } from '../../deploy/parts.ts';
import { grantsOf } from '../../deploy/permissions.ts';
import { writeRoleNames } from '../../deploy/remediation/wanted.ts';
import { assuming, writeRoleGrants } from '../../deploy/remediation/write-roles.ts';
import { isObject } from '../../lib/core/json.ts';

/** A policy with actions. */
const activePolicy = 'examples/policy.active.yml';
const root = path.join(import.meta.dirname, '..', '..');

/** The page for a deployment with default parameters, and for what a policy with actions adds. */
export async function iamPage(): Promise<string> {
  const watching = deploymentOf(readParameters(defaultParameters()));
  const policy = path.join(root, activePolicy);
  const acting = deploymentOf(readParameters({ ...defaultParameters(), policy }));
  const more = acting.functions.filter((name) => !watching.functions.includes(name));
  const operated = deploymentOf(
    readParameters({
      ...defaultParameters(),
      policy,
      operatorArns: 'arn:aws:iam::111122223333:role/operators',
    }),
  );
  const sections = await sectionsOf(watching.functions, watching);
  const actingSections = await sectionsOf(more, acting);
  const writeSections = await Promise.all(
    writeRoleNames(acting).map(async (service) =>
      section(`### For \`${service}\``, await writeRoleGrants(service, acting)),
    ),
  );
  return `${[
    '# What the functions may do',
    'This page is generated from what the roles of the stack are derived from: the facts that the controls need, what ' +
      'the scheduled scan lists, what the state table does. Tests hold that a role allows what its function calls, and nothing else ' +
      '(`npm run test:template`). No action has a wildcard. While the policy asks for no action, nothing that is evaluated ' +
      'can be changed.',
    'Where it says _all_, AWS knows no resources for the action, and it is allowed in the stack’s own Region only. What ' +
      'the policy disables, and what the parameter `evaluators` leaves out, is not allowed at all.',
    ...sections,
    '## The schedules',
    'EventBridge Scheduler takes roles of its own, for schedules of this account only. One allows `sqs:SendMessage` on ' +
      'the scheduled scan’s queue and its DLQ, the other `lambda:InvokeFunction` on the watchdog, and nothing else.',
    '# With a policy that asks for actions',
    `These functions are deployed only where the policy asks for actions. This section is for \`${activePolicy}\`; ` +
      'each deployment has what its own policy asks for, and no more. `remediate` is the only function that may write to ' +
      'resources, and it does so only with the roles of services below. An action that ' +
      'IAM cannot narrow to what it does has a role of its own, only where the policy allows it by name ' +
      '(`actions.broadPermissions`). [roles.md](roles.md) lists the worst that each role allows.',
    'Where operators may request an undo, these roles may also put back what their actions changed, unless that exposes ' +
      'again: such an undo is in no role, and operators run it themselves. Where operators may exempt, the ' +
      'evaluators may also read the exemptions (`dynamodb:Query` on the items of the state table whose partition begins with ' +
      '`exemptions/`). Where the policy goes by tags (`guardrails.protectedTags`, `exemptionTags`, exemptions with `tags`), ' +
      'the evaluators concerned may also read those of KMS keys (`kms:ListResourceTags`) and of launch ' +
      'templates (`ec2:DescribeLaunchTemplates`), which no fact contains. Where there is `remediate`, the scheduled scan may send to its queue. `operator` is deployed where the policy lets operators ' +
      'request any custom action; it may write to no resource.',
    ...actingSections,
    '## The roles that write',
    'There is one for each service whose actions the policy asks for, or operators may request, and one for each action that IAM cannot narrow: what an action on a resource ' +
      'of the service writes, and what it reads just before, is called with this role. Only the role of `remediate` may ' +
      'assume it, for a quarter of an hour at a time. Each run of an action has a session of its own, which may call what ' +
      'that action needs and nothing else of the role, and whose name ' +
      'CloudTrail shows with every call: the id of the invocation of `remediate`, as its log and the run history have it, ' +
      'and the action (`8a7b….enable-key`).',
    ...writeSections,
    'The schedules that end grace periods take a role of their own too, for schedules of the deployment’s own group ' +
      'only, which allows `sqs:SendMessage` on the queue of `remediate` and its DLQ.',
    '# Who may use the queues, topics, bus and state table',
    hopPolicies,
    '## The operator role',
    'With the parameter `operatorArns` the stack has a role `trailseal-STAGE-operator-REGION`, which the users and roles that ' +
      'the parameter names may assume, and nobody else. `trailseal undo`, `history`, `breaker`, `dlq` and `doctor` assume it ' +
      'for what follows, in a session with the name of whoever runs them, which CloudTrail shows with every call; all else, ' +
      'what an undo writes to resources included, they do with the caller’s own rights. Without the parameter there is no ' +
      'such role, and these commands can’t be used.',
    section('### What it may do', operatorGrants(operated)),
    '## An override of the policy',
    'With the parameter `policyParameter` each function that goes by the policy (all but `transitions`, `notify` and `watchdog`) may ' +
      'also call `ssm:GetParameter` and `ssm:GetParameterHistory` on that one parameter. None may write it.',
    '## A key of your own',
    'With the parameter `kmsKeyArn` the role of each function may also use that key: `kms:Decrypt` and `kms:GenerateDataKey`, ' +
      'by way of the services that hold what it encrypts only. The key’s own policy has to leave it to IAM policies of the account (as it does ' +
      'by default), and has to allow',
    [
      '- `events.amazonaws.com`: `kms:Decrypt`, `kms:GenerateDataKey`, to fill the queues, and `kms:DescribeKey` for the ' +
        'bus, where the policy asks for actions;',
      '- `cloudwatch.amazonaws.com`: the same, to notify of alarms, where `alarmEmail` is set;',
      '- `logs.REGION.amazonaws.com`: `kms:Encrypt`, `kms:Decrypt`, `kms:ReEncrypt*`, `kms:GenerateDataKey*`, ' +
        '`kms:Describe*`, for the logs.',
    ].join('\n'),
    'Whoever deploys needs `kms:DescribeKey` and `kms:CreateGrant` on it, for the state table.',
  ].join('\n\n')}\n`;
}

/** In words, what the policies of the hops say. */
const hopPolicies = [
  'A policy of each queue, DLQ, topic, of the bus, and of the state table and its stream denies',
  [
    `- ${listedActions('AWS::SQS::Queue')} on queues and DLQs`,
    `- ${listedActions('AWS::SNS::Topic')} on the topics`,
    `- ${listedActions('AWS::Events::EventBus')} on the bus`,
    `- ${listedActions('AWS::DynamoDB::Table')} on the state table and its indexes`,
    `- ${inCode(streamActions)} on its stream`,
  ].join('\n'),
  'to everybody but the roles of the stack that need one of them there, as listed on this page: however much a role of ' +
    'the account is allowed, the root user included, it can neither send nor read a message, publish an event, or write ' +
    'or read an item. Services are let in only for the rules and alarms of the stack (`aws:SourceArn`). A topic that you ' +
    'bring yourself keeps your policy.',
  'Nobody is denied the control plane, as CloudFormation needs it: **whoever may change these policies** ' +
    '(`sqs:SetQueueAttributes`, `sns:SetTopicAttributes`, `events:PutPermission`, `dynamodb:PutResourcePolicy` and the ' +
    'actions that remove them), the roles themselves, the rules (`events:PutTargets`) or the functions **may open what they ' +
    'close**, and whoever may restore or export the table (`dynamodb:RestoreTableToPointInTime`, ' +
    '`ExportTableToPointInTime`, backups) gets a copy of it. Grant these on `trailseal-*` to nobody but those who deploy.',
].join('\n\n');

function listedActions(type: HopType): string {
  return inCode(dataActions[type]);
}

function inCode(actions: readonly string[]): string {
  return actions.map((action) => `\`${action}\``).join(', ');
}

function sectionsOf(names: readonly FunctionName[], deployment: Deployment): Promise<readonly string[]> {
  return Promise.all(
    names.map(async (name) => {
      const own = await grantsOf(name, deployment);
      const grants = name === 'remediate' ? [...own, ...assuming(deployment)] : own;
      return section(`## \`${functionNameOf(deployment.parameters.stage, name)}\``, grants);
    }),
  );
}

function section(title: string, grants: readonly Grant[]): string {
  const alike = Map.groupBy(
    grants,
    ({ resource, condition, why }) => `${shown(resource)}${only(condition)} | ${why}`,
  );
  const rows = [...alike].map(
    ([rest, some]) => `| ${some.map(({ action }) => `\`${action}\``).join(', ')} | ${rest} |`,
  );
  return [title, '', '| action | on | why |', '| --- | --- | --- |', ...rows].join('\n');
}

/** The condition of a statement; the Region condition of actions without resources is not shown. */
function only(condition: Grant['condition']): string {
  const tests = Object.entries(condition ?? {}).flatMap(([operator, keys]) =>
    Object.entries(keys)
      .filter(([key]) => key !== 'aws:RequestedRegion')
      .map(([key, value]) => `\`${key}\` ${operator} ${[value].flat().map(shown).join(', ')}`),
  );
  return tests.length === 0 ? '' : `, only where ${tests.join(' and ')}`;
}

/** A resource of a statement: an ARN, or its logical id in the stack. */
function shown(resource: unknown): string {
  if (Array.isArray(resource)) return resource.map(shown).join(', ');
  if (resource === '*') return '_all_';
  if (!isObject(resource)) return `\`${String(resource)}\``;
  const attribute = resource['Fn::GetAtt'];
  if (Array.isArray(attribute)) return `\`${attribute[0]}\``;
  if (typeof resource['Ref'] === 'string') return `\`${resource['Ref']}\``;
  const pseudoParameters: Readonly<Record<string, string>> = {
    Partition: 'aws',
    Region: 'REGION',
    AccountId: 'ACCOUNT',
  };
  const arn = String(resource['Fn::Sub'])
    .replaceAll(/\$\{AWS::(\w+)\}/g, (_, name: string) => pseudoParameters[name] ?? name)
    .replaceAll(/\$\{(\w+)\.Arn\}/g, '$1');
  return `\`${arn}\``;
}
