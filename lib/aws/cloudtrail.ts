/** The client for CloudTrail. */
import { CloudTrailClient } from '@aws-sdk/client-cloudtrail';
import { type ClientConfig, settings } from './settings.ts';

export function cloudTrailClient(config: ClientConfig): CloudTrailClient {
  return new CloudTrailClient(settings(config));
}
