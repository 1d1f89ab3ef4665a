/** Findings as ASFF, as rich as those that a deployment publishes: with the details and tags of their resources. */
import type { AwsSecurityFinding } from '@aws-sdk/client-securityhub';
import { toAsff, whyUnpublishable } from '../../../lib/findings/asff.ts';
import type { Finding } from '../../../lib/findings/finding.ts';
import { resourceTypeOf } from '../../../lib/services/catalogue.ts';
import { controlOf, type RunOutput } from './run-output.ts';

export interface AsffOutput {
  readonly findings: readonly AwsSecurityFinding[];
  /** Findings that are left out, because Security Hub would reject them. */
  readonly refused: readonly { readonly id: string; readonly reason: string }[];
}

/** The findings that Security Hub would take, and the others with the reason. */
export function asffOf(run: RunOutput): AsffOutput {
  const { replay, origin } = run;
  const refused = replay.findings.flatMap((finding) => {
    const reason = whyUnpublishable(finding);
    return reason === undefined ? [] : [{ id: finding.id, reason }];
  });
  const refusedIds = new Set(refused.map(({ id }) => id));
  const findings = replay.findings
    .filter(({ id }) => !refusedIds.has(id))
    .map((finding) => {
      const accountName = origin.accountNames.get(finding.account);
      return {
        ...toAsff(finding, controlOf(run, finding), updatedAt(finding, run), {
          ...replay.described.get(finding.id),
          type: resourceTypeOf(finding.resource.type),
        }),
        ...(accountName === undefined ? {} : { AwsAccountName: accountName }),
      };
    });
  return { findings, refused };
}

/**
 * Security Hub ignores an update that is not newer than what it has. What a trail shows is as old as its last event, so that a
 * replay never replaces what a deployment has published since, with what it alone knows. A scan is of now.
 * Source: AWS Security Hub User Guide, "BatchImportFindings for finding providers" (UpdatedAt).
 */
function updatedAt({ history, openedAt }: Finding, { origin }: RunOutput): string {
  const last = history.at(-1)?.at ?? openedAt;
  return origin.command === 'replay' && last !== null ? last : origin.generatedAt;
}
