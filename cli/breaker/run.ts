/** Runs `trailseal breaker show` and `trailseal breaker reset`. */
import { setTimeout } from 'node:timers/promises';
import { tableName } from '../../lib/aws/names.ts';
import { dynamodbClient } from '../../lib/aws/sdk.ts';
import { type ActionKind, actionKinds } from '../../lib/policy/model.ts';
import { Limiter } from '../../lib/remediation/limiter.ts';
import { controls } from '../../lib/services/catalogue.ts';
import type { BreakerFlags, BreakerResetFlags } from '../commands/breaker.ts';
import { oneOf } from '../commands/options.ts';
import { exitCode } from '../exit.ts';
import { checkConsent, consented, type Prompt, promptAt } from '../operator/consent.ts';
import {
  callerOf,
  type DeploymentSession,
  deploymentJson,
  deploymentText,
  openDeployment,
  withStateTable,
} from '../operator/deployment.ts';
import { asOperator } from '../operator/operator-role.ts';
import { printable, printableJson } from '../output/printable.ts';
import { readPolicy } from '../policy/file.ts';
import { type BreakerView, breakerJson, breakerText, breakerView, isToReset, resetDoneText } from './text.ts';

/**
 * Shows limits and breakers, and changes nothing.
 * @param name of a kind of action; all without one.
 * @returns the exit code: 3 where the state table could not be read.
 */
export async function runBreakerShow(name: string | undefined, flags: BreakerFlags): Promise<number> {
  const wanted = name === undefined ? actionKinds : [kindNamed(name)];
  const { deployment, limiter, view, policy } = await open(flags);
  return withStateTable(deployment, async () => {
    const states = await limiter.show();
    const views = wanted.map((kind) => view(kind, states[kind]));
    if (flags.format === 'json') {
      const json = { ...deploymentJson(deployment), policy, breakers: views.map(breakerJson) };
      process.stdout.write(`${printableJson(json, 2)}\n`);
    } else {
      const lines = views.map((one) => breakerText(one, Date.now()));
      process.stdout.write(
        `Circuit breakers of ${deploymentText(deployment)}\n\n${lines.join('\n')}\n\n` +
          `Limits of the policy: ${printable(policy)}. The deployment applies those of its effective policy.\n`,
      );
    }
    return exitCode.success;
  });
}

/**
 * Resets the breaker of a kind of action once a person has agreed, and records actor and reason.
 * @param prompt the terminal; where there is none, `--yes` is required.
 * @returns the exit code: 1 where the person did not agree, 3 where the state table could not be read or written.
 */
export async function runBreakerReset(
  name: string,
  flags: BreakerResetFlags,
  signal: AbortSignal,
  prompt: Prompt | undefined = promptAt(signal),
): Promise<number> {
  const kind = kindNamed(name);
  checkConsent(flags, prompt, 'breaker reset');
  const { deployment, limiter, view, policy } = await open(flags);
  const actor = callerOf(deployment);
  return withStateTable(deployment, async () => {
    const before = view(kind, (await limiter.show())[kind]);
    let wasReset = isToReset(before);
    if (wasReset) {
      if (flags.yes !== true) process.stderr.write(`${breakerText(before, Date.now())}\n`);
      const reason = await consented(
        flags,
        prompt,
        `Allow ${kind} actions again in ${deploymentText(deployment)}?`,
      );
      if (reason === undefined) {
        process.stderr.write(`The ${kind} breaker was not changed.\n`);
        return exitCode.failure;
      }
      // Somebody else may have reset it meanwhile.
      wasReset = await limiter.reset(kind, { actor, reason });
    }
    if (flags.format === 'json') {
      const json = { ...deploymentJson(deployment), policy, reset: wasReset, before: breakerJson(before) };
      process.stdout.write(`${printableJson(json, 2)}\n`);
    } else {
      const previous = wasReset ? `Before: ${breakerText(before, Date.now())}\n` : '';
      process.stdout.write(`${previous}${resetDoneText(before, wasReset, policy)}\n`);
    }
    return exitCode.success;
  });
}

function kindNamed(name: string): ActionKind {
  return oneOf(name, actionKinds, 'breaker');
}

async function open(flags: BreakerFlags): Promise<{
  readonly deployment: DeploymentSession;
  readonly limiter: Limiter;
  readonly view: (kind: ActionKind, state: Parameters<typeof breakerView>[1]) => BreakerView;
  /** The name of the policy. */
  readonly policy: string;
}> {
  const { policy, name } = readPolicy(flags.policy, controls);
  const deployment = await openDeployment(flags);
  const limiter = new Limiter({
    client: dynamodbClient(await asOperator(deployment)),
    table: tableName(deployment.stage),
    now: Date.now,
    wait: (milliseconds) => setTimeout(milliseconds),
    random: Math.random,
  });
  const limits = policy.guardrails.actionsPerHour;
  return {
    deployment,
    limiter,
    view: (kind, state) => breakerView(kind, state, limits[kind], Date.now()),
    policy: name,
  };
}
