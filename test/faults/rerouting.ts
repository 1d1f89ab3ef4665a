/** Has the deployed functions, and nobody else, reach AWS through the proxies. */
import {
  GetFunctionConfigurationCommand,
  LambdaClient,
  UpdateFunctionConfigurationCommand,
} from '@aws-sdk/client-lambda';
import { SetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { type FunctionName, functionNameOf, type Queue, queueNameOf } from '../../deploy/parts.ts';
import { at, isObject, list } from '../../lib/core/json.ts';
import { queueNames } from '../../lib/services/queues.ts';
import { stage } from '../e2e/deployment.ts';
import { region } from '../e2e/emulated-aws.ts';
import { queueUrl, type Stack } from '../e2e/stack.ts';
import type { Call } from './relay.ts';

export interface Ways {
  /** What stands before ministack, which has DynamoDB, SQS, EventBridge, SNS and SSM. */
  readonly front: string;
  /** What stands before moto, which has all other services that the functions ask. */
  readonly back: string;
}

const inMinistack = ['DYNAMODB', 'SQS', 'EVENTBRIDGE', 'SNS', 'SSM'];
const inMoto = ['EC2', 'EKS', 'KMS', 'SECURITYHUB'];

export async function reroute(
  { front, back }: Ways,
  functions: readonly FunctionName[] = queueNames,
): Promise<void> {
  const lambda = new LambdaClient({ region });
  for (const name of functions) {
    const FunctionName = functionNameOf(stage, name);
    const { Environment } = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName }));
    // The SDK calls SQS at the origin of the queue's URL.
    const told = Object.entries(Environment?.Variables ?? {}).map(([variable, value]): [string, string] => [
      variable,
      variable.startsWith('TRAILSEAL_') && value.startsWith('http')
        ? `${front}${new URL(value).pathname}`
        : value,
    ]);
    const elsewhere = Object.fromEntries([
      ...inMinistack.map((of) => [`AWS_ENDPOINT_URL_${of}`, front]),
      ...inMoto.map((of) => [`AWS_ENDPOINT_URL_${of}`, back]),
    ]);
    const Variables = { ...Object.fromEntries(told), ...elsewhere };
    await lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName, Environment: { Variables } }));
  }
}

/** A message that failed comes again after so many seconds, and not after the minutes that a deployment has. */
export async function hurry(
  stack: Pick<Stack, 'sqs'>,
  seconds: number,
  queues: readonly Queue[] = queueNames,
): Promise<void> {
  for (const name of queues) {
    const QueueUrl = await queueUrl(stack, queueNameOf(stage, name));
    await stack.sqs.send(
      new SetQueueAttributesCommand({ QueueUrl, Attributes: { VisibilityTimeout: String(seconds) } }),
    );
  }
}

/** The same for what a function sends to a queue to come after some minutes. @returns the call's body. */
export function sooner({ name, body }: Pick<Call, 'name' | 'body'>): string | undefined {
  if (name !== 'sqs:SendMessageBatch') return undefined;
  const asked: unknown = JSON.parse(body.toString('utf8'));
  if (!isObject(asked)) return undefined;
  const Entries = list(asked, 'Entries').map((entry) => {
    const delay = at(entry, 'DelaySeconds');
    return isObject(entry) && typeof delay === 'number'
      ? { ...entry, DelaySeconds: Math.min(delay, soonest) }
      : entry;
  });
  return JSON.stringify({ ...asked, Entries });
}

/** Seconds. */
const soonest = 20;
