/** Load balancing, for the tests that hold for all services. */
import {
  DescribeListenersCommand,
  DescribeLoadBalancersCommand,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import * as gathering from '../../pipeline/gathering.ts';
import type { ServiceCases } from '../cases.ts';
import { account, region } from '../listing.ts';
import { listenerArnIn, loadBalancerArnIn } from './arns.ts';

const source = 'elasticloadbalancing.amazonaws.com';
const listenerArn = listenerArnIn({ account, region });
const loadBalancerArn = loadBalancerArnIn({ account, region });

export const cases: ServiceCases = {
  resources: [
    gathering.resource('AwsElbv2LoadBalancer', 'app/web/50dc6c495c0c9188', {
      arn: loadBalancerArnIn(gathering),
    }),
    gathering.resource('AwsElbv2Listener', 'app/web/50dc6c495c0c9188/f2f7dc8efc522ab2', {
      arn: listenerArnIn(gathering),
    }),
  ],
  answer({ elbv2 }) {
    elbv2.on(DescribeListenersCommand).resolves({
      Listeners: [{ ListenerArn: listenerArnIn(gathering), Protocol: 'HTTPS', Port: 443 }],
    });
  },
  listed: [
    {
      type: 'AwsElbv2LoadBalancer',
      answer: ({ elbv2 }) =>
        void elbv2
          .on(DescribeLoadBalancersCommand)
          .resolves({ LoadBalancers: [{ LoadBalancerArn: loadBalancerArn }] }),
      event: { source, name: 'DeleteLoadBalancer', request: { loadBalancerArn }, response: null },
    },
    {
      type: 'AwsElbv2Listener',
      answer: ({ elbv2 }) =>
        void elbv2
          .on(DescribeLoadBalancersCommand)
          .resolves({ LoadBalancers: [{ LoadBalancerArn: loadBalancerArn }] })
          .on(DescribeListenersCommand)
          .resolves({ Listeners: [{ ListenerArn: listenerArn }] }),
      event: { source, name: 'ModifyListener', request: { listenerArn }, response: {} },
    },
  ],
};
