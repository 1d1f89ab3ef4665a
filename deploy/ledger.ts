/** The ledger's table. */
import { table } from '../lib/ledger/table.ts';
import { tableName } from '../lib/names.ts';
import type { Deployment } from './context.ts';
import { ids } from './ids.ts';
import type { Resources } from './template.ts';

/**
 * Capacity on demand, as events come in storms; encrypted, by DynamoDB's AWS managed key or the customer's; with
 * point-in-time recovery. Where `keepLedger` holds, neither a change of the stack nor its removal deletes it.
 */
export function ledger({ parameters: { stage, kmsKeyArn, keepLedger } }: Deployment): Resources {
  const fate = keepLedger ? 'Retain' : 'Delete';
  const { AttributeDefinitions, KeySchema, GlobalSecondaryIndexes, TimeToLiveSpecification } = table;
  return {
    [ids.ledger]: {
      Type: 'AWS::DynamoDB::Table',
      DeletionPolicy: fate,
      UpdateReplacePolicy: fate,
      Properties: {
        TableName: tableName(stage),
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions,
        KeySchema,
        GlobalSecondaryIndexes,
        TimeToLiveSpecification,
        SSESpecification: {
          SSEEnabled: true,
          SSEType: 'KMS',
          ...(kmsKeyArn === undefined ? {} : { KMSMasterKeyId: kmsKeyArn }),
        },
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
        DeletionProtectionEnabled: keepLedger,
      },
    },
  };
}
