/**
 * How ARNs name load balancers and their listeners: a listener's holds its load balancer's.
 * Source: Service Authorization Reference, "Resource types defined by AWS Elastic Load Balancing V2".
 */
import { parseArn } from '../../core/arn.ts';
import type { ArnResource } from '../../core/control.ts';

/** `app/<name>/<id>`, `net/…` or `gwy/…`; a Classic Load Balancer's has no such beginning. */
const loadBalancerForm = /^loadbalancer\/((?:app|net|gwy)\/[\w-]+\/[\w-]+)$/;
const listenerForm = /^listener\/((?:app|net|gwy)\/[\w-]+\/[\w-]+\/[\w-]+)$/;

/**
 * The id of a load balancer in what follows the account of its ARN.
 * @example loadBalancerIdIn('loadbalancer/app/web/50dc6c495c0c9188') // 'app/web/50dc6c495c0c9188'
 */
export function loadBalancerIdIn(resource: string): string | undefined {
  return loadBalancerForm.exec(resource)?.[1];
}

/**
 * Likewise, a listener's.
 * @example listenerIdIn('listener/net/mqtt/a1b2c3d4e5f60718/c3d4e5f607182930')
 * // 'net/mqtt/a1b2c3d4e5f60718/c3d4e5f607182930'
 */
export function listenerIdIn(resource: string): string | undefined {
  return listenerForm.exec(resource)?.[1];
}

/**
 * The id of the load balancer that the listener of this id is part of.
 * @example loadBalancerIdOf('app/web/50dc6c495c0c9188/f2f7dc8efc522ab2') // 'app/web/50dc6c495c0c9188'
 */
export function loadBalancerIdOf(listenerId: string): string {
  return listenerId.slice(0, Math.max(0, listenerId.lastIndexOf('/')));
}

/**
 * The load balancer of this ARN; `undefined` for another ARN, and for text that is none.
 * @example loadBalancerOfArn(text(event.request, 'loadBalancerArn'))?.id // 'app/web/50dc6c495c0c9188'
 */
export function loadBalancerOfArn(value: string | undefined): ArnResource | undefined {
  return resourceOf(value, 'AwsElbv2LoadBalancer', loadBalancerIdIn);
}

/**
 * The listener of this ARN, as part of its load balancer; `undefined` for another ARN, and for text that is none.
 * @example listenerOfArn('arn:aws:elasticloadbalancing:eu-central-1:111122223333:listener/app/web/50dc6c495c0c9188/f2f7dc8efc522ab2')
 */
export function listenerOfArn(value: string | undefined): ArnResource | undefined {
  const listener = resourceOf(value, 'AwsElbv2Listener', listenerIdIn);
  return listener && { ...listener, partOf: loadBalancerArnOf(listener) };
}

/** The ARN of the load balancer that a listener is part of. */
function loadBalancerArnOf({ arn, id }: Pick<ArnResource, 'arn' | 'id'>): string {
  return arn.replace(`:listener/${id}`, `:loadbalancer/${loadBalancerIdOf(id)}`);
}

function resourceOf(
  value: string | undefined,
  type: ArnResource['type'],
  idIn: (resource: string) => string | undefined,
): ArnResource | undefined {
  const parsed = parseArn(value);
  if (value === undefined || parsed === undefined || parsed.service !== 'elasticloadbalancing')
    return undefined;
  const { account, region, resource } = parsed;
  const id = idIn(resource);
  if (id === undefined || region === '' || !/^\d{12}$/.test(account)) return undefined;
  return { type, id, arn: value, account, region };
}
