/** The deployment as serverless.yml takes it: functions, and all other resources. */

import { alarms } from './alarms.ts';
import { type Deployment, deploymentOf } from './context.ts';
import { dashboard } from './dashboard.ts';
import { exceptionsFor } from './exceptions.ts';
import { functions } from './functions.ts';
import { ids } from './ids.ts';
import { insights } from './insights.ts';
import { readParameters } from './parameters.ts';
import type { FunctionName } from './parts.ts';
import { queues } from './queues.ts';
import { bus } from './remediation/bus.ts';
import { customActions } from './remediation/custom-actions.ts';
import { notifications } from './remediation/notifications.ts';
import { remediation } from './remediation/remediation.ts';
import { writeRoles } from './remediation/write-roles.ts';
import { roles } from './roles.ts';
import { stateTable } from './state-table.ts';
import type { Resource, Resources, Value } from './template.ts';

export interface Stack {
  readonly functions: Readonly<Record<string, Value>>;
  readonly resources: {
    readonly Resources: Resources;
    /** What is added to resources that osls makes by itself. */
    readonly extensions: Readonly<Record<string, Extension>>;
  };
}

type Extension = Partial<Pick<Resource, 'Properties' | 'Metadata'>>;

/**
 * @param written the parameters as they were given.
 * @throws ParameterError for the first that is wrong.
 */
export async function stackOf(written: Readonly<Record<string, unknown>>): Promise<Stack> {
  const deployment = deploymentOf(readParameters(written));
  const resources: Resources = {
    ...queues(deployment),
    ...stateTable(deployment),
    ...bus(deployment),
    ...customActions(deployment),
    ...remediation(deployment),
    ...notifications(deployment),
    ...(await roles(deployment)),
    ...(await writeRoles(deployment)),
    ...alarms(deployment),
    ...dashboard(deployment),
    ...insights(deployment),
  };
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
