/** A deployed stack whose functions, and nothing else, reach the emulated AWS through proxies that inject faults. */
import {
  GetFunctionConfigurationCommand,
  LambdaClient,
  UpdateFunctionConfigurationCommand,
} from '@aws-sdk/client-lambda';
import { SetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { type FunctionName, functionNameOf, type Queue, queueNameOf } from '../../deploy/parts.ts';
import { at, isObject, list } from '../../lib/core/json.ts';
import { type Emulator, startMicroburst } from '../../scripts/emulators.ts';
import { environmentOf } from '../e2e/callers.ts';
import { stage } from '../e2e/deployment.ts';
import {
  type EmulatedAws,
  motoEndpointVariables,
  region,
  startEmulatedAws,
  withoutSettings,
} from '../e2e/emulated-aws.ts';
import { queueUrl, type StackClients, stackOf } from '../e2e/stack.ts';
import { type FaultCount, type FaultPlan, faultCounts, injectFaults, stopFaults } from './fault-plan.ts';
import { partialBatches } from './partial-batches.ts';
import { type RelayedCall, type RelayHooks, startRelay } from './relay.ts';

export interface FaultDeploymentOptions<Fixtures> {
  /** Of the folder in `out/` for the log. */
  readonly name: string;
  readonly deploy: (env: Readonly<Record<string, string>>) => Promise<unknown>;
  /** Makes what the test needs, before any proxy is there. */
  readonly prepare: (stack: StackClients) => Promise<Fixtures>;
  readonly functions: readonly FunctionName[];
  readonly queues: readonly Queue[];
  /** Seconds after which a message that failed is delivered again: longer than most invocations take with faults. */
  readonly redeliveryAfter: number;
  /** Whether messages that a function delays are delayed for some seconds only. */
  readonly shortDelays?: boolean;
  /** Called for each call that moto carried out. */
  readonly onMotoCall: (call: RelayedCall) => void;
}

export interface FaultDeployment<Fixtures> {
  readonly aws: EmulatedAws;
  /** The environment of the command as the operator runs it. */
  readonly operatorEnv: Readonly<Record<string, string>>;
  readonly stack: StackClients;
  readonly fixtures: Fixtures;
  /** Injects faults; resolves when the last outage is over. */
  inject(plan: FaultPlan): Promise<void>;
  /** @returns the faults until now, by service. */
  stopFaults(): Promise<ReadonlyMap<string, FaultCount>>;
  /** Requests that the functions have made, attempts of one call counted each. */
  requests(): Promise<number>;
  /** Entries of batches that were refused although the call was answered. */
  refusedEntries(): number;
}

/**
 * Deploys, and runs a test with the deployment. Rejects when the emulators can't be had or the stack can't be deployed; stops
 * whatever it started.
 */
export async function withFaultDeployment<Fixtures, Outcome>(
  options: FaultDeploymentOptions<Fixtures>,
  run: (deployment: FaultDeployment<Fixtures>) => Promise<Outcome>,
): Promise<Outcome> {
  const stops: (() => Promise<void>)[] = [];
  /** A relay before an emulator, and microburst before the relay. */
  const proxyTo = async (emulator: string, hooks: RelayHooks): Promise<Emulator> => {
    const relay = await startRelay(emulator, hooks);
    stops.push(relay.stop);
    const proxy = await startMicroburst(relay.endpoint, withoutSettings(process.env));
    stops.push(proxy.stop);
    relay.signedFor(proxy.endpoint);
    return proxy;
  };
  try {
    const aws = await startEmulatedAws(options.name);
    stops.push(aws.stop);
    Object.assign(process.env, aws.env);
    await options.deploy(aws.env);
    const stack = stackOf(aws.callers);
    const fixtures = await options.prepare(stack);
    const batches = partialBatches();
    const toMinistack = await proxyTo(aws.env['AWS_ENDPOINT_URL'] ?? '', {
      ...batches,
      change: (call) =>
        withShortHiding(call, options.redeliveryAfter) ??
        (options.shortDelays === true ? withShortDelays(call) : undefined),
    });
    const toMoto = await proxyTo(aws.env['AWS_ENDPOINT_URL_SECURITYHUB'] ?? '', {
      ...batches,
      done: options.onMotoCall,
    });
    const proxies = [toMinistack, toMoto];
    await reroute(options.functions, toMinistack.endpoint, toMoto.endpoint);
    await setRedelivery(stack, options.queues, options.redeliveryAfter);
    return await run({
      aws,
      operatorEnv: { ...aws.env, ...environmentOf(aws.callers.operator) },
      stack,
      fixtures,
      inject: (plan) => injectFaults(proxies, plan),
      async stopFaults() {
        await stopFaults(proxies);
        batches.stop();
        return faultCounts(proxies);
      },
      async requests() {
        const counts = [...(await faultCounts(proxies)).values()];
        return counts.reduce((sum, { requests }) => sum + requests, 0);
      },
      refusedEntries: () => batches.refused(),
    });
  } finally {
    for (const stop of stops.reverse()) await stop();
  }
}

const ministackServices = ['DYNAMODB', 'SQS', 'EVENTBRIDGE', 'SNS', 'SSM', 'STS'];

async function reroute(
  functions: readonly FunctionName[],
  toMinistack: string,
  toMoto: string,
): Promise<void> {
  const lambda = new LambdaClient({ region });
  for (const name of functions) {
    const FunctionName = functionNameOf(stage, name);
    const { Environment } = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName }));
    // The SDK calls SQS at the origin of the queue's URL.
    const own = Object.entries(Environment?.Variables ?? {}).map(([variable, value]): [string, string] => [
      variable,
      variable.startsWith('TRAILSEAL_') && value.startsWith('http')
        ? `${toMinistack}${new URL(value).pathname}`
        : value,
    ]);
    const endpoints = Object.fromEntries([
      ...ministackServices.map((service) => [`AWS_ENDPOINT_URL_${service}`, toMinistack]),
      ...motoEndpointVariables.map((variable) => [variable, toMoto]),
    ]);
    const Variables = { ...Object.fromEntries(own), ...endpoints };
    await lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName, Environment: { Variables } }));
  }
}

