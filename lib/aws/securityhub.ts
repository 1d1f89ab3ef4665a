/** The SDK's client for Security Hub. It has a module of its own, so that only what publishes is bundled with it. */
import { SecurityHubClient } from '@aws-sdk/client-securityhub';
import { type ClientConfig, settings } from './settings.ts';

/**
 * A client for the Security Hub of one account and Region, which tries each call once: `Publisher` tries again,
 * piece by piece and at Security Hub's pace, so that tries of the client's own would multiply with those. So that
 * all of them end before a function must, none waits long.
 */
export function securityHubClient(config: Omit<ClientConfig, 'maxAttempts'>): SecurityHubClient {
  return new SecurityHubClient({
    ...settings(config),
    retryMode: 'standard',
    maxAttempts: 1,
    requestHandler: { connectionTimeout: 3_000, requestTimeout: 10_000, throwOnRequestTimeout: true },
  });
}

/**
 * A client for whoever reads findings one by one, which tries again as those of other services do: Security Hub takes
 * three calls a second of GetFindings. Source: AWS Security Hub User Guide, "Security Hub quotas".
 */
export function securityHubReader(config: ClientConfig): SecurityHubClient {
  return new SecurityHubClient(settings(config));
}
