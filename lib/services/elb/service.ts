/** Application, network and gateway load balancers (Elastic Load Balancing v2), as a source of events and resources. */
import type * as Elbv2 from '@aws-sdk/client-elastic-load-balancing-v2';
import type { Operation } from '../../core/control.ts';
import { defineService } from '../../core/service.ts';
import { controls } from './controls/index.ts';
import { trail } from './trail.ts';
import { resourceTypes } from './types.ts';

declare module '../../core/control.ts' {
  interface ApiCalls {
    'elasticloadbalancing.amazonaws.com': Operation<typeof Elbv2>;
  }
}

export const elb = defineService({
  id: 'elb',
  evaluator: 'network',
  source: {
    kind: 'aws',
    eventSource: 'elasticloadbalancing.amazonaws.com',
    eventBridgeSource: 'aws.elasticloadbalancing',
    iamPrefix: 'elasticloadbalancing',
    eventsArriveIn: 'own',
  },
  resourceTypes,
  controls,
  trail,
});
