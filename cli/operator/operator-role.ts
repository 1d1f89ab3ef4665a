/**
 * The operator role of a deployment, with which commands use its state table, queues and bus: their policies refuse everybody
 * else. All other calls are made with the caller's own rights.
 */
import type { STSClient } from '@aws-sdk/client-sts';
import { operatorRoleName, type Stage, stackName } from '../../lib/aws/names.ts';
import { sqsClient, stsClient } from '../../lib/aws/sdk.ts';
import type { ClientConfig } from '../../lib/aws/settings.ts';
import { assumePermission, roleSession } from '../../lib/aws/sts.ts';
import { parseArn } from '../../lib/core/arn.ts';
import { type Answer, ask, noAnswerText } from '../aws/answer.ts';
import { deployCommand } from '../doctor/check.ts';
import { UnansweredError, UsageError } from '../exit.ts';
import { printable } from '../output/printable.ts';
import type { DeploymentSession } from './deployment.ts';
import { deployedStages, stagesText } from './stages.ts';

/** Who assumes the role of which deployment. */
export interface Operator {
  readonly stage: Stage;
  readonly account: string;
  readonly region: string;
  /** The caller's ARN; `undefined` where STS does not return it. */
  readonly caller: string | undefined;
}

export function operatorRoleArn({ stage, account, region, caller }: Operator): string {
  const partition = parseArn(caller ?? '')?.partition ?? 'aws';
  return `arn:${partition}:iam::${account}:role/${operatorRoleName(stage, region)}`;
}

/**
 * The name of a session of the role, with which CloudTrail shows each call: who the caller is, as far as STS takes it.
 * Source: STS API Reference, "AssumeRole": RoleSessionName (2 to 64 of `\w+=,.@-`).
 * @example operatorSessionName('arn:aws:sts::111122223333:assumed-role/Ops/ana@example.com') // 'ana@example.com'
 */
export function operatorSessionName(caller: string | undefined): string {
  const name = (caller ?? '').split(/[/:]/).at(-1) ?? '';
  const accepted = name.replaceAll(/[^\w+=,.@-]/g, '-').slice(0, 64);
  return accepted.length >= 2 ? accepted : `operator-${accepted}`;
}

/** Begins a session of the role. @returns what renews its credentials, or why there are none. */
export function assumeOperatorRole(
  sts: STSClient,
  operator: Operator,
): Promise<Answer<ReturnType<typeof roleSession>>> {
  return ask(assumePermission, async () => {
    const credentials = roleSession(
      sts,
      operatorRoleArn(operator),
      { name: operatorSessionName(operator.caller) },
      Date.now,
    );
    await credentials();
    return credentials;
  });
}

/**
 * For clients of the state table, the queues and the bus. Whoever has a session of the role already goes on with it.
 * @throws UsageError where the caller may not assume the role, with the parameter that lets him; UnansweredError where STS
 * does not answer.
 */
export async function asOperator(deployment: DeploymentSession): Promise<ClientConfig> {
  const { config, stage, region, caller } = deployment;
  const role = operatorRoleName(stage, region);
  // A role can't assume itself unless its trust policy says so.
  if (caller?.includes(`:assumed-role/${role}/`) === true) return config;
  const assumed = await assumeOperatorRole(stsClient(config), deployment);
  if (assumed.known) return { ...config, credentials: assumed.value };
  if (assumed.reason !== 'denied') {
    throw new UnansweredError(
      `the operator role ${role} could not be assumed: ${noAnswerText(assumed, deployment)}`,
    );
  }
  await throwIfNotDeployed(deployment);
  throw new UsageError(
    `${printable(caller ?? 'the caller')} may not assume the operator role ${role}, or there is none: only this role may use ` +
      'the state table, the queues and the event bus of the deployment. Deploy with ' +
      `${operatorNeeded(caller)} in the parameter operatorArns, besides those that are in it:\n` +
      `    ${deployCommand(stage, region)} --param="operatorArns=ARN,…"`,
  );
}

/** @throws UsageError where it is known that there is no such stage: then nobody could assume its role. */
async function throwIfNotDeployed(deployment: DeploymentSession): Promise<void> {
  const { config, stage, region } = deployment;
  const stages = await deployedStages(sqsClient(config));
  if (!stages.known || stages.value.includes(stage)) return;
  throw new UsageError(`${stackName(stage)} is not deployed in ${region}; ${stagesText(stages, deployment)}`);
}

/** Whom the parameter has to name, so that the caller may assume the role. */
function operatorNeeded(caller: string | undefined): string {
  const session = /:assumed-role\/([^/]+)\//.exec(caller ?? '')?.[1];
  if (session !== undefined) return `the ARN of the role ${printable(session)} (with its path)`;
  return caller?.endsWith(':root') === true
    ? 'the ARN of an IAM user or role (the root user of an account can assume no role)'
    : printable(caller ?? 'your ARN');
}
