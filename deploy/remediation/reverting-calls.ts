/**
 * What brings the function `remediate` the calls by which somebody may have reverted an action: a rule on the account's
 * default bus, made of what the deployed actions declare.
 */
import { revertingCallsRuleName } from '../../lib/aws/names.ts';
import type { EventPattern } from '../../lib/pipeline/evaluators.ts';
import { revertingCallsPattern as patternFor } from '../../lib/remediation/reverting-calls.ts';
import type { Deployment } from '../context.ts';
import { ids } from '../ids.ts';
import { queueTarget } from '../queues.ts';
import type { StackResources } from '../template.ts';

/** The pattern of these calls; `undefined` where no deployed action declares one. */
export function revertingCallsPattern({ functions, policy, controls }: Deployment): EventPattern | undefined {
  return functions.includes('remediate') ? patternFor(policy, [...controls.values()].flat()) : undefined;
}

export function revertingCalls(deployment: Deployment): StackResources {
  const pattern = revertingCallsPattern(deployment);
  if (pattern === undefined) return {};
  const { source, detail, ...rest } = pattern;
  return {
    [ids.revertingCalls]: {
      Type: 'AWS::Events::Rule',
      Properties: {
        Name: revertingCallsRuleName(deployment.parameters.stage),
        Description: 'Brings Trailseal’s remediation the calls by which somebody may have reverted an action',
        State: 'ENABLED',
        EventPattern: { source, ...rest, detail: { ...detail } },
        Targets: [queueTarget('remediate')],
      },
    },
  };
}
