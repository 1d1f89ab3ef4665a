/** The journal: where action runs are kept. Whatever it can't do, it rejects with a `StateTableError`. */
import type { AccountRegion } from '../../core/account-region.ts';
import type { ActionId } from '../../core/action.ts';
import type { ActionRun } from './action-run.ts';

export interface Journal {
  /** The newest action run of an action for a finding. */
  latest(findingId: string, action: ActionId): Promise<ActionRun | undefined>;
  /** All action runs for a finding, in the order in which they were begun. */
  of(findingId: string): Promise<readonly ActionRun[]>;
  /** The action runs begun in a place since then, in that order. */
  since(accountRegion: AccountRegion, from: Date): Promise<readonly ActionRun[]>;
  /**
   * Keeps a new action run, version 1, and lists it.
   * @returns `false` when there is already one of its finding, action and sequence.
   */
  begin(actionRun: ActionRun): Promise<boolean>;
  /**
   * Keeps an action run in the place of its version before.
   * @returns `false` when somebody else has written it meanwhile.
   */
  save(actionRun: ActionRun): Promise<boolean>;
}
