/**
 * What each function may do, derived from what its code declares: the facts of the controls, the listers of the
 * scheduled scan, the state table. The template's roles and `docs/iam.md` are made from this.
 */

import type { QueueName } from '../lib/aws/names.ts';
import { hidePermission, sendPermission } from '../lib/aws/sqs.ts';
import type { Control, FactName } from '../lib/core/control.ts';
import { indexNames, stateTablePermissions } from '../lib/findings/state/schema.ts';
import { usesTags } from '../lib/policy/decide/tags.ts';
import { listerOf } from '../lib/services/listers.ts';
import { permissionsFor, tagPermissionsFor } from '../lib/services/readers.ts';
import type { Deployment } from './context.ts';
import { type Grant, grants, ofThisRegion, reads } from './grants.ts';
import { recordingHeartbeats, watching } from './grants-of-watchdog.ts';
import { ids } from './ids.ts';
import { overrideGrants } from './overriding.ts';
import { type FunctionName, functionNameOf, isWatchdog, type Queue } from './parts.ts';
import { notifying } from './remediation/notifying.ts';
import { operating, readingExemptions } from './remediation/operating.ts';
import { publishing } from './remediation/publishing.ts';
import { remediating } from './remediation/remediating.ts';
import { stateTableArn } from './state-table.ts';
import { arnOf, endpointOf, localArn } from './template.ts';

/** All that a function may do. */
export async function grantsOf(name: FunctionName, deployment: Deployment): Promise<readonly Grant[]> {
  const own = await ownOf(name, deployment);
  return [
    ...own,
    ...overrideGrants(deployment, name),
    ...(name === 'transitions' || isWatchdog(name) ? [] : receiving(name)),
    ...running(name, deployment),
  ];
}

async function ownOf(name: FunctionName, deployment: Deployment): Promise<readonly Grant[]> {
  switch (name) {
    case 'watchdog':
      return watching(deployment);
    case 'scan':
      return await scanning(deployment);
    case 'transitions':
      return publishing(deployment);
    case 'remediate':
      return await remediating(deployment);
    case 'notify':
      return notifying(deployment);
    case 'operator':
      return operating(deployment);
    default:
      return await evaluating(name, deployment);
  }
}

async function evaluating(name: Exclude<QueueName, 'scan'>, deployment: Deployment) {
  const controls = deployment.controls.get(name) ?? [];
  const facts = [...new Set(controls.flatMap((control) => control.facts))].sort();
  const reading = await Promise.all(
    permissionsFor(facts).map((action) => {
      const needing = facts.filter((fact) => permissionsFor([fact]).includes(action));
      return reads(action, `facts ${needing.join(', ')}, for ${evaluatedBy(controls, needing)}`);
    }),
  );
  return [
    ...reading,
    ...(await readingTags(controls, deployment)),
    ...stateTableGrants(
      deployment,
      ['dynamodb:BatchGetItem', 'dynamodb:PutItem'],
      'parts',
      'what was seen is recorded',
    ),
    ...readingExemptions(deployment),
    {
      sid: 'ImportFindings',
      action: 'securityhub:BatchImportFindings',
      resource: localArn('securityhub', `product/\${AWS::AccountId}/default`),
      why: 'findings are imported into Security Hub, as the account’s own product',
    },
    send([name], 'messages to be evaluated again'),
  ];
}

/** Where the policy goes by tags that no fact tells. */
function readingTags(controls: readonly Control[], { policy }: Deployment): Promise<readonly Grant[]> {
  const byTags = controls.filter(({ id }) => usesTags(policy, id));
  return Promise.all(
    tagPermissionsFor(byTags.map(({ resourceType }) => resourceType)).map((action) => {
      const needing = byTags.filter(({ resourceType }) => tagPermissionsFor([resourceType]).includes(action));
      return reads(action, `tags, by which the policy goes, for ${needing.map(({ id }) => id).join(', ')}`);
    }),
  );
}

function evaluatedBy(controls: readonly Control[], facts: readonly FactName[]): string {
  return controls
    .filter((control) => control.facts.some((fact) => facts.includes(fact)))
    .map(({ id }) => id)
    .join(', ');
}

