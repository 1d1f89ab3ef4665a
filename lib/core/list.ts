/** The listing of an account and Region: the resources that the controls evaluate, page by page. */

import type { Clients } from '../aws/clients.ts';
import { isDenial, reasonOf } from '../aws/reason.ts';
import type { AccountRegion } from './account-region.ts';
import type { Resource, ResourceType } from './control.ts';

export interface Page {
  /** Each with the id that the triggers of its events give it, so that its findings are the same. */
  readonly resources: readonly Resource[];
  /** Where the next page begins; `undefined` after the last. */
  readonly token: string | undefined;
  /**
   * What could not be listed although the rest was listed: the grants of a key whose policy allows nobody to list
   * them.
   */
  readonly unlisted: readonly ListingError[];
}

export interface Lister {
  /** The IAM actions that it needs. */
  readonly permissions: readonly string[];
  /**
   * One page, of some hundred resources at most. A token marks a position in the listing and is valid as long as
   * AWS's own tokens are; it is plain text of at most 20 KB.
   * @param token from the page before; `undefined` for the first. Rejects with a `ListingError`.
   */
  list(clients: Clients, accountRegion: AccountRegion, token: string | undefined): Promise<Page>;
}

export type Listers = { readonly [Type in ResourceType]: Lister };

/** AWS did not answer a listing call; the SDK's error is the cause. */
export class ListingError extends Error {
  override readonly name = 'ListingError';
  /** As IAM names it. */
  readonly action: string;
  readonly accountRegion: AccountRegion;
  /** Whether it was denied, so that a retry would be denied too. */
  readonly denied: boolean;

  /** @param of the name of the resource whose parts were listed, where it was not the whole account. */
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

/**
 * Makes one listing call and gives its errors the form that operators need.
 * @param action the IAM action of the call, `ec2:DescribeVolumes`.
 * @param call one call of the SDK.
 * @param of the name of the resource whose parts are listed, where it is not the whole account.
 * @returns the call's answer. Rejects with a `ListingError` for whatever the call throws.
 * @example await asked('kms:ListKeys', accountRegion, () => kms.send(new ListKeysCommand({})))
 */
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

/**
 * The token of the next page; AWS uses an empty token for "no next page" too.
 * @example tokenIn('') // undefined
 */
export function tokenIn(token: string | undefined): string | undefined {
  return token === '' ? undefined : token;
}
