/** Whether a role may make a call, as an IAM simulator that is not ours evaluates it. */
import { runSimulation } from '@cloud-copilot/iam-simulate';
import { account, documentsOf, type Made, region } from './template.ts';

export interface Call {
  /** As IAM names it: `ec2:DescribeInstances`. */
  readonly action: string;
  /** An ARN, or `*` for an action that knows no resources. */
  readonly resource: string;
  /** What the request has besides, such as `kms:ViaService`; of the stack's own Region where it does not say. */
  readonly context?: Readonly<Record<string, string | readonly string[]>>;
}

/**
 * @param role of the packaged template, its references followed.
 * @returns whether the role's policies allow the call. Throws when the simulator refuses the policies or the call.
 */
export async function mayCall(role: Made, { action, resource, context }: Call): Promise<boolean> {
  const results = await runSimulation(
    {
      request: {
        principal: `arn:aws:iam::${account}:role/simulated`,
        action,
        resource: { resource, accountId: account },
        contextVariables: { 'aws:RequestedRegion': region, 'aws:SecureTransport': 'true', ...context },
      },
      identityPolicies: documentsOf(role).map((policy, index) => ({ name: `role-${index}`, policy })),
      serviceControlPolicies: [],
      resourceControlPolicies: [],
      // A key whose policy leaves it to IAM, as it is by default.
      ...(action.startsWith('kms:') && resource !== '*' ? { resourcePolicy: leftToIam } : {}),
    },
    {},
  );
  if (results.resultType === 'error')
    throw new Error(`${action} on ${resource}: ${JSON.stringify(results.errors)}`);
  return results.overallResult === 'Allowed';
}

const leftToIam = {
  Version: '2012-10-17',
  Statement: [
    { Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${account}:root` }, Action: 'kms:*', Resource: '*' },
  ],
};
