/** What there is in an account and Region: the resources that the controls evaluate, listed page by page. */

import type { Clients } from '../aws/clients.ts';
import { isDenial, reasonOf } from '../aws/reason.ts';
import type { AccountRegion } from './account-region.ts';
import type { Resource, ResourceType } from './control.ts';

export interface Page {
  /** Each as the triggers of its events name it, so that its findings are the same. */
  readonly resources: readonly Resource[];
  /** Where the next page begins; `undefined` after the last. */
  readonly token: string | undefined;
  /** What could not be listed although the rest could: the grants of a key whose policy lets nobody list them. */
  readonly unlisted: readonly ListingError[];
}

export interface Lister {
  /** The IAM actions that it needs. */
  readonly permissions: readonly string[];
  /**
   * One page, of some hundred resources at most. A token stands for a place in the listing and serves as long as
   * AWS's own tokens do; it is plain text of at most 20 KB.
   * @param token from the page before; `undefined` for the first.
   * Rejects with a `ListingError`.
   */
  list(clients: Clients, accountRegion: AccountRegion, token: string | undefined): Promise<Page>;
}

export type Listers = { readonly [Type in ResourceType]: Lister };

/** AWS did not list what was asked for; what the SDK threw is the cause. */
export class ListingError extends Error {
  override readonly name = 'ListingError';
  /** As IAM names it. */
  readonly action: string;
  readonly accountRegion: AccountRegion;
  /** Whether it was denied, so that another try would be too. */
  readonly denied: boolean;

  /** @param of whose parts were listed, where it was not the whole account. */
  constructor(action: string, accountRegion: AccountRegion, cause: unknown, of?: string) {
    const denied = isDenial(cause);
    super(
      `${action}${of === undefined ? '' : ` of ${of}`} ${denied ? 'was denied' : 'failed'} in account ` +
        `${accountRegion.account}, ${accountRegion.region}: ${reasonOf(cause)}; ${
          denied ? `allow ${action}` : 'try again later'
        }, as what is not listed is not evaluated`,
      { cause },
    );
    this.action = action;
    this.accountRegion = accountRegion;
    this.denied = denied;
  }
}

/** What the call answers. Rejects with a `ListingError` for whatever it throws. */
export async function asked<T>(
  action: string,
  accountRegion: AccountRegion,
  call: () => Promise<T>,
  of?: string,
): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw new ListingError(action, accountRegion, error, of);
  }
}

/** The next page's token as AWS gives it, where an empty one is none. */
export function tokenIn(token: string | undefined): string | undefined {
  return token === '' ? undefined : token;
}
