/** The workflow status that operators gave a finding in Security Hub. */
import { GetFindingsCommand, type SecurityHubClient } from '@aws-sdk/client-securityhub';
import { isUnanswered, reasonOf } from '../aws/reason.ts';
import type { Circumstances } from '../policy/decide/circumstances.ts';

/** The IAM action that reading it needs. */
export const workflowPermission = 'securityhub:GetFindings';

/** The workflow status as it was read. */
export interface Workflow {
  readonly status: NonNullable<Circumstances['workflow']>;
  /** Why it could not be read, a clause for people. */
  readonly because?: string;
  /** Whether it may be read in a while: see `isUnanswered`. */
  readonly unanswered?: boolean;
}

/**
 * Reads the workflow status of a finding; one that Security Hub does not have yet is new.
 * @param finding its id.
 * @returns its status; `unreadable` where Security Hub did not answer.
 * Source: AWS Security Hub User Guide, "Setting the workflow status of findings".
 */
export async function workflowOf(client: SecurityHubClient, finding: string): Promise<Workflow> {
  try {
    const { Findings: findings = [] } = await client.send(
      new GetFindingsCommand({
        Filters: {
          Id: [{ Value: finding, Comparison: 'EQUALS' }],
          ProductName: [{ Value: 'Trailseal', Comparison: 'EQUALS' }],
        },
        MaxResults: 10,
      }),
    );
    const statuses = findings
      .filter(({ Id }) => Id === finding)
      .map((found) => found.Workflow?.Status ?? 'NEW');
    return { status: statuses.find((status) => status === 'SUPPRESSED') ?? statuses[0] ?? 'NEW' };
  } catch (error) {
    return { status: 'unreadable', because: reasonOf(error), unanswered: isUnanswered(error) };
  }
}