/** Without it, a message that failed would come again only after the minutes that a real deployment has. */
async function setRedelivery(
  stack: Pick<StackClients, 'sqs'>,
  queues: readonly Queue[],
  seconds: number,
): Promise<void> {
  for (const name of queues) {
    const QueueUrl = await queueUrl(stack, queueNameOf(stage, name));
    await stack.sqs.send(
      new SetQueueAttributesCommand({ QueueUrl, Attributes: { VisibilityTimeout: String(seconds) } }),
    );
  }
}

/** A function hides what failed for up to a quarter of an hour: here for no longer than the queue does. @returns the call's body. */
function withShortHiding(
  { name, body }: Pick<RelayedCall, 'name' | 'body'>,
  longest: number,
): string | undefined {
  if (name !== 'sqs:ChangeMessageVisibilityBatch') return undefined;
  const batch: unknown = JSON.parse(body.toString('utf8'));
  if (!isObject(batch)) return undefined;
  const Entries = list(batch, 'Entries').map((entry) => {
    const seconds = at(entry, 'VisibilityTimeout');
    return isObject(entry) && typeof seconds === 'number'
      ? { ...entry, VisibilityTimeout: Math.min(seconds, longest) }
      : entry;
  });
  return JSON.stringify({ ...batch, Entries });
}

/** Seconds. */
const longestDelay = 20;

/** Shortens the delays of messages that a function sends. @returns the call's body. */
function withShortDelays({ name, body }: Pick<RelayedCall, 'name' | 'body'>): string | undefined {
  if (name !== 'sqs:SendMessageBatch') return undefined;
  const batch: unknown = JSON.parse(body.toString('utf8'));
  if (!isObject(batch)) return undefined;
  const Entries = list(batch, 'Entries').map((entry) => {
    const delay = at(entry, 'DelaySeconds');
    return isObject(entry) && typeof delay === 'number'
      ? { ...entry, DelaySeconds: Math.min(delay, longestDelay) }
      : entry;
  });
  return JSON.stringify({ ...batch, Entries });
}
