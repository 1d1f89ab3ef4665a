/** Where an account's own settings and names hold: they are apart in every Region. */

/** An account in a Region. */
export interface Place {
  readonly account: string;
  readonly region: string;
}

/** The key of a map by account and Region. */
export function placeOf({ account, region }: Place): string {
  return `${account}/${region}`;
}
