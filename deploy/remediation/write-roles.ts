/**
 * The roles that write to resources: one for each service whose actions the policy asks for, and one for each action that
 * IAM can't narrow, which nobody but the function that remediates may assume. No role may do it all, and none outgrows what
 * IAM takes.
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
import { type Wanted, wantedOf, writeRoleNames } from './wanted.ts';
import { writeGrants } from './write-grants.ts';

export async function writeRoles(deployment: Deployment): Promise<StackResources> {
  const names = writeRoleNames(deployment);
  if (names.length === 0) return {};
  const made = await Promise.all(
    names.map(
      async (name): Promise<[string, StackResource]> => [
        ids.writeRole(name),
        writeRole(name, await writeRoleGrants(name, deployment)),
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

function writeRole(name: string, granted: readonly Grant[]): StackResource {
  return {
    Type: 'AWS::IAM::Role',
    Properties: {
      Description: `What the actions of Trailseal by the role ${name} may do; see docs/iam.md`,
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

/** What a role may do: the actions read before each write what is there already. */
export async function writeRoleGrants(name: string, deployment: Deployment): Promise<readonly Grant[]> {
  const wanted = wantedOf(deployment).filter(({ role }) => role === name);
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
  const names = writeRoleNames(deployment);
  if (names.length === 0) return [];
  return grants('AssumeWriteRoles', [assumePermission], {
    resource: names.map((name) => arnOf(ids.writeRole(name))),
    why: 'what is written is written with the role of the service, or of the action, alone',
  });
}

/** Where the function finds the roles. */
export function writeRoleEnvironment(deployment: Deployment): Readonly<Record<string, Value>> {
  return Object.fromEntries(
    writeRoleNames(deployment).map((name) => [
      writeRoleVariable(name),
      // Not by its id alone: see `common`.
      { 'Fn::GetAtt': [ids.writeRole(name), 'Arn'] },
    ]),
  );
}
