/**
 * Exemptions that operators give by a custom action in Security Hub: each for one finding and a fixed time. The state table
 * keeps them.
 */
import { endOf, type FindingExemption } from './model.ts';

/** How long an operator's exemption holds, in days. */
export const exemptDays = 30;

export interface OperatorExemption {
  /** The finding's id. */
  readonly finding: string;
  readonly reason: string;
  readonly owner: string;
  /** The last day (UTC) on which it holds, `YYYY-MM-DD`. */
  readonly expires: string;
  /** ISO 8601, UTC. */
  readonly givenAt: string;
  /** Who ended it early, and when (ISO 8601, UTC); `null` while nobody did. */
  readonly lifted: { readonly by: string; readonly at: string } | null;
}

/**
 * A new exemption of a finding, which holds for `exemptDays` days.
 * @param finding the finding's id.
 */
export function exemptionFromNow(
  finding: string,
  by: { readonly owner: string; readonly reason: string },
  now: Date,
): OperatorExemption {
  const expires = new Date(now.getTime() + exemptDays * 86_400_000).toISOString().slice(0, 10);
  return { finding, ...by, expires, givenAt: now.toISOString(), lifted: null };
}

/** The exemption as a finding shows it; `undefined` for one that was ended early. */
export function asExemption(
  { reason, owner, expires, lifted }: OperatorExemption,
  now: Date,
): FindingExemption | undefined {
  if (lifted !== null) return undefined;
  return {
    state: now.getTime() < endOf(expires) ? 'active' : 'expired',
    from: 'operator',
    reason,
    owner,
    expires,
  };
}
