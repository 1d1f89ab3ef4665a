/** Asks IAM what somebody may do. */
import { GetRoleCommand, type IAMClient, paginateSimulatePrincipalPolicy } from '@aws-sdk/client-iam';
import { type Seen, see, seen } from '../aws/answer.ts';
import type { Simulated } from './observed.ts';
import { assumedRole, bySpecimen } from './permissions.ts';

/**
 * The user or role behind a caller, as IAM simulates it. An assumed role's ARN does not tell the path of the role.
 * Source: IAM API Reference, "SimulatePrincipalPolicy".
 */
export async function principalOf(iam: IAMClient, callerArn: string): Promise<Seen<string>> {
  const role = assumedRole(callerArn);
  if (role === undefined) return seen(callerArn);
  return see('iam:GetRole', async () => {
    const { Role } = await iam.send(new GetRoleCommand({ RoleName: role }));
    return Role?.Arn ?? callerArn;
  });
}

/** What the principal may do, of these actions, each on a resource such as it would be used on. */
export function simulate(
  iam: IAMClient,
  principal: string,
  actions: readonly string[],
  accountRegion: { readonly account: string; readonly region: string },
): Promise<Seen<readonly Simulated[]>> {
  return see('iam:SimulatePrincipalPolicy', async () => {
    const groups = [...bySpecimen(actions, accountRegion)];
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
