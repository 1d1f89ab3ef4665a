/**
 * What brings the function `operator` the custom actions that people choose: a rule on the account's default bus, and its queue. Sources: AWS Security
 * Hub User Guide, "EventBridge event types in Security Hub", "EventBridge event formats" (an event of a custom action has
 * its ARN, which names the account and the Region in which the custom action was chosen, among the resources).
 */
import { customActionResource, listenerRuleName } from '../../lib/aws/names.ts';
import { customActionsOf } from '../../lib/policy/custom-actions.ts';
import { customActionDetailType, customActionSource } from '../../lib/remediation/custom-actions/message.ts';
import type { Deployment } from '../context.ts';
import { ids } from '../ids.ts';
import { queuePair, queueTarget } from '../queues.ts';
import { localArn, type StackResources } from '../template.ts';
import { actingTimeouts } from './functions.ts';

export function customActions({ parameters, policy, functions }: Deployment): StackResources {
  if (!functions.includes('operator')) return {};
  const { stage } = parameters;
  const outcomes = functions.includes('remediate') ? [ids.rule('operator')] : [];
  return {
    ...queuePair(parameters, 'operator', actingTimeouts.operator, [ids.customActions, ...outcomes]),
    [ids.customActions]: {
      Type: 'AWS::Events::Rule',
      Properties: {
        Name: listenerRuleName(stage, 'operator'),
        Description:
          'Brings Trailseal the actions that operators request by its custom actions in Security Hub',
        State: 'ENABLED',
        EventPattern: {
          source: [customActionSource],
          'detail-type': [customActionDetailType],
          // No other custom action of the account, nor one of another deployment, and none that the policy does not allow.
          resources: customActionsOf(policy.customActions).map((customAction) =>
            localArn('securityhub', customActionResource(stage, customAction)),
          ),
        },
        Targets: [queueTarget('operator')],
      },
    },
  };
}
