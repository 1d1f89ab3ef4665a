/** Observes an account and Regions with concurrent calls that change nothing. */
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { functionName, ruleName } from '../../lib/aws/names.ts';
import type { Control } from '../../lib/core/control.ts';
import { eventPatterns } from '../../lib/pipeline/evaluators.ts';
import type { Policy } from '../../lib/policy/model.ts';
import { evaluatorOf, evaluators, services } from '../../lib/services/catalogue.ts';
import { queueNames } from '../../lib/services/queues.ts';
import { type Answer, answered, ask } from '../aws/answer.ts';
import { assumeOperatorRole } from '../operator/operator-role.ts';
import { actionPartsOf } from './actions.ts';
import type { AccountClients } from './clients.ts';
import { observeActions } from './observe-actions.ts';
import {
  deployedFunction,
  queuePair,
  ruleNamed,
  scheduledScanSchedule,
  silenceAlarm,
} from './observe-deployment.ts';
import { principalOf, simulate } from './observe-permissions.ts';
import { securityHubIsOn, trailsOf } from './observe-region.ts';
import type { Identity, Observed, ObservedRegion } from './observed.ts';
import { functionNeeds, scanNeeds } from './permissions.ts';

export interface DoctorInput {
  readonly stage: string;
  readonly regions: readonly string[];
  readonly policy: Policy;
  /** Those that the policy enables. */
  readonly controls: readonly Control[];
}

export async function observe(clients: AccountClients, what: DoctorInput): Promise<Observed> {
  const identity = await identityOf(clients);
  const { stage } = what;
  if (!identity.known) return { stage, identity, regions: [] };
  const principal = principalOf(clients.iam, identity.value.arn);
  const regions = await Promise.all(
    what.regions.map((region) => observeRegion(clients, what, identity.value, region, principal)),
  );
  return { stage, identity, regions };
}

function identityOf({ sts }: AccountClients): Promise<Answer<Identity>> {
  return ask('sts:GetCallerIdentity', async () => {
    const { Account: account, Arn: arn } = await sts.send(new GetCallerIdentityCommand({}));
    if (account === undefined || arn === undefined)
      throw new TypeError('STS did not return who the caller is');
    return { account, arn };
  });
}

async function observeRegion(
  clients: AccountClients,
  { stage, policy, controls }: DoctorInput,
  { account, arn: caller }: Identity,
  region: string,
  principal: Promise<Answer<string>>,
): Promise<ObservedRegion> {
  const here = clients.of(region);
  const accountRegion = { account, region };
  const functions = await forEach(queueNames, (name) =>
    deployedFunction(here.lambda, functionName(stage, name)),
  );
  const evaluated = controls.filter((control) => {
    const evaluator = functions[evaluatorOf(control)];
    return evaluator === undefined || !evaluator.known || evaluator.value !== undefined;
  });
  const wanted = evaluators.flatMap((evaluator) => {
    const own = controls.filter((control) => evaluatorOf(control) === evaluator);
    return eventPatterns(own, services).map((pattern, index) => ({
      evaluator,
      rule: ruleName(stage, evaluator, index),
      pattern,
    }));
  });
  const operator =
    evaluated.length === 0
      ? undefined
      : await assumeOperatorRole(clients.sts, { stage, account, region, caller });
  const [trails, hub, rules, schedule, queues, functionPermissions, callersPermissions, actions] =
    await Promise.all([
      trailsOf(clients, region),
      securityHubIsOn(here.securityhub),
      forEach(
        wanted.map(({ rule }) => rule),
        (name) => ruleNamed(here.events, name),
      ),
      scheduledScanSchedule(here.scheduler, stage),
      forEach(queueNames, (name) => queuePair(here.sqs, stage, name)),
      forEach(queueNames, async (name) => {
        const found = functions[name];
        const role = found?.known ? found.value?.role : undefined;
        const needs = functionNeeds(name, controls);
        return role === undefined || needs.length === 0
          ? undefined
          : simulate(clients.iam, role, needs, accountRegion);
      }),
      principal.then((arn) =>
        arn.known ? simulate(clients.iam, arn.value, scanNeeds(controls), accountRegion) : arn,
      ),
      // Without an evaluator nothing is deployed.
      operator === undefined
        ? undefined
        : observeActions(clients, region, stage, actionPartsOf(policy, evaluated), operator),
    ]);
  return {
    account,
    region,
    operatorRole: operator?.known === true ? answered(true) : operator,
    trails,
    hub,
    rules,
    schedule,
    silence: await silenceAlarm(here.cloudwatch, stage),
    queues,
    functions,
    permissions: functionPermissions,
    callersPermissions,
    wanted,
    actions,
  };
}

/** Observes each name, concurrently. */
async function forEach<Name extends string, T>(
  names: readonly Name[],
  observeOne: (name: Name) => Promise<T>,
): Promise<Record<Name, T>> {
  const entries = await Promise.all(names.map(async (name) => [name, await observeOne(name)] as const));
  return Object.fromEntries(entries) as Record<Name, T>;
}
