/** Has the deployed functions, and nobody else, reach AWS through the proxies. */
import {
  GetFunctionConfigurationCommand,
  LambdaClient,
  UpdateFunctionConfigurationCommand,
} from '@aws-sdk/client-lambda';
import { SetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { functionName, queueName, queueNames } from '../../lib/names.ts';
import { stage } from '../e2e/deployment.ts';
import { region } from '../e2e/emulated-aws.ts';
import { queueUrl, type Stack } from '../e2e/stack.ts';

export interface Ways {
  /** What stands before ministack, which has DynamoDB and SQS. */
  readonly front: string;
  /** What stands before moto, which has all other services that the functions ask. */
  readonly back: string;
}

export async function reroute({ front, back }: Ways): Promise<void> {
  const lambda = new LambdaClient({ region });
  for (const name of queueNames) {
    const FunctionName = functionName(stage, name);
    const { Environment } = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName }));
    // The SDK calls SQS at the origin of the queue's URL.
    const told = Object.entries(Environment?.Variables ?? {}).map(([variable, value]): [string, string] => [
      variable,
      variable.startsWith('TRAILSEAL_') && value.startsWith('http')
        ? `${front}${new URL(value).pathname}`
        : value,
    ]);
    const elsewhere = {
      AWS_ENDPOINT_URL_DYNAMODB: front,
      AWS_ENDPOINT_URL_SQS: front,
      ...Object.fromEntries(
        ['EC2', 'EKS', 'KMS', 'SECURITYHUB'].map((of) => [`AWS_ENDPOINT_URL_${of}`, back]),
      ),
    };
    const Variables = { ...Object.fromEntries(told), ...elsewhere };
    await lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName, Environment: { Variables } }));
  }
}

/** A message that failed comes again after so many seconds, and not after the minutes that a deployment has. */
export async function hurry(stack: Pick<Stack, 'sqs'>, seconds: number): Promise<void> {
  for (const name of queueNames) {
    const QueueUrl = await queueUrl(stack, queueName(stage, name));
    await stack.sqs.send(
      new SetQueueAttributesCommand({ QueueUrl, Attributes: { VisibilityTimeout: String(seconds) } }),
    );
  }
}
