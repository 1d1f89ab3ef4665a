/** Exemptions that operators give by a custom action in Security Hub: one finding, for a fixed time. They are kept in the state table. */
import type { FindingExemption } from '../findings/finding.ts';
import { endOf } from './last-day.ts';

/** How long one holds, in days. */
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
  /** By whom and when it was taken back; it holds no more then. */
  readonly lifted: { readonly by: string; readonly at: string } | null;
}

const day = 86_400_000;

/** An exemption of this finding, from now on. */
export function exemptionFromNow(
  finding: string,
  by: { readonly owner: string; readonly reason: string },
  now: Date,
): OperatorExemption {
  const expires = new Date(now.getTime() + exemptDays * day).toISOString().slice(0, 10);
  return { finding, ...by, expires, givenAt: now.toISOString(), lifted: null };
}

/** As a finding tells it; `undefined` for one that was taken back. */
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
