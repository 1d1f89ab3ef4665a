/** KMS, as a source of events and resources. */
import type * as Kms from '@aws-sdk/client-kms';
import type { Operation } from '../../core/control.ts';
import { defineService } from '../../core/service.ts';
import { controls } from './controls/index.ts';
import { trail } from './trail.ts';
import { resourceTypes } from './types.ts';

declare module '../../core/control.ts' {
  interface ApiCalls {
    'kms.amazonaws.com': Operation<typeof Kms>;
  }
  /**
   * Source: AWS KMS Developer Guide, "DeleteKey", "DeleteExpiredKeyMaterial", "RotateKey" CloudTrail entries.
   */
  interface ServiceEvents {
    'kms.amazonaws.com': 'DeleteKey' | 'DeleteExpiredKeyMaterial' | 'RotateKey';
  }
}

export const kms = defineService({
  id: 'kms',
  evaluator: 'kms',
  source: {
    kind: 'aws',
    eventSource: 'kms.amazonaws.com',
    eventBridgeSource: 'aws.kms',
    iamPrefix: 'kms',
    eventsArriveIn: 'own',
  },
  resourceTypes,
  controls,
  trail,
});
