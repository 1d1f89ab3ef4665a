/** An account and one of its Regions. It travels with every resource, message, state key and client: it is never a property of the deployment. */
export interface AccountRegion {
  /** 12 digits; "unknown" where an event does not contain it. */
  readonly account: string;
  /** As AWS spells it, `eu-central-1`; "unknown" where an event does not contain it. */
  readonly region: string;
}

/**
 * The account and Region as a key for maps.
 * @example accountRegionKey({ account: '111122223333', region: 'eu-central-1' }) // '111122223333/eu-central-1'
 */
export function accountRegionKey({ account, region }: AccountRegion): string {
  return `${account}/${region}`;
}
