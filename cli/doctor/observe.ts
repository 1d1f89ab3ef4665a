/** Looks at an account and Regions: everything at the same time, and nothing is changed. */
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { functionName, ruleName } from '../../lib/aws/names.ts';
import type { Control } from '../../lib/core/control.ts';
import { eventPatterns } from '../../lib/pipeline/evaluators.ts';
import { aliasesOf } from '../../lib/pipeline/match.ts';
import type { Policy } from '../../lib/policy/policy.ts';
import { type Seen, see } from '../aws/answer.ts';
import { actingWanted } from './acting-wanted.ts';
import type { AccountClients } from './clients.ts';
import { observeActing } from './observe-acting.ts';
import { deployedFunction, queuePair, ruleNamed, scheduledScanSchedule } from './observe-deployment.ts';
import { principalOf, simulate } from './observe-permissions.ts';
import { securityHubIsOn, trailsOf } from './observe-region.ts';
import type { Identity, Observed, ObservedRegion } from './observed.ts';
import { functionNeeds, scanNeeds } from './permissions.ts';

export interface ToObserve {
  readonly stage: string;
  readonly regions: readonly string[];
  readonly policy: Policy;
  /** Those that the policy does not switch off. */
  readonly controls: readonly Control[];
}

export async function observe(clients: AccountClients, what: ToObserve): Promise<Observed> {
  const identity = await identityOf(clients);
  const { stage } = what;
  if (!identity.known) return { stage, identity, regions: [] };
  const principal = principalOf(clients.iam, identity.value.arn);
  const regions = await Promise.all(
    what.regions.map((region) => observeRegion(clients, what, identity.value.account, region, principal)),
  );
  return { stage, identity, regions };
}

function identityOf({ sts }: AccountClients): Promise<Seen<Identity>> {
  return see('sts:GetCallerIdentity', async () => {
    const { Account: account, Arn: arn } = await sts.send(new GetCallerIdentityCommand({}));
    if (account === undefined || arn === undefined) throw new TypeError('STS does not tell who is asking');
    return { account, arn };
  });
}

async function observeRegion(
  clients: AccountClients,
  { stage, policy, controls }: ToObserve,
  account: string,
  region: string,
  principal: Promise<Seen<string>>,
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
    return eventPatterns(own, services, aliasesOf(services)).map((pattern, index) => ({
      evaluator,
      rule: ruleName(stage, evaluator, index),
      pattern,
    }));
  });
  const [trails, hub, rules, schedule, queues, functionPermissions, callersPermissions, acting] =
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
      // Where no evaluator is deployed, nothing is.
      evaluated.length === 0
        ? undefined
        : observeActing(clients, region, stage, actingWanted(policy, evaluated)),
    ]);
  return {
    account,
    region,
    trails,
    hub,
    rules,
    schedule,
    queues,
    functions,
    permissions: functionPermissions,
    callersPermissions,
    wanted,
    acting,
  };
}

/** Does the same for each name at the same time. */
async function forEach<Name extends string, T>(
  names: readonly Name[],
  look: (name: Name) => Promise<T>,
): Promise<Record<Name, T>> {
  const entries = await Promise.all(names.map(async (name) => [name, await look(name)] as const));
  return Object.fromEntries(entries) as Record<Name, T>;
}
