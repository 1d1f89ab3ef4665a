/** The client for IAM, which is one for all Regions of a partition. */
import { IAMClient } from '@aws-sdk/client-iam';
import { type ClientConfig, settings } from './settings.ts';

export function iamClient(config: ClientConfig): IAMClient {
  return new IAMClient(settings(config));
}
