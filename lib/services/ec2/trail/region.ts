/** Where an account's own settings and names hold: they are apart in every Region. */

/** An account in a Region. */
export interface AccountRegion {
  readonly account: string;
  readonly region: string;
}

/** The key of a map by account and Region. */
export function accountRegionOf({ account, region }: AccountRegion): string {
  return `${account}/${region}`;
}
