/** The SDK's client of SSM, whose parameters hold the kill switch and overrides of the policy. */
import { SSMClient } from '@aws-sdk/client-ssm';
import { type ClientConfig, settings } from './settings.ts';

export function ssmClient(config: ClientConfig): SSMClient {
  return new SSMClient(settings(config));
}
