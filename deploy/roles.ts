/** The role of each function. They have no names, so that one account may hold deployments in many Regions. */
import type { Deployment } from './context.ts';
import type { Grant } from './grants.ts';
import { ids } from './ids.ts';
import type { FunctionName } from './parts.ts';
import { grantsOf } from './permissions.ts';
import { policyDocument, type Statement, trust } from './statements.ts';
import type { StackResource, StackResources } from './template.ts';

export async function roles(deployment: Deployment): Promise<StackResources> {
  const made = await Promise.all(
    deployment.functions.map(
      async (name): Promise<[string, StackResource]> => [
        ids.role(name),
        role(name, await grantsOf(name, deployment)),
      ],
    ),
  );
  return Object.fromEntries(made);
}

function role(name: FunctionName, grants: readonly Grant[]): StackResource {
  return {
    Type: 'AWS::IAM::Role',
    Properties: {
      Description: `What the ${name} function of Trailseal may do; see docs/iam.md`,
      AssumeRolePolicyDocument: trust('lambda.amazonaws.com'),
      Policies: [{ PolicyName: 'trailseal', PolicyDocument: policyDocument(statementsOf(grants)) }],
    },
  };
}

/** @throws TypeError for grants of one `sid` that differ in more than their action. */
export function statementsOf(grants: readonly Grant[]): readonly Statement[] {
  return [...Map.groupBy(grants, ({ sid }) => sid)].map(([sid, group]): Statement => {
    const [{ resource, condition }] = group as [Grant];
    const said = JSON.stringify([resource, condition]);
    if (group.some((one) => JSON.stringify([one.resource, one.condition]) !== said)) {
      throw new TypeError(`the grants of ${sid} are of several resources`);
    }
    return {
      Sid: sid,
      Effect: 'Allow',
      Action: [...new Set(group.map(({ action }) => action))],
      Resource: resource,
      ...(condition === undefined ? {} : { Condition: condition }),
    };
  });
}
