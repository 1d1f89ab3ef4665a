/** The name of a resource among all accounts and Regions: its ARN, or what stands for one where its type has none. */
import type { AccountRegion } from './account-region.ts';

/** The parts of the name of a resource without an ARN. */
export interface NameParts extends AccountRegion {
  readonly type: string;
  readonly id: string;
}

/**
 * The name of a resource, for people, for patterns of exemptions, and for `Resource.partOf`.
 * @returns its ARN; of a resource without one, `<account>/<Region>/<type>/<id>`.
 * @example resourceName(volume) // 'arn:aws:ec2:eu-central-1:111122223333:volume/vol-1'
 */
export function resourceName({
  type,
  id,
  arn,
  account,
  region,
}: AccountRegion & {
  readonly type: string;
  readonly id: string;
  readonly arn?: string | undefined;
}): string {
  return arn ?? `${account}/${region}/${type}/${id}`;
}

/**
 * The parts of the name of a resource without an ARN.
 * @param name any text.
 * @returns `undefined` where it is no such name.
 * @example namePartsIn('111122223333/eu-central-1/KubernetesPod/my-cluster/default/web')?.id // 'my-cluster/default/web'
 */
export function namePartsIn(name: string): NameParts | undefined {
  const match = /^(\d{12})\/([a-z0-9-]+)\/(\w+)\/(.+)$/s.exec(name);
  if (match === null) return undefined;
  const [, account = '', region = '', type = '', id = ''] = match;
  return { account, region, type, id };
}
