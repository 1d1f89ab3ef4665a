/**
 * What brings the operator's function its orders: a rule on the account's default bus, and its queue. Sources: AWS Security
 * Hub User Guide, "EventBridge event types in Security Hub", "EventBridge event formats" (an event of a custom action has
 * its ARN, which names the account and the Region in which the button was pressed, among the resources).
 */
import { customActionResource, listenerRuleName } from '../../lib/aws/names.ts';
import { buttonsOf } from '../../lib/policy/custom-actions.ts';
import { pressDetailType, pressSource } from '../../lib/remediation/custom-actions/message.ts';
import type { Deployment } from '../context.ts';
import { ids } from '../ids.ts';
import { queuePair, queueTarget } from '../queues.ts';
import { localArn, type Resources } from '../template.ts';
import { actingTimeouts } from './functions.ts';

export function orders({ parameters, policy, functions }: Deployment): Resources {
  if (!functions.includes('operator')) return {};
  const { stage } = parameters;
  const outcomes = functions.includes('remediate') ? [ids.rule('operator')] : [];
  return {
    ...queuePair(parameters, 'operator', actingTimeouts.operator, [ids.orders, ...outcomes]),
    [ids.orders]: {
      Type: 'AWS::Events::Rule',
      Properties: {
        Name: listenerRuleName(stage, 'operator'),
        Description: 'Brings Trailseal what operators order by its buttons in Security Hub',
        State: 'ENABLED',
        EventPattern: {
          source: [pressSource],
          'detail-type': [pressDetailType],
          // No other button of the account, nor one of another deployment, and none that the policy has no order for.
          resources: buttonsOf(policy.orders).map((button) =>
            localArn('securityhub', customActionResource(stage, button)),
          ),
        },
        Targets: [queueTarget('operator')],
      },
    },
  };
}
