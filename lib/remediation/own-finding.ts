/**
 * This deployment's own findings in Security Hub. An id alone names no finding: whoever may import findings, in this
 * account or another, of this product's name or another, may import one with any id. It is ours by its product's ARN,
 * which AWS makes of the account that imported it, and by its account.
 * Source: AWS Security Hub User Guide, "Sending findings to Security Hub from a custom product integration".
 */
import {
  type AwsSecurityFinding,
  GetFindingsCommand,
  type SecurityHubClient,
} from '@aws-sdk/client-securityhub';

/** A finding, as Security Hub identifies it. */
export interface FindingIdentifier {
  readonly id: string;
  readonly productArn: string;
  /** The account that it is of. */
  readonly account: string;
}

/**
 * Reads one finding.
 * @returns `undefined` where Security Hub does not have it. Rejects with what the SDK throws.
 * @example
 * const found = await readFinding(client, { id, productArn: productArnOf(accountRegion), account });
 */
export async function readFinding(
  client: SecurityHubClient,
  { id, productArn, account }: FindingIdentifier,
): Promise<AwsSecurityFinding | undefined> {
  const { Findings: findings = [] } = await client.send(
    new GetFindingsCommand({
      Filters: {
        Id: [{ Value: id, Comparison: 'EQUALS' }],
        ProductArn: [{ Value: productArn, Comparison: 'EQUALS' }],
        AwsAccountId: [{ Value: account, Comparison: 'EQUALS' }],
      },
      MaxResults: 10,
    }),
  );
  return findings.find(
    ({ Id, ProductArn, AwsAccountId }) => Id === id && ProductArn === productArn && AwsAccountId === account,
  );
}
