/** ARNs of one load balancer and one of its listeners, from AWS's documentation, wherever they are. */
import type { AccountRegion } from '../../../lib/core/account-region.ts';
import { arnOf } from '../../../lib/core/arn.ts';

export function loadBalancerArnIn({ account, region }: AccountRegion, name = 'app/web'): string {
  return arnOf('elasticloadbalancing', region, account, `loadbalancer/${name}/50dc6c495c0c9188`);
}

export function listenerArnIn({ account, region }: AccountRegion, name = 'app/web'): string {
  return arnOf('elasticloadbalancing', region, account, `listener/${name}/50dc6c495c0c9188/f2f7dc8efc522ab2`);
}