async function scanning(deployment: Deployment) {
  const types = [
    ...new Set([...deployment.controls.values()].flat().map((control) => control.resourceType)),
  ].sort();
  const actions = [...new Set(types.flatMap((type) => listerOf(type).permissions))].sort();
  const listing = await Promise.all(
    actions.map((action) => {
      const listed = types.filter((type) => listerOf(type).permissions.includes(action));
      return reads(action, `lists ${listed.join(', ')}`);
    }),
  );
  return [
    recordingHeartbeats(deployment),
    ...listing,
    ...stateTableGrants(
      deployment,
      ['dynamodb:BatchGetItem'],
      'open',
      'what is open or pending publication is read',
    ),
    send(
      deployment.queues,
      'evaluators get what to evaluate; a scheduled scan that takes long goes on in another message',
    ),
    ...(deployment.functions.includes('remediate')
      ? [
          {
            sid: 'SendToRemediation',
            action: sendPermission,
            resource: arnOf(ids.queue('remediate')),
            why: 'what was skipped is tried again',
          },
        ]
      : []),
  ];
}

function stateTableGrants(
  { parameters: { stage } }: Deployment,
  actions: readonly (typeof stateTablePermissions.table)[number][],
  index: keyof typeof indexNames,
  why: string,
): readonly Grant[] {
  return [
    ...stateTablePermissions.table
      .filter((action) => actions.includes(action))
      .map((action) => ({ sid: 'StateTable', action, resource: stateTableArn(stage), why })),
    ...stateTablePermissions.indexes.map((action) => ({
      sid: 'StateTableIndex',
      action,
      resource: stateTableArn(stage, `/index/${indexNames[index]}`),
      why,
    })),
  ];
}

function send(queues: readonly QueueName[], why: string): Grant {
  return { sid: 'Send', action: sendPermission, resource: queues.map((name) => arnOf(ids.queue(name))), why };
}

function receiving(name: Queue): readonly Grant[] {
  const resource = arnOf(ids.queue(name));
  return [
    ...grants('Receive', ['sqs:DeleteMessage', 'sqs:GetQueueAttributes', 'sqs:ReceiveMessage'], {
      resource,
      why: 'Lambda takes messages from the queue with the function’s role',
    }),
    {
      sid: 'Redeliver',
      action: hidePermission,
      resource,
      why: 'a message that failed is delivered again after seconds',
    },
  ];
}

/** What every function needs: its DLQ (all but the watchdog), its log, its traces, and the customer's key. */
function running(name: FunctionName, { parameters: { stage, kmsKeyArn } }: Deployment): readonly Grant[] {
  return [
    ...(isWatchdog(name)
      ? []
      : grants('PutAside', [sendPermission], {
          resource: arnOf(ids.deadLetters(name)),
          why: 'what can’t be handled is sent to the DLQ with the reason',
        })),
    ...grants('Log', ['logs:CreateLogStream', 'logs:PutLogEvents'], {
      resource: localArn('logs', `log-group:/aws/lambda/${functionNameOf(stage, name)}:log-stream:*`),
      why: 'logs and metrics',
    }),
    ...grants('Trace', ['xray:PutTelemetryRecords', 'xray:PutTraceSegments'], {
      ...ofThisRegion,
      why: 'Lambda’s active tracing',
    }),
    ...(kmsKeyArn === undefined
      ? []
      : grants('UseKey', ['kms:Decrypt', 'kms:GenerateDataKey'], {
          resource: kmsKeyArn,
          condition: { StringEquals: { 'kms:ViaService': encryptedFor(name).map(endpointOf) } },
          why: 'the customer’s key encrypts queues, state table, bus and topics',
        })),
  ];
}

/** The services that hold what the customer's key encrypts for a function. */
function encryptedFor(name: FunctionName): readonly string[] {
  switch (name) {
    case 'transitions':
      return ['dynamodb', 'events', 'sqs'];
    case 'remediate':
      return ['dynamodb', 'events', 'sqs'];
    case 'watchdog':
      return ['dynamodb'];
    case 'notify':
      return ['sns', 'sqs'];
    default:
      return ['dynamodb', 'sqs'];
  }
}
