/** The workflow status that operators gave a finding in Security Hub. */
import type { SecurityHubClient } from '@aws-sdk/client-securityhub';
import { isUnanswered, reasonOf } from '../aws/reason.ts';
import type { Circumstances } from '../policy/decide/circumstances.ts';
import { type FindingIdentifier, readFinding } from './own-finding.ts';

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
 * @param finding one of this deployment's own: what another account or product imports with the same id says nothing
 *   about it.
 * @returns its status; `unreadable` where Security Hub did not answer.
 * Source: AWS Security Hub User Guide, "Setting the workflow status of findings".
 */
export async function workflowOf(client: SecurityHubClient, finding: FindingIdentifier): Promise<Workflow> {
  try {
    const found = await readFinding(client, finding);
    return { status: found?.Workflow?.Status ?? 'NEW' };
  } catch (error) {
    return { status: 'unreadable', because: reasonOf(error), unanswered: isUnanswered(error) };
  }
}
