/** Opening findings under a policy, one after the other, as each plan uses up what the guardrails allow. */

import type { Finding } from '../../findings/finding.ts';
import type { Cause } from '../../findings/lifecycle.ts';
import { openFinding } from '../../findings/lifecycle.ts';
import { decide } from '../../policy/decide.ts';
import { exemptionFor } from '../../policy/exemptions.ts';
import { noUsage } from '../../policy/guardrails.ts';
import type { Policy } from '../../policy/policy.ts';
import type { Evaluated } from '../evaluate.ts';

export class Openings {
  readonly #policy: Policy;
  readonly #now: Date;
  #usage = noUsage;

  /** @param now the moment against which exemptions are held. */
  constructor(policy: Policy, now: Date) {
    this.#policy = policy;
    this.#now = now;
  }

  /** The finding of a verdict of FAIL or UNKNOWN, with its plan. */
  open(
    previous: Finding | undefined,
    { control, resource, evaluation }: Omit<Evaluated, 'facts'>,
    event: Cause,
  ): Finding {
    const policy = this.#policy;
    const exemption = exemptionFor(policy, control.id, resource, this.#now);
    const { verdict } = evaluation;
    const { plan, usage } = decide({
      verdict,
      control,
      resource,
      policy,
      exemption,
      usage: this.#usage,
      time: event.time,
    });
    this.#usage = usage;
    const severity = policy.controls.get(control.id)?.severity ?? control.severity;
    return openFinding(previous, { control, resource, severity, evaluation, event, plan, exemption });
  }
}
