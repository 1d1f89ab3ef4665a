/** The deployment as serverless.yml takes it: functions, and all other resources. */

import { list } from '../lib/core/json.ts';
import { alarms } from './alarms.ts';
import { type Deployment, deploymentOf } from './context.ts';
import { dashboard } from './dashboard.ts';
import { exceptionsFor } from './exceptions.ts';
import { functions } from './functions.ts';
import { withHopPolicies } from './hop-policies.ts';
import { ids } from './ids.ts';
import { insights } from './insights.ts';
import { operatorRole } from './operator-role.ts';
import { readParameters } from './parameters.ts';
import type { FunctionName } from './parts.ts';
import { queues } from './queues.ts';
import { bus } from './remediation/bus.ts';
import { customActions } from './remediation/custom-actions.ts';
import { notifications } from './remediation/notifications.ts';
import { remediation } from './remediation/remediation.ts';
import { revertingCalls } from './remediation/reverting-calls.ts';
import { writeRoles } from './remediation/write-roles.ts';
import { roles } from './roles.ts';
import { stateTable } from './state-table.ts';
import type { StackResource, StackResources, Value } from './template.ts';
import { watchdog } from './watchdog.ts';

export interface Stack {
  readonly functions: Readonly<Record<string, Value>>;
  readonly resources: {
    readonly Resources: StackResources;
    /** What is added to resources that osls makes by itself. */
    readonly extensions: Readonly<Record<string, Extension>>;
  };
}

type Extension = Partial<Pick<StackResource, 'Properties' | 'Metadata'>>;

/**
 * @param written the parameters as they were given.
 * @throws ParameterError for the first that is wrong.
 */
export async function stackOf(written: Readonly<Record<string, unknown>>): Promise<Stack> {
  return await stackFor(deploymentOf(readParameters(written)));
}

export async function stackFor(deployment: Deployment): Promise<Stack> {
  const resources: StackResources = withHopPolicies({
    ...queues(deployment),
    ...stateTable(deployment),
    ...watchdog(deployment),
    ...bus(deployment),
    ...customActions(deployment),
    ...revertingCalls(deployment),
    ...remediation(deployment),
    ...notifications(deployment),
    ...(await roles(deployment)),
    ...(await writeRoles(deployment)),
    ...operatorRole(deployment),
    ...alarms(deployment),
    ...dashboard(deployment),
    ...insights(deployment),
  });
  return {
    functions: functions(deployment),
    resources: {
      Resources: Object.fromEntries(
        Object.entries(resources).map(([id, resource]) => {
          const metadata = exceptionsFor(resource.Type, deployment.parameters);
          return [id, metadata === undefined ? resource : { ...resource, Metadata: metadata }];
        }),
      ),
      extensions: extensions(deployment),
    },
  };
}

/**
 * How many resources CloudFormation makes of it: osls adds a function, its log group and what brings it its events, and a
 * bucket for the code with its policy. Source: AWS CloudFormation User Guide, "CloudFormation quotas" (500 in a stack).
 */
export function resourceCount({ functions: made, resources }: Stack): number {
  const ofFunctions = Object.values(made).map((properties) => 2 + list(properties, 'events').length);
  return Object.keys(resources.Resources).length + ofFunctions.reduce((sum, some) => sum + some, 0) + 2;
}

function extensions({ parameters, functions: names }: Deployment): Readonly<Record<string, Extension>> {
  const { kmsKeyArn } = parameters;
  const metadata = (type: string): Extension => {
    const exceptions = exceptionsFor(type, parameters);
    return exceptions === undefined ? {} : { Metadata: exceptions };
  };
  const ofFunction = (name: FunctionName): [string, Extension][] => [
    [ids.function(name), metadata('AWS::Lambda::Function')],
    [
      ids.logGroup(name),
      {
        ...metadata('AWS::Logs::LogGroup'),
        ...(kmsKeyArn === undefined ? {} : { Properties: { KmsKeyId: kmsKeyArn } }),
      },
    ],
  ];
  return {
    ServerlessDeploymentBucket: metadata('AWS::S3::Bucket'),
    ...Object.fromEntries(names.flatMap(ofFunction)),
  };
}
