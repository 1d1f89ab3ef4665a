/**
 * Remediation: takes a transition of a finding, or an operator's order, looks at the resource again, decides again, and
 * acts. Whatever it does may be done twice, and interrupted anywhere: the journal says how far it got, and the same message
 * goes on from there.
 */
import { bringAbout } from './bring-about.ts';
import type { Occasion } from './message.ts';
import type { ActionRequest } from './requested-action.ts';
import { carryOutRequest, giveUp } from './requested-actions.ts';
import { type Remediation, type RemediatorOptions, RunState } from './run.ts';

export type { Occasion } from './message.ts';
export { leaseFor, type Remediation, type RemediatorOptions } from './run.ts';

export class Remediator {
  readonly #options: RemediatorOptions;

  constructor(options: RemediatorOptions) {
    this.#options = options;
  }

  /** Brings about what the policy asks for a finding; see `bringAbout`. */
  remediate(occasion: Occasion): Promise<Remediation> {
    return bringAbout(new RunState(this.#options), occasion);
  }

  /** Answers an order that is not tried any more; see `giveUp`. */
  giveUp(order: ActionRequest, because: string): Promise<Remediation> {
    return giveUp(new RunState(this.#options), order, because);
  }

  /** Does what an operator orders; see `carryOutRequest`. */
  carryOutRequest(order: ActionRequest): Promise<Remediation> {
    return carryOutRequest(new RunState(this.#options), order);
  }
}
