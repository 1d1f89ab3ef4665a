/** The client for Lambda. */
import { LambdaClient } from '@aws-sdk/client-lambda';
import { type ClientConfig, settings } from './settings.ts';

export function lambdaClient(config: ClientConfig): LambdaClient {
  return new LambdaClient(settings(config));
}
