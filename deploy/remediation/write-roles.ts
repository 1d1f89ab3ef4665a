/**
 * The roles that write to resources: one for each service whose actions the policy asks for, which nobody but the function
 * that remediates may assume. No role may do it all, and none outgrows what IAM takes.
 * Sources: IAM User Guide, "IAM and AWS STS quotas" (inline policies of a role: 10,240 characters); "AWS JSON policy
 * elements: Principal" (role principals).
 */
import { assumePermission } from '../../lib/aws/sts.ts';
import { writeRoleVariable } from '../../lib/remediation/actions/write-session.ts';
import type { Deployment } from '../context.ts';
import { type Grant, grants, reads } from '../grants.ts';
import { ids } from '../ids.ts';
import { statementsOf } from '../roles.ts';
import { policyDocument } from '../statements.ts';
import { arnOf, ref, type StackResource, type StackResources, type Value } from '../template.ts';
import { type Wanted, wantedOf, writingServices } from './wanted.ts';
import { writeGrants } from './write-grants.ts';

export async function writeRoles(deployment: Deployment): Promise<StackResources> {
  const services = writingServices(deployment);
  if (services.length === 0) return {};
  const made = await Promise.all(
    services.map(
      async (service): Promise<[string, StackResource]> => [
        ids.writeRole(service),
        writeRole(service, await writeRoleGrants(service, deployment)),
      ],
    ),
  );
  return {
    ...Object.fromEntries(made),
    // Apart from the role itself, which the roles that it may assume name in turn.
    [ids.assumeWriteRoles]: {
      Type: 'AWS::IAM::Policy',
      Properties: {
        PolicyName: 'assume-write-roles',
        Roles: [ref(ids.role('remediate'))],
        PolicyDocument: policyDocument(statementsOf(assuming(deployment))),
      },
    },
  };
}

function writeRole(service: string, granted: readonly Grant[]): StackResource {
  return {
    Type: 'AWS::IAM::Role',
    Properties: {
      Description: `What the actions of Trailseal on ${service} may do; see docs/iam.md`,
      AssumeRolePolicyDocument: {
        Version: '2012-10-17',
        Statement: [
          { Effect: 'Allow', Principal: { AWS: arnOf(ids.role('remediate')) }, Action: [assumePermission] },
        ],
      },
      Policies: [{ PolicyName: 'trailseal', PolicyDocument: policyDocument(statementsOf(granted)) }],
    },
  };
}

/** What the role of a service may do: the actions read before each write what is there already. */
export async function writeRoleGrants(service: string, deployment: Deployment): Promise<readonly Grant[]> {
  const wanted = wantedOf(deployment).filter((one) => one.service === service);
  return [...(await reading(wanted)), ...writeGrants(wanted, deployment.policy)];
}

function reading(wanted: readonly Wanted[]): Promise<readonly Grant[]> {
  const all = [...new Set(wanted.flatMap((one) => one.reads))].sort();
  return Promise.all(
    all.map((action) => {
      const needing = wanted.filter((one) => one.reads.includes(action));
      return reads(action, needing.map(({ definition }) => definition.id).join(', '));
    }),
  );
}

/** What the function that remediates may do with these roles. */
export function assuming(deployment: Deployment): readonly Grant[] {
  const services = writingServices(deployment);
  if (services.length === 0) return [];
  return grants('AssumeWriteRoles', [assumePermission], {
    resource: services.map((service) => arnOf(ids.writeRole(service))),
    why: 'what is written is written with the role of the service alone',
  });
}

/** Where the function finds the roles. */
export function writeRoleEnvironment(deployment: Deployment): Readonly<Record<string, Value>> {
  return Object.fromEntries(
    writingServices(deployment).map((service) => [
      writeRoleVariable(service),
      // Not by its id alone: see `common`.
      { 'Fn::GetAtt': [ids.writeRole(service), 'Arn'] },
    ]),
  );
}
