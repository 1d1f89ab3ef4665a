/** Listing load balancers, and the listeners of each: DescribeLoadBalancers, and DescribeListeners. They tell no tags. */
import {
  DescribeListenersCommand,
  DescribeLoadBalancersCommand,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import type { Clients } from '../../aws/clients.ts';
import { arnOf } from '../../core/arn.ts';
import { asked, type Lister, tokenIn } from '../../core/list.ts';
import { nested } from '../../core/nested-list.ts';
import { listenerOfArn, loadBalancerOfArn } from './names.ts';

const loadBalancersAction = 'elasticloadbalancing:DescribeLoadBalancers';

/** ARNs, at most 100 of some 130 characters. Source: API Reference, "DescribeLoadBalancers": PageSize is between 1 and 400. */
async function listLoadBalancers({ elbv2 }: Clients, token: string | undefined) {
  const answer = await elbv2.send(
    new DescribeLoadBalancersCommand({ PageSize: 100, ...(token === undefined ? {} : { Marker: token }) }),
  );
  return {
    items: (answer.LoadBalancers ?? []).flatMap(({ LoadBalancerArn: arn }) => arn ?? []),
    next: answer.NextMarker,
  };
}

const loadBalancers: Lister = {
  permissions: [loadBalancersAction],
  async list(clients, accountRegion, token) {
    const { items, next } = await asked(loadBalancersAction, accountRegion, () =>
      listLoadBalancers(clients, token),
    );
    return {
      resources: items.flatMap((arn) => loadBalancerOfArn(arn) ?? []),
      token: tokenIn(next),
      unlisted: [],
    };
  },
};

const listeners = nested({
  outer: { action: loadBalancersAction, list: listLoadBalancers },
  inner: {
    action: 'elasticloadbalancing:DescribeListeners',
    async list({ elbv2 }, loadBalancerArn, token) {
      const answer = await elbv2.send(
        new DescribeListenersCommand({
          LoadBalancerArn: loadBalancerArn,
          PageSize: 100,
          ...(token === undefined ? {} : { Marker: token }),
        }),
      );
      return {
        items: (answer.Listeners ?? []).flatMap(({ ListenerArn: arn }) => listenerOfArn(arn)?.id ?? []),
        next: answer.NextMarker,
      };
    },
    deleted: 'LoadBalancerNotFoundException',
    // A denial is of all load balancers: IAM knows no resources for DescribeListeners.
    particular: [],
  },
  resource: (loadBalancerArn, id, { account, region }) => ({
    type: 'AwsElbv2Listener',
    id,
    arn: arnOf('elasticloadbalancing', region, account, `listener/${id}`),
    account,
    region,
    partOf: loadBalancerArn,
  }),
});

export const listers = { AwsElbv2LoadBalancer: loadBalancers, AwsElbv2Listener: listeners };
