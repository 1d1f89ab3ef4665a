/** `trailseal breaker show` and `trailseal breaker close`: how much was done in the last hour, and going on. */
import { setTimeout } from 'node:timers/promises';
import { tableName } from '../../lib/aws/names.ts';
import { dynamodbClient } from '../../lib/aws/sdk.ts';
import { type ActionKind, actionKinds } from '../../lib/policy/model.ts';
import { Limiter } from '../../lib/remediation/limiter.ts';
import { controls } from '../../lib/services/controls.ts';
import { oneOf } from '../commands/options.ts';
import { exitCode } from '../exit.ts';
import { type Ask, askAt, type Consent, checkConsent, consented } from '../operator/consent.ts';
import {
  accountRegionText,
  callerOf,
  type Deployment,
  type DeploymentFlags,
  openDeployment,
  withStateTable,
} from '../operator/deployment.ts';
import { printable, printableJson } from '../output/printable.ts';
import { readPolicy } from '../policy/file.ts';
import { type BreakerView, breakerJson, breakerText, breakerView, closedText } from './text.ts';

export interface BreakerFlags extends DeploymentFlags {
  readonly policy?: string;
}

export interface BreakerCloseFlags extends BreakerFlags, Consent {}

/**
 * Shows limits and breakers, and changes nothing.
 * @param name of a kind of action; all of them without one.
 * @returns the exit code: 3 where the state table could not be read.
 */
export async function runBreakerShow(name: string | undefined, flags: BreakerFlags): Promise<number> {
  const wanted = name === undefined ? actionKinds : [kindNamed(name)];
  const { deployment, limiter, view, policy } = await open(flags);
  return withStateTable(deployment, async () => {
    const states = await limiter.show();
    const views = wanted.map((kind) => view(kind, states[kind]));
    if (flags.format === 'json') {
      const { stage, account, region } = deployment;
      const told = { stage, account, region, policy, breakers: views.map(breakerJson) };
      process.stdout.write(`${printableJson(told, 2)}\n`);
    } else {
      const lines = views.map((one) => breakerText(one, Date.now()));
      const whose = `What is allowed is as ${printable(policy)} has it; a deployment goes by the policy it was made with.`;
      process.stdout.write(
        `Breakers of ${accountRegionText(deployment)}\n\n${lines.join('\n')}\n\n${whose}\n`,
      );
    }
    return exitCode.fine;
  });
}

/**
 * Closes the breaker of a kind of action once a person has agreed, keeps who did so and why, and says what that allows.
 * @param ask the terminal; where there is none, `--yes` has to be given.
 * @returns the exit code: 1 where the person did not agree, 3 where the state table could not be read or written.
 */
export async function runBreakerClose(
  name: string,
  flags: BreakerCloseFlags,
  signal: AbortSignal,
  ask: Ask | undefined = askAt({ input: process.stdin, output: process.stderr }, signal),
): Promise<number> {
  const kind = kindNamed(name);
  checkConsent(flags, ask, 'breaker close');
  const { deployment, limiter, view, policy } = await open(flags);
  const by = callerOf(deployment);
  return withStateTable(deployment, async () => {
    const before = view(kind, (await limiter.show())[kind]);
    let wasOpen = before.breaker !== undefined;
    if (wasOpen) {
      if (flags.yes !== true) process.stderr.write(`${breakerText(before, Date.now())}\n`);
      const why = await consented(
        flags,
        ask,
        `Let ${kind} be done again in ${accountRegionText(deployment)}?`,
      );
      if (why === undefined) {
        process.stderr.write(`The breaker of ${kind} was left as it is.\n`);
        return exitCode.failOn;
      }
      // Somebody else may have closed it meanwhile.
      wasOpen = await limiter.reset(kind, { actor: by, reason: why });
    }
    if (flags.format === 'json') {
      const { stage, account, region } = deployment;
      const told = { stage, account, region, policy, closed: wasOpen, before: breakerJson(before) };
      process.stdout.write(`${printableJson(told, 2)}\n`);
    } else {
      const was = wasOpen ? `It was ${breakerText(before, Date.now())}\n` : '';
      process.stdout.write(`${was}${closedText(before, wasOpen, policy)}\n`);
    }
    return exitCode.fine;
  });
}

function kindNamed(name: string): ActionKind {
  return oneOf(name, actionKinds, 'breaker');
}

async function open(flags: BreakerFlags): Promise<{
  readonly deployment: Deployment;
  readonly limiter: Limiter;
  readonly view: (kind: ActionKind, state: Parameters<typeof breakerView>[1]) => BreakerView;
  /** What the policy is called. */
  readonly policy: string;
}> {
  const { policy, name } = readPolicy(flags.policy, controls);
  const deployment = await openDeployment(flags);
  const limiter = new Limiter({
    client: dynamodbClient(deployment.config),
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
