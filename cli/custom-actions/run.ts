/** `trailseal setup`: makes what CloudFormation cannot, the custom actions of a deployment in Security Hub. */
import { SecurityHubClient } from '@aws-sdk/client-securityhub';
import { GetQueueUrlCommand } from '@aws-sdk/client-sqs';
import { queueName } from '../../lib/aws/names.ts';
import { sqsClient } from '../../lib/aws/sdk.ts';
import { settings } from '../../lib/aws/settings.ts';
import { type CustomActionName, customActionsOf } from '../../lib/policy/custom-actions.ts';
import { controls } from '../../lib/services/controls.ts';
import { type Seen, seeIfThere } from '../aws/answer.ts';
import { deployCommand, word } from '../doctor/check.ts';
import { noSuchQueue } from '../doctor/observe-deployment.ts';
import { exitCode, UsageError } from '../exit.ts';
import {
  accountRegionText,
  type Deployment,
  type DeploymentFlags,
  openDeployment,
} from '../operator/deployment.ts';
import { printable, printableJson } from '../output/printable.ts';
import { readPolicy } from '../policy/file.ts';
import {
  type DeployedCustomAction,
  lookalikes,
  mostCustomActions,
  type Step,
  stepsTo,
  tooMany,
} from './changes.ts';
import { carryOutStep, customActions } from './security-hub.ts';
import {
  customActionPermission,
  customActionTarget,
  lookalikesText,
  type Result,
  requestText,
  resultJson,
  resultsText,
} from './text.ts';

export interface SetupFlags extends DeploymentFlags {
  readonly policy?: string;
  readonly remove?: boolean;
  readonly dryRun?: boolean;
}

/** What `setup` asks, so that tests can ask another Security Hub. */
export interface SetupClients {
  readonly securityhub: SecurityHubClient;
  readonly sqs: ReturnType<typeof sqsClient>;
}

interface Wanted {
  readonly customActionNames: readonly CustomActionName[];
  /** What the policy is called; `undefined` where none was read. */
  readonly policy: string | undefined;
}

/**
 * Makes, changes and removes custom actions until they are those that the policy has orders for.
 * @returns the exit code: 3 where something could not be read, made, changed or removed.
 * @throws UsageError where Security Hub is off, or has no room for them: then nothing was done.
 */
export async function runSetup(
  flags: SetupFlags,
  clientsOf: (deployment: Deployment) => SetupClients = clientsIn,
): Promise<number> {
  const wanted = wantedBy(flags);
  const deployment = await openDeployment(flags);
  const { stage, region } = deployment;
  const { securityhub, sqs } = clientsOf(deployment);
  const found = await customActions(securityhub);
  if (!found.known) {
    process.stderr.write(
      `the custom actions of Security Hub could not be read: ${printable(found.detail)}\n`,
    );
    return exitCode.input;
  }
  const there = found.value ?? isOff(deployment);
  const steps = stepsTo(wanted.customActionNames, there, stage, deployment);
  refuseTooMany(steps, there, region);
  const results: Result[] = [];
  // One after the other: those that go make room for those that come.
  for (const step of steps) results.push(await resultOf(securityhub, step, flags.dryRun === true));
  const heard = wanted.customActionNames.length === 0 ? undefined : await hears(sqs, deployment);
  if (flags.format === 'json') tellPrograms(deployment, wanted, results, heard);
  else tellPeople(deployment, wanted, results, lookalikes(steps, there));
  tellWhetherHeard(heard, deployment);
  const failed = results.some(({ outcome }) => typeof outcome !== 'string');
  return failed || heard?.known === false ? exitCode.input : exitCode.fine;
}

function clientsIn({ config }: Deployment): SetupClients {
  // The maker of `lib/aws` is for publishing: it tries once only.
  return { securityhub: new SecurityHubClient(settings(config)), sqs: sqsClient(config) };
}

