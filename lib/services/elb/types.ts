/**
 * The types of resources that load balancing has: what is particular to each.
 * Sources: Service Authorization Reference, "Resource types defined by AWS Elastic Load Balancing V2"; Security Hub API
 * model, ResourceDetails, which has load balancers and no listeners.
 */
import { parseArn } from '../../core/arn.ts';
import { knownValue, otherDetails } from '../../core/details.ts';
import type { ResourceTypeDefinition } from '../../core/service.ts';
import { listenerIdIn, loadBalancerIdIn, loadBalancerIdOf } from './names.ts';

declare module '../../core/control.ts' {
  interface ResourceTypes {
    readonly AwsElbv2LoadBalancer: 'arn';
    readonly AwsElbv2Listener: 'arn';
  }
}

/** By how their ids begin. */
const typesByPrefix: Readonly<Record<string, string>> = {
  app: 'application',
  net: 'network',
  gwy: 'gateway',
};

export const resourceTypes = {
  AwsElbv2LoadBalancer: {
    noun: { one: 'load balancer', many: 'load balancers' },
    asffType: 'AwsElbv2LoadBalancer',
    arn: {
      service: 'elasticloadbalancing',
      resource: (id) => `loadbalancer/${id}`,
      idIn: loadBalancerIdIn,
    },
    exampleId: 'app/my-load-balancer/50dc6c495c0c9188',
    hasOwnId: () => true,
    details: ({ id }) => ({ AwsElbv2LoadBalancer: { Type: typesByPrefix[id.slice(0, 3)] } }),
    tags: 'apart',
    reading: 'in-batches',
    relations: [],
  },
  AwsElbv2Listener: {
    noun: { one: 'listener', many: 'listeners' },
    asffType: 'Other',
    arn: {
      service: 'elasticloadbalancing',
      resource: (id) => `listener/${id}`,
      idIn: listenerIdIn,
    },
    exampleId: 'app/my-load-balancer/50dc6c495c0c9188/f2f7dc8efc522ab2',
    hasOwnId: () => true,
    details: ({ id, partOf }, facts) => {
      const listener = knownValue(facts['elb.listener']);
      return {
        Other: otherDetails({
          loadBalancerArn: parseArn(partOf) === undefined ? undefined : partOf,
          loadBalancerType: typesByPrefix[id.slice(0, 3)],
          protocol: listener?.protocol,
          port: listener?.port,
          sslPolicy: listener?.sslPolicy,
          defaultActions: listener?.defaultActions?.map(({ type }) => type ?? 'unknown').join(', '),
        }),
      };
    },
    tags: 'apart',
    reading: 'in-batches',
    relations: [
      {
        kind: 'part-of',
        type: 'AwsElbv2LoadBalancer',
        related: ({ id }) => [{ id: loadBalancerIdOf(id) }],
      },
    ],
  },
} as const satisfies Record<string, ResourceTypeDefinition>;
