import {
  DescribeListenersCommand,
  DescribeLoadBalancersCommand,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { describe, expect, it } from 'vitest';
import { account, awsError, mockAws, region } from '../listing.ts';
import { listenerArnIn, loadBalancerArnIn } from './arns.ts';

const names = ['app/web', 'net/mqtt', 'gwy/inspection'];
const loadBalancer = (name: string) => loadBalancerArnIn({ account, region }, name);
const listener = (name: string) => listenerArnIn({ account, region }, name);

/** An account with these load balancers, each with a listener; it tells two at a time. */
function withLoadBalancers() {
  const aws = mockAws();
  aws.elbv2
    .on(DescribeLoadBalancersCommand)
    .resolves({
      LoadBalancers: names.slice(0, 2).map((name) => ({ LoadBalancerArn: loadBalancer(name) })),
      NextMarker: 'two',
    })
    .on(DescribeLoadBalancersCommand, { Marker: 'two' })
    .resolves({
      LoadBalancers: names.slice(2).map((name) => ({ LoadBalancerArn: loadBalancer(name) })),
      NextMarker: '',
    });
  for (const name of names) {
    aws.elbv2
      .on(DescribeListenersCommand, { LoadBalancerArn: loadBalancer(name) })
      .resolves({ Listeners: [{ ListenerArn: listener(name) }] });
  }
  return aws;
}

describe('listing load balancers', () => {
  it('goes on from page to page until there is no marker, or an empty one', async () => {
    const pages = await withLoadBalancers().pages('AwsElbv2LoadBalancer');
    expect(pages.map(({ resources }) => resources.map(({ arn }) => arn))).toEqual([
      names.slice(0, 2).map(loadBalancer),
      names.slice(2).map(loadBalancer),
    ]);
  });
});

describe('listing listeners', () => {
  it('tells those of every load balancer, each as part of it', async () => {
    const pages = await withLoadBalancers().pages('AwsElbv2Listener');
    expect(pages.flatMap(({ resources }) => resources)).toEqual(
      names.map((name) => ({
        type: 'AwsElbv2Listener',
        id: `${name}/50dc6c495c0c9188/f2f7dc8efc522ab2`,
        arn: listener(name),
        account,
        region,
        partOf: loadBalancer(name),
      })),
    );
  });

  it('goes on within a load balancer', async () => {
    const aws = withLoadBalancers();
    const more = `${listener('app/web')}0`;
    aws.elbv2
      .on(DescribeListenersCommand, { LoadBalancerArn: loadBalancer('app/web') })
      .resolves({ Listeners: [{ ListenerArn: listener('app/web') }], NextMarker: 'more' })
      .on(DescribeListenersCommand, { LoadBalancerArn: loadBalancer('app/web'), Marker: 'more' })
      .resolves({ Listeners: [{ ListenerArn: more }] });
    const pages = await aws.pages('AwsElbv2Listener');
    expect(pages.flatMap(({ resources }) => resources.map(({ arn }) => arn)).toSorted()).toEqual(
      [...names.map(listener), more].toSorted(),
    );
  });

  it('leaves out a load balancer that was deleted meanwhile', async () => {
    const aws = withLoadBalancers();
    aws.elbv2
      .on(DescribeListenersCommand, { LoadBalancerArn: loadBalancer('net/mqtt') })
      .rejects(awsError('LoadBalancerNotFoundException', 'Load balancer not found'));
    const pages = await aws.pages('AwsElbv2Listener');
    expect(
      pages.flatMap(({ resources, unlisted }) => [...resources.map(({ arn }) => arn), ...unlisted]),
    ).toEqual(['app/web', 'gwy/inspection'].map(listener));
  });

  it('fails as a whole where it is denied, as it is for all load balancers then', async () => {
    const aws = withLoadBalancers();
    aws.elbv2.on(DescribeListenersCommand).rejects(awsError('AccessDenied', 'no'));
    await expect(aws.pages('AwsElbv2Listener')).rejects.toMatchObject({
      action: 'elasticloadbalancing:DescribeListeners',
      denied: true,
    });
  });
});