/** @throws UsageError where no policy tells which custom actions there should be: they would all be removed. */
function wantedBy({ remove, policy: file }: SetupFlags): Wanted {
  if (remove === true) {
    if (file === undefined) return { customActionNames: [], policy: undefined };
    throw new UsageError('setup --remove removes all custom actions of the stage, and takes no --policy');
  }
  const { policy, name } = readPolicy(file, controls);
  if (policy.file === undefined) {
    throw new UsageError(
      'there is no trailseal.policy.yml here, and so nothing tells which custom actions there should be: name the policy that ' +
        'was deployed with --policy; to take all custom actions away, use --remove',
    );
  }
  return { customActionNames: customActionsOf(policy.customActions), policy: name };
}

function isOff({ account, region }: Deployment): never {
  throw new UsageError(
    `Security Hub is off in account ${account}, ${region}, and has no custom actions: switch it on, then run setup again\n` +
      `    aws securityhub enable-security-hub --region ${word(region)} --no-enable-default-standards`,
  );
}

/** @throws UsageError where Security Hub would not take them all. */
function refuseTooMany(steps: readonly Step[], there: readonly DeployedCustomAction[], region: string): void {
  const excess = tooMany(steps, there);
  if (excess === 0) return;
  const made = steps.filter(({ what }) => what === 'make').length;
  throw new UsageError(
    `Security Hub takes ${mostCustomActions} custom actions in an account and Region and has ${there.length} here, so that ` +
      `there is no room for ${made} more: delete ${excess} at least of those that nobody needs; nothing was done\n` +
      `    aws securityhub describe-action-targets --region ${word(region)}\n` +
      `    aws securityhub delete-action-target --region ${word(region)} --action-target-arn ARN`,
  );
}

async function resultOf(securityhub: SecurityHubClient, step: Step, dryRun: boolean): Promise<Result> {
  if (dryRun) return { step, outcome: 'planned' };
  const done = await carryOutStep(securityhub, step);
  return { step, outcome: done.known ? 'done' : done };
}

/** Whether there is a queue to which the custom actions lead. */
async function hears(sqs: SetupClients['sqs'], { stage }: Deployment): Promise<Seen<boolean>> {
  const url = await seeIfThere('sqs:GetQueueUrl', noSuchQueue, () =>
    sqs.send(new GetQueueUrlCommand({ QueueName: queueName(stage, 'operator') })),
  );
  return url.known ? { known: true, value: url.value !== undefined } : url;
}

function tellPeople(
  deployment: Deployment,
  { policy }: Wanted,
  results: readonly Result[],
  alike: readonly DeployedCustomAction[],
): void {
  const whose = policy === undefined ? '' : `, as ${printable(policy)} has them`;
  const parts = [`Custom actions in Security Hub of ${accountRegionText(deployment)}${whose}`];
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
  if (results.some(({ step }) => step.what !== 'remove')) parts.push(requestText(deployment));
  process.stdout.write(`${parts.join('\n\n')}\n`);
}

function tellPrograms(
  deployment: Deployment,
  { policy }: Wanted,
  results: readonly Result[],
  heard: Seen<boolean> | undefined,
): void {
  const { stage, account, region } = deployment;
  const told = {
    stage,
    account,
    region,
    policy: policy ?? null,
    customActionNames: results.map(resultJson),
    /** `null` where there is no custom action, or nobody knows. */
    heard: heard?.known === true ? heard.value : null,
    requesting: { action: customActionPermission, resource: customActionTarget(deployment) },
  };
  process.stdout.write(`${printableJson(told, 2)}\n`);
}

function tellWhetherHeard(heard: Seen<boolean> | undefined, { stage, region }: Deployment): void {
  if (heard === undefined) return;
  const queue = queueName(stage, 'operator');
  if (!heard.known) {
    process.stderr.write(
      `whether anybody hears these custom actions is not known: ${printable(heard.detail)}\n`,
    );
  } else if (!heard.value) {
    process.stderr.write(
      `nobody hears these custom actions yet: there is no queue ${queue} in ${region}; deploy the policy with its orders:\n` +
        `    ${deployCommand(stage, region)}\n`,
    );
  }
}
