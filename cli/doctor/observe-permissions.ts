/** Asks IAM which actions a principal is allowed. */
import { GetRoleCommand, type IAMClient, paginateSimulatePrincipalPolicy } from '@aws-sdk/client-iam';
import type { AccountRegion } from '../../lib/core/account-region.ts';
import { type Answer, answered, ask } from '../aws/answer.ts';
import type { Simulated } from './observed.ts';
import { assumedRole, byResource } from './permissions.ts';

/**
 * The user or role of a caller, for simulation. The ARN of an assumed role lacks the path of the role.
 * Source: IAM API Reference, "SimulatePrincipalPolicy".
 */
export async function principalOf(iam: IAMClient, callerArn: string): Promise<Answer<string>> {
  const role = assumedRole(callerArn);
  if (role === undefined) return answered(callerArn);
  return ask('iam:GetRole', async () => {
    const { Role } = await iam.send(new GetRoleCommand({ RoleName: role }));
    return Role?.Arn ?? callerArn;
  });
}

/** Which of these actions the principal is allowed, each simulated on an example resource. */
export function simulate(
  iam: IAMClient,
  principal: string,
  actions: readonly string[],
  accountRegion: AccountRegion,
): Promise<Answer<readonly Simulated[]>> {
  return ask('iam:SimulatePrincipalPolicy', async () => {
    const groups = [...byResource(actions, accountRegion)];
    const answers = await Promise.all(
      groups.map(([resource, names]) => simulateOn(iam, principal, names, resource, accountRegion.region)),
    );
    return answers.flat();
  });
}

async function simulateOn(
  iam: IAMClient,
  principal: string,
  actions: readonly string[],
  resource: string,
  region: string,
): Promise<Simulated[]> {
  const pages = paginateSimulatePrincipalPolicy(
    { client: iam },
    {
      PolicySourceArn: principal,
      ActionNames: [...actions],
      ResourceArns: [resource],
      ContextEntries: ['aws:RequestedRegion', 'ec2:Region'].map((key) => ({
        ContextKeyName: key,
        ContextKeyValues: [region],
        ContextKeyType: 'string' as const,
      })),
    },
  );
  const all: Simulated[] = [];
  for await (const page of pages) {
    for (const result of page.EvaluationResults ?? []) {
      all.push({
        action: result.EvalActionName ?? '',
        allowed: result.EvalDecision === 'allowed',
        deniedByOrganization: result.OrganizationsDecisionDetail?.AllowedByOrganizations === false,
        missingContext: result.MissingContextValues ?? [],
      });
    }
  }
  return all;
}
