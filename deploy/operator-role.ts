/**
 * The role with which people use the state table, the queues and the bus: the commands `undo`, `history`, `breaker`, `dlq`
 * and `doctor` assume it. It may not write to any other resource: what an undo writes is written with the rights of
 * whoever runs it. Without anybody who may assume it, it is not made, and only the functions use the hops.
 * Sources: IAM User Guide, "AWS JSON policy elements: Principal" (a role's trust policy that names a user or role of the
 * account lets it assume the role); AWS CloudFormation Template Reference, "AWS::IAM::Role": RoleName.
 */
import { operatorRoleName, stackName } from '../lib/aws/names.ts';
import { sendPermission } from '../lib/aws/sqs.ts';
import { assumePermission } from '../lib/aws/sts.ts';
import { memoryPermissions } from '../lib/findings/state/memory.ts';
import { runHistoryPermissions } from '../lib/remediation/actions/run-history-dynamodb.ts';
import { limiterPermissions } from '../lib/remediation/limiter.ts';
import type { Deployment } from './context.ts';
import { type Grant, grants } from './grants.ts';
import { ids } from './ids.ts';
import { isWatchdog } from './parts.ts';
import { putEvents } from './remediation/publishing.ts';
import { statementsOf } from './roles.ts';
import { stateTableArn } from './state-table.ts';
import { policyDocument } from './statements.ts';
import { arnOf, endpointOf, localArn, type StackResources, sub } from './template.ts';

export function operatorRole(deployment: Deployment): StackResources {
  const { operatorArns, stage } = deployment.parameters;
  if (operatorArns.length === 0) return {};
  return {
    [ids.operatorRole]: {
      Type: 'AWS::IAM::Role',
      Properties: {
        // With a name, so that the command finds it without being allowed to ask CloudFormation.
        RoleName: sub(operatorRoleName(stage, `\${AWS::Region}`)),
        Description:
          'What the trailseal command may do with the state table, queues and bus; see docs/iam.md',
        AssumeRolePolicyDocument: {
          Version: '2012-10-17',
          Statement: [{ Effect: 'Allow', Principal: { AWS: operatorArns }, Action: [assumePermission] }],
        },
        Policies: [
          {
            PolicyName: 'trailseal',
            PolicyDocument: policyDocument(statementsOf(operatorGrants(deployment))),
          },
        ],
      },
    },
  };
}

const deadLetterActions = [
  'sqs:ChangeMessageVisibility',
  'sqs:DeleteMessage',
  'sqs:PurgeQueue',
  'sqs:ReceiveMessage',
];

/** What the operator role may do. */
export function operatorGrants({ parameters, functions }: Deployment): readonly Grant[] {
  const { stage, kmsKeyArn } = parameters;
  const reading = functions.filter((name) => !isWatchdog(name));
  const queues = reading.filter((name) => name !== 'transitions').map(ids.queue);
  const deadLetters = reading.map(ids.deadLetters);
  const table = [...memoryPermissions, ...runHistoryPermissions, ...limiterPermissions];
  return [
    ...grants('StateTable', [...new Set(table)].sort(), {
      resource: stateTableArn(stage),
      why: 'history, undo and the circuit breakers read and write what the run history, the memory and the limits hold',
    }),
    ...grants('DeadLetters', deadLetterActions, {
      resource: deadLetters.map(arnOf),
      why: 'dlq shows dead letters, and deletes those that it has sent back; docs/runbook.md has a DLQ emptied',
    }),
    ...grants('FindQueues', ['sqs:GetQueueUrl'], {
      // Of evaluators that are not deployed too: SQS says only to whoever may ask that a queue does not exist.
      resource: localArn('sqs', `${stackName(stage)}-*`),
      why: 'dlq finds the queues by their names',
    }),
    ...grants('SendBack', [sendPermission], {
      resource: queues.map(arnOf),
      why: 'dlq sends messages back to the queues that they came from',
    }),
    ...(functions.includes('transitions')
      ? [putEvents('the result of an undo is published on the bus')]
      : []),
    ...(kmsKeyArn === undefined
      ? []
      : grants('UseKey', ['kms:Decrypt', 'kms:GenerateDataKey'], {
          resource: kmsKeyArn,
          condition: {
            StringEquals: { 'kms:ViaService': ['dynamodb', 'events', 'sqs'].map(endpointOf) },
          },
          why: 'the customer’s key encrypts queues, state table and bus',
        })),
  ];
}
