/** What all SDK clients have in common. Each service's maker has a file of its own, so that none brings another. */
import type { EC2ClientConfig } from '@aws-sdk/client-ec2';

export interface ClientConfig {
  readonly region: string;
  /** A provider of credentials, or credentials; the SDK's own chain where left out. */
  readonly credentials?: EC2ClientConfig['credentials'];
  /** How often a call is tried in all; 5 where left out. */
  readonly maxAttempts?: number;
  /** How long a try waits for an answer, in milliseconds; 15 seconds where left out. */
  readonly requestTimeout?: number;
  /** Receives each call, as `callLogger` makes one. */
  readonly logger?: EC2ClientConfig['logger'];
}

/**
 * Endpoints come from the SDK's own environment variables (`AWS_ENDPOINT_URL`, `AWS_ENDPOINT_URL_EC2`, …). Retries
 * are adaptive: a client that is throttled slows down by itself.
 * Source: AWS SDKs and Tools Reference Guide, "Service-specific endpoints", "Retry behavior".
 */
export function settings({
  region,
  credentials,
  maxAttempts = 5,
  requestTimeout = 15_000,
  logger,
}: ClientConfig) {
  return {
    region,
    ...(credentials === undefined ? {} : { credentials }),
    ...(logger === undefined ? {} : { logger }),
    retryMode: 'adaptive',
    maxAttempts,
    // Without the last, the SDK only warns of a call that takes too long.
    requestHandler: { connectionTimeout: 3_000, requestTimeout, throwOnRequestTimeout: true },
  };
}
