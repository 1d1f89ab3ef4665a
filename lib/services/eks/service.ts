/** EKS, as a source of events and resources. */
import type * as Eks from '@aws-sdk/client-eks';
import type { Operation } from '../../core/control.ts';
import { defineService } from '../../core/service.ts';
import { controls } from './controls/index.ts';
import { trail } from './trail.ts';
import { resourceTypes } from './types.ts';

declare module '../../core/control.ts' {
  interface ApiCalls {
    'eks.amazonaws.com': Operation<typeof Eks>;
  }
}

export const eks = defineService({
  id: 'eks',
  evaluator: 'eks',
  source: {
    kind: 'aws',
    eventSource: 'eks.amazonaws.com',
    eventBridgeSource: 'aws.eks',
    iamPrefix: 'eks',
    eventsArriveIn: 'own',
  },
  resourceTypes,
  controls,
  trail,
});
