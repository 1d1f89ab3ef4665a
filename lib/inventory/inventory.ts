/** What there is in an account and Region: the resources that the controls judge, listed page by page. */
import type { Clients } from '../aws/clients.ts';
import type { Resource, ResourceType } from '../control.ts';

export interface Page {
  readonly resources: readonly Resource[];
  /** Where the next page begins; `undefined` after the last. */
  readonly token: string | undefined;
}

export interface Lister {
  /** The IAM actions that it needs. */
  readonly permissions: readonly string[];
  /** One page. Rejects with what the SDK throws. */
  list(
    clients: Clients,
    place: { readonly account: string; readonly region: string },
    token: string | undefined,
  ): Promise<Page>;
}

export type Listers = { readonly [Type in ResourceType]: Lister };
