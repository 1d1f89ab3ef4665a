/** Runs `trailseal custom-actions sync` and `remove`. */
import { SecurityHubClient } from '@aws-sdk/client-securityhub';
import { GetQueueUrlCommand } from '@aws-sdk/client-sqs';
import { queueName } from '../../lib/aws/names.ts';
import { sqsClient } from '../../lib/aws/sdk.ts';
import { settings } from '../../lib/aws/settings.ts';
import type { CustomActionName } from '../../lib/core/custom-action.ts';
import { customActionsOf } from '../../lib/policy/custom-actions.ts';
import { controls } from '../../lib/services/catalogue.ts';
import { type Answer, answered, askIfExists, noAnswerText } from '../aws/answer.ts';
import type { RemoveFlags, SyncFlags } from '../commands/custom-actions.ts';
import { deployCommand, word } from '../doctor/check.ts';
import { noSuchQueue } from '../doctor/observe-deployment.ts';
import { exitCode, UsageError } from '../exit.ts';
import {
  type DeploymentSession,
  deploymentJson,
  deploymentText,
  openDeployment,
} from '../operator/deployment.ts';
import { checkDeployed } from '../operator/stages.ts';
import { printable, printableJson } from '../output/printable.ts';
import { policyFileName, readPolicy } from '../policy/file.ts';
import {
  type CustomActionChange,
  changesTo,
  customActionQuota,
  type DeployedCustomAction,
  excessOf,
  lookalikes,
} from './changes.ts';
import { customActions, makeChange } from './security-hub.ts';
import {
  type ChangeResult,
  lookalikesText,
  resultJson,
  resultsText,
  usageText,
  usePermission,
  useResource,
} from './text.ts';

export interface CustomActionClients {
  readonly securityhub: SecurityHubClient;
  readonly sqs: ReturnType<typeof sqsClient>;
}

type ClientsOf = (deployment: DeploymentSession) => CustomActionClients;

interface WantedCustomActions {
  readonly names: readonly CustomActionName[];
  /** The name of the policy; `undefined` where all are to be removed. */
  readonly policy: string | undefined;
}

/**
 * Creates, changes and removes custom actions until they are those of the policy.
 * @param clientsOf for tests, which call another Security Hub.
 * @returns the exit code: 3 where something could not be read or changed.
 * @throws UsageError where no policy is found, Security Hub is off, or has no room; then nothing was changed.
 */
export async function runSync(flags: SyncFlags, clientsOf: ClientsOf = clientsIn): Promise<number> {
  const { policy, name } = readPolicy(flags.policy, controls);
  if (policy.file === undefined) {
    throw new UsageError(
      `there is no ${policyFileName} here: name the policy that was deployed with --policy; ` +
        'to remove all custom actions, run `trailseal custom-actions remove`',
    );
  }
  return makeMatch({ names: customActionsOf(policy.customActions), policy: name }, flags, clientsOf);
}

/** Removes all custom actions of the stage. @returns the exit code as `runSync` does. */
export async function runRemove(flags: RemoveFlags, clientsOf: ClientsOf = clientsIn): Promise<number> {
  return makeMatch({ names: [], policy: undefined }, flags, clientsOf);
}

async function makeMatch(
  wanted: WantedCustomActions,
  flags: RemoveFlags,
  clientsOf: ClientsOf,
): Promise<number> {
  const deployment = await openDeployment(flags);
  const { stage } = deployment;
  const { securityhub, sqs } = clientsOf(deployment);
  const found = await customActions(securityhub);
  if (!found.known) {
    process.stderr.write(
      `the custom actions of Security Hub could not be read: ${noAnswerText(found, deployment)}\n`,
    );
    return exitCode.incomplete;
  }
  const existing = found.value ?? throwHubOff(deployment);
  const changes = changesTo(wanted.names, existing, stage, deployment);
  // What a stage left behind is removed though it is not deployed any more; nothing is created for one.
  if (wanted.policy !== undefined || changes.length === 0) await checkDeployed(sqs, deployment);
  checkQuota(changes, existing, deployment.region);
  const results: ChangeResult[] = [];
  // One after the other: removals make room for what is created.
  for (const change of changes) results.push(await resultOf(securityhub, change, flags.dryRun === true));
  const queue = wanted.names.length === 0 ? undefined : await queueExists(sqs, deployment);
  if (flags.format === 'json') reportJson(deployment, wanted, results, queue);
  else reportText(deployment, wanted, results, lookalikes(changes, existing));
  warnWithoutQueue(queue, deployment);
  const failed = results.some(({ outcome }) => typeof outcome !== 'string');
  return failed || queue?.known === false ? exitCode.incomplete : exitCode.success;
}

