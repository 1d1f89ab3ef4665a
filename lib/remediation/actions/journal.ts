/** The journal: where deeds are kept. Whatever it can't do, it rejects with a `LedgerError`. */
import type { ActionId } from '../../core/action.ts';
import type { Deed } from './action-run.ts';

export interface Journal {
  /** The newest deed of an action for a finding. */
  latest(findingId: string, action: ActionId): Promise<Deed | undefined>;
  /** All deeds for a finding, in the order in which they were begun. */
  of(findingId: string): Promise<readonly Deed[]>;
  /** The deeds begun in a place since then, in that order. */
  since(place: Place, from: Date): Promise<readonly Deed[]>;
  /**
   * Keeps a new deed, version 1, and lists it.
   * @returns `false` when there is already one of its finding, action and sequence.
   */
  begin(deed: Deed): Promise<boolean>;
  /**
   * Keeps a deed in the place of its version before.
   * @returns `false` when somebody else has written it meanwhile.
   */
  save(deed: Deed): Promise<boolean>;
}

/** An account in a Region. */
export interface Place {
  readonly account: string;
  readonly region: string;
}
