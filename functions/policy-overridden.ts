/** The effective policy where an SSM parameter may override the deployed one. */
import { ssmClient } from '../lib/aws/sdk.ts';
import { EffectivePolicy } from '../lib/pipeline/live/effective-policy.ts';
import { variable } from '../lib/pipeline/live/environment.ts';
import { policyParameter } from '../lib/pipeline/live/policy-parameter.ts';
import type { Policy } from '../lib/policy/model.ts';
import { faultText } from '../lib/policy/override.ts';
import { controls } from '../lib/services/catalogue.ts';
import type { PolicyParts } from './effective-policy.ts';
import { checkedPolicy } from './policy.ts';

/** What each invocation may wait for: it is told at once, and its messages come again. */
const maxAttempts = 2;

/** As that of `effective-policy.ts`; tells the log and the metrics of an override that is not deleted by. */
export function effectivePolicy({ config, logger, telemetry }: PolicyParts): () => Promise<Policy> {
  const name = variable(process.env, 'TRAILSEAL_POLICY_PARAMETER');
  const parameter = policyParameter(ssmClient({ ...config, maxAttempts }), name);
  const effective = new EffectivePolicy({ parameter, name, bundled: checkedPolicy, controls, now: Date.now });
  return async () => {
    try {
      const { policy, invalid, unread } = await effective.read();
      const used = policy.file;
      if (invalid !== undefined) {
        const { version, faults } = invalid;
        telemetry.add('PolicyOverrideInvalid', 1);
        logger.error('the override of the policy is wrong, and is not deleted by', {
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
