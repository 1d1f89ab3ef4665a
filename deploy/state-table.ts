/** The state table. */

import { type Stage, tableName } from '../lib/aws/names.ts';
import { streamSpecification, table } from '../lib/findings/state/schema.ts';
import type { Deployment } from './context.ts';
import { tableArn } from './hop-policies.ts';
import { ids } from './ids.ts';
import { insights } from './insights.ts';
import type { StackResources, Value } from './template.ts';
import { sub } from './template.ts';

/**
 * Its ARN, for the roles that use it. By its name: the table's own policy refers to the roles.
 * @param part of it: an index or its streams, as `/index/open`.
 */
export function stateTableArn(stage: Stage, part = ''): Value {
  return sub(`${tableArn(tableName(stage))}${part}`);
}

/**
 * On-demand capacity, as events come in bursts; encrypted, by DynamoDB's AWS managed key or the customer's; with
 * point-in-time recovery. Where `retainState` holds, neither a change of the stack nor its removal deletes it.
 *
 * It waits for the insights, which cannot be made where Security Hub is off: a first deployment that fails for that
 * leaves no state table behind, whose name would stand in the way of the second. Source: AWS CloudFormation User Guide,
 * "DeletionPolicy attribute" (Retain keeps what a rolled back operation made, too).
 */
export function stateTable(deployment: Deployment): StackResources {
  const { stage, kmsKeyArn, retainState } = deployment.parameters;
  const first = Object.keys(insights(deployment));
  const fate = retainState ? 'Retain' : 'Delete';
  const { AttributeDefinitions, KeySchema, GlobalSecondaryIndexes, TimeToLiveSpecification } = table;
  return {
    [ids.stateTable]: {
      Type: 'AWS::DynamoDB::Table',
      ...(first.length === 0 ? {} : { DependsOn: first }),
      DeletionPolicy: fate,
      UpdateReplacePolicy: fate,
      Properties: {
        TableName: tableName(stage),
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions,
        KeySchema,
        GlobalSecondaryIndexes,
        TimeToLiveSpecification,
        ...(deployment.functions.includes('transitions') ? { StreamSpecification: streamSpecification } : {}),
        SSESpecification: {
          SSEEnabled: true,
          SSEType: 'KMS',
          ...(kmsKeyArn === undefined ? {} : { KMSMasterKeyId: kmsKeyArn }),
        },
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
        DeletionProtectionEnabled: retainState,
      },
    },
  };
}
