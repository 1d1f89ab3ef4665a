/** EC2 and EBS, as a source of events and resources. */
import type * as Ec2 from '@aws-sdk/client-ec2';
import type { Operation } from '../../core/control.ts';
import { defineService } from '../../core/service.ts';
import { controls } from './controls/index.ts';
import { trail } from './trail.ts';
import { resourceTypes } from './types.ts';

declare module '../../core/control.ts' {
  interface ApiCalls {
    'ec2.amazonaws.com': Operation<typeof Ec2>;
  }
  /**
   * It reclaims Spot Instances.
   * Source: Amazon EC2 User Guide, "Determine whether Amazon EC2 terminated a Spot Instance".
   */
  interface ServiceEvents {
    'ec2.amazonaws.com': 'BidEvictedEvent';
  }
}

export const ec2 = defineService({
  id: 'ec2',
  evaluator: 'ec2',
  source: {
    kind: 'aws',
    eventSource: 'ec2.amazonaws.com',
    eventBridgeSource: 'aws.ec2',
    iamPrefix: 'ec2',
    eventsArriveIn: 'own',
  },
  resourceTypes,
  controls,
  trail,
});
