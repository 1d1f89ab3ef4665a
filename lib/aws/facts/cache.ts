/** What AWS never changes its mind about, kept for the life of the process that made the cache. */
import type { Ec2Facts } from '../../services/ec2/facts.ts';

export interface Cache {
  /** Instance types as DescribeInstanceTypes told of them; the shipped snapshot's answers are not kept. */
  readonly instanceTypes: Map<string, Ec2Facts['ec2.instanceType']>;
  /** Whose a KMS key is, by the key's ARN. */
  readonly keyManagers: Map<string, 'AWS' | 'CUSTOMER'>;
}

export function emptyCache(): Cache {
  return { instanceTypes: new Map(), keyManagers: new Map() };
}