function clientsIn({ config }: DeploymentSession): CustomActionClients {
  // The client of `lib/aws` is for publishing findings, and tries only once.
  return { securityhub: new SecurityHubClient(settings(config)), sqs: sqsClient(config) };
}

function throwHubOff({ account, region }: DeploymentSession): never {
  throw new UsageError(
    `Security Hub is off in account ${account}, ${region}, and has no custom actions: switch it on, then run this again\n` +
      `    aws securityhub enable-security-hub --region ${word(region)} --no-enable-default-standards`,
  );
}

/** @throws UsageError where Security Hub would not accept them all. */
function checkQuota(
  changes: readonly CustomActionChange[],
  existing: readonly DeployedCustomAction[],
  region: string,
): void {
  const excess = excessOf(changes, existing);
  if (excess === 0) return;
  const created = changes.filter(({ change }) => change === 'create').length;
  throw new UsageError(
    `Security Hub accepts ${customActionQuota} custom actions in an account and Region and has ${existing.length}: ` +
      `there is no room for ${created} more. Nothing was changed. Delete at least ${excess} that nobody needs:\n` +
      `    aws securityhub describe-action-targets --region ${word(region)}\n` +
      `    aws securityhub delete-action-target --region ${word(region)} --action-target-arn ARN`,
  );
}

async function resultOf(
  securityhub: SecurityHubClient,
  change: CustomActionChange,
  dryRun: boolean,
): Promise<ChangeResult> {
  if (dryRun) return { change, outcome: 'planned' };
  const made = await makeChange(securityhub, change);
  return { change, outcome: made.known ? 'done' : made };
}

/** Whether the queue exists that the custom actions lead to. */
async function queueExists(
  sqs: CustomActionClients['sqs'],
  { stage }: DeploymentSession,
): Promise<Answer<boolean>> {
  const url = await askIfExists('sqs:GetQueueUrl', noSuchQueue, () =>
    sqs.send(new GetQueueUrlCommand({ QueueName: queueName(stage, 'operator') })),
  );
  return url.known ? answered(url.value !== undefined) : url;
}

function reportText(
  deployment: DeploymentSession,
  { policy }: WantedCustomActions,
  results: readonly ChangeResult[],
  alike: readonly DeployedCustomAction[],
): void {
  const whose = policy === undefined ? '' : `, for ${printable(policy)}`;
  const parts = [`Custom actions in Security Hub of ${deploymentText(deployment)}${whose}`];
  if (results.length === 0) {
    parts.push(
      policy === undefined
        ? 'There were none.'
        : 'None: the policy has no operators.customActions, and there were none.',
    );
  } else {
    parts.push(resultsText(results));
  }
  if (alike.length > 0) parts.push(lookalikesText(alike));
  if (results.some(({ change }) => change.change !== 'remove')) parts.push(usageText(deployment));
  process.stdout.write(`${parts.join('\n\n')}\n`);
}

function reportJson(
  deployment: DeploymentSession,
  { policy }: WantedCustomActions,
  results: readonly ChangeResult[],
  queue: Answer<boolean> | undefined,
): void {
  const json = {
    ...deploymentJson(deployment),
    policy: policy ?? null,
    customActions: results.map(resultJson),
    /** `null` where there is no custom action, or it is not known. */
    queueExists: queue?.known === true ? queue.value : null,
    permission: { action: usePermission, resource: useResource(deployment) },
  };
  process.stdout.write(`${printableJson(json, 2)}\n`);
}

function warnWithoutQueue(queue: Answer<boolean> | undefined, deployment: DeploymentSession): void {
  const { stage, region } = deployment;
  if (queue === undefined) return;
  const name = queueName(stage, 'operator');
  if (!queue.known) {
    process.stderr.write(
      `cannot tell whether the deployment receives these custom actions: ${noAnswerText(queue, deployment)}\n`,
    );
  } else if (!queue.value) {
    process.stderr.write(
      `the deployment does not receive these custom actions yet: there is no queue ${name} in ${region}; deploy the policy:\n` +
        `    ${deployCommand(stage, region)}\n`,
    );
  }
}
