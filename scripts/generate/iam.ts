/** `docs/iam.md`: what each function of a deployment may do, and why. */
import { type Deployment, deploymentOf } from '../../deploy/context.ts';
import { defaultParameters } from '../../deploy/defaults.ts';
import { readParameters } from '../../deploy/parameters.ts';
import { type Grant, grantsOf } from '../../deploy/permissions.ts';
import { isObject } from '../../lib/json.ts';
import { functionName, type QueueName } from '../../lib/names.ts';

/** The page for a deployment without parameters. */
export async function iamPage(): Promise<string> {
  const deployment = deploymentOf(readParameters(defaultParameters()));
  const sections = await Promise.all(
    deployment.queues.map(async (name) => section(name, deployment, await grantsOf(name, deployment))),
  );
  return `${[
    '# What the functions may do',
    'This page is generated from what the roles of the stack are derived from: the facts that the controls need, what ' +
      'the sweep lists, what the ledger does. Tests hold that a role allows what its function calls, and nothing else ' +
      '(`npm run test:template`). No action has a wildcard. Nothing that is judged can be changed.',
    'Where it says _all_, AWS knows no resources for the action, and it is allowed in the stack’s own Region only. What ' +
      'the policy disables, and what the parameter `families` leaves out, is not allowed at all.',
    ...sections,
    '## The schedule',
    'EventBridge Scheduler takes a role of its own, for schedules of this account only. It allows `sqs:SendMessage` on ' +
      'the sweep’s queue and its dead letters, and nothing else.',
    '## A key of your own',
    'With the parameter `kmsKeyArn` each of these roles may also use that key: `kms:Decrypt` and `kms:GenerateDataKey`, ' +
      'by way of SQS and DynamoDB only. The key’s own policy has to leave it to IAM policies of the account (as it does ' +
      'by default), and has to allow',
    [
      '- `events.amazonaws.com`: `kms:Decrypt`, `kms:GenerateDataKey`, to fill the queues;',
      '- `cloudwatch.amazonaws.com`: the same, to tell of alarms, where `alarmEmail` is set;',
      '- `logs.REGION.amazonaws.com`: `kms:Encrypt`, `kms:Decrypt`, `kms:ReEncrypt*`, `kms:GenerateDataKey*`, ' +
        '`kms:Describe*`, for the logs.',
    ].join('\n'),
    'Whoever deploys needs `kms:DescribeKey` and `kms:CreateGrant` on it, for the ledger.',
  ].join('\n\n')}\n`;
}

function section(name: QueueName, { parameters }: Deployment, grants: readonly Grant[]): string {
  const alike = Map.groupBy(grants, ({ resource, why }) => `${shown(resource)} | ${why}`);
  const rows = [...alike].map(
    ([rest, some]) => `| ${some.map(({ action }) => `\`${action}\``).join(', ')} | ${rest} |`,
  );
  return [
    `## \`${functionName(parameters.stage, name)}\``,
    '',
    '| action | on | why |',
    '| --- | --- | --- |',
    ...rows,
  ].join('\n');
}

/** A resource of a statement: an ARN, or what the stack calls it. */
function shown(resource: unknown): string {
  if (Array.isArray(resource)) return resource.map(shown).join(', ');
  if (resource === '*') return '_all_';
  if (!isObject(resource)) return `\`${String(resource)}\``;
  const attribute = resource['Fn::GetAtt'];
  if (Array.isArray(attribute)) return `\`${attribute[0]}\``;
  const places: Readonly<Record<string, string>> = {
    Partition: 'aws',
    Region: 'REGION',
    AccountId: 'ACCOUNT',
  };
  const arn = String(resource['Fn::Sub'])
    .replaceAll(/\$\{AWS::(\w+)\}/g, (_, place: string) => places[place] ?? place)
    .replaceAll(/\$\{(\w+)\.Arn\}/g, '$1');
  return `\`${arn}\``;
}
