/** The policy in force where an SSM parameter may override the deployed one. */
import { ssmClient } from '../lib/aws/acting.ts';
import { PolicyInForce } from '../lib/pipeline/live/effective-policy.ts';
import { variable } from '../lib/pipeline/live/environment.ts';
import { policyParameter } from '../lib/pipeline/live/policy-parameter.ts';
import type { Policy } from '../lib/policy/assemble.ts';
import { faultText } from '../lib/policy/override.ts';
import { controls } from '../lib/services/controls.ts';
import type { PolicyParts } from './effective-policy.ts';
import { checkedPolicy } from './policy.ts';

/** What each invocation may wait for: it is told at once, and its messages come again. */
const maxAttempts = 2;

/** As that of `policy-in-force.ts`; tells the log and the metrics of an override that is not gone by. */
export function policyInForce({ config, logger, telemetry }: PolicyParts): () => Promise<Policy> {
  const name = variable(process.env, 'TRAILSEAL_POLICY_PARAMETER');
  const parameter = policyParameter(ssmClient({ ...config, maxAttempts }), name);
  const inForce = new PolicyInForce({ parameter, name, bundled: checkedPolicy, controls, now: Date.now });
  return async () => {
    try {
      const { policy, invalid, unread } = await inForce.look();
      const used = policy.file;
      if (invalid !== undefined) {
        const { version, faults } = invalid;
        telemetry.add('PolicyOverrideInvalid', 1);
        logger.error('the override of the policy is wrong, and is not gone by', {
          parameter: name,
          version,
          faults: faults.map(faultText),
          used,
        });
      }
      if (unread !== undefined) {
        logger.warn('the override of the policy can not be read', { parameter: name, reason: unread, used });
      }
      return policy;
    } catch (error) {
      telemetry.add('PolicyOverrideInvalid', 1);
      throw error;
    }
  };
}
