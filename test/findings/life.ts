/** The life of a finding in as few words as a test needs. */
import type { Control, Evaluation, Resource } from '../../lib/core/control.ts';
import type { Finding } from '../../lib/findings/finding.ts';
import {
  type Cause,
  deletionBecause,
  foldFinding,
  type ObservedVerdict,
} from '../../lib/findings/lifecycle.ts';

export interface Subject {
  readonly control: Control;
  readonly resource: Resource;
  readonly cause: Cause;
}

/** What came of a finding when its resource was evaluated, with no plan and no exemption where none is given. */
export function afterVerdict(
  previous: Finding | undefined,
  { control, resource, cause }: Subject,
  { verdict, evidence }: Evaluation,
  more: Partial<Pick<ObservedVerdict, 'severity' | 'plan' | 'exemption'>> = {},
): Finding | undefined {
  return foldFinding(previous, control, {
    cause,
    resource,
    result: {
      kind: 'evaluated',
      verdict,
      evidence,
      severity: control.severity,
      plan: { actions: [], skipped: [] },
      exemption: undefined,
      details: undefined,
      ...more,
    },
  });
}

/** The same where there is a finding afterwards: that of a failure, or of a doubt about a new resource. */
export function findingAfter(...given: Parameters<typeof afterVerdict>): Finding {
  const finding = afterVerdict(...given);
  if (finding === undefined) throw new Error(`${given[2].verdict} opens no finding`);
  return finding;
}

/** What came of a finding when its resource was deleted. */
export function afterDeletion(previous: Finding, { control, resource, cause }: Subject): Finding {
  const result = deletionBecause(cause.eventName);
  return foldFinding(previous, control, { cause, resource, result }) ?? previous;
}
