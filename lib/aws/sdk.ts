/**
 * The SDK's clients of the AWS services that Trailseal runs on, for one account and Region each. Nothing is made before it
 * is asked for, and nothing is read from the environment when this module is loaded. Bundled, a function holds the clients
 * that it imports, and no others (test/deploy/bundle.test.ts).
 */
import { CloudTrailClient } from '@aws-sdk/client-cloudtrail';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { IAMClient } from '@aws-sdk/client-iam';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { S3Client } from '@aws-sdk/client-s3';
import { SchedulerClient } from '@aws-sdk/client-scheduler';
import { SecurityHubClient } from '@aws-sdk/client-securityhub';
import { SNSClient } from '@aws-sdk/client-sns';
import { SQSClient } from '@aws-sdk/client-sqs';
import { SSMClient } from '@aws-sdk/client-ssm';
import { STSClient } from '@aws-sdk/client-sts';
import { type ClientConfig, settings } from './settings.ts';

export function cloudTrailClient(config: ClientConfig): CloudTrailClient {
  return new CloudTrailClient(settings(config));
}
export function cloudWatchClient(config: ClientConfig): CloudWatchClient {
  return new CloudWatchClient(settings(config));
}
export function dynamodbClient(config: ClientConfig): DynamoDBClient {
  return new DynamoDBClient(settings(config));
}
export function eventBridgeClient(config: ClientConfig): EventBridgeClient {
  return new EventBridgeClient(settings(config));
}
/** IAM is one for all Regions of a partition. */
export function iamClient(config: ClientConfig): IAMClient {
  return new IAMClient(settings(config));
}
export function lambdaClient(config: ClientConfig): LambdaClient {
  return new LambdaClient(settings(config));
}
export function schedulerClient(config: ClientConfig): SchedulerClient {
  return new SchedulerClient(settings(config));
}
export function snsClient(config: ClientConfig): SNSClient {
  return new SNSClient(settings(config));
}
export function sqsClient(config: ClientConfig): SQSClient {
  return new SQSClient(settings(config));
}
export function ssmClient(config: ClientConfig): SSMClient {
  return new SSMClient(settings(config));
}
export function stsClient(config: ClientConfig): STSClient {
  return new STSClient(settings(config));
}

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

/** Milliseconds without an answer, or a byte of one, after which a connection to S3 is given up. */
const silence = 30_000;

/**
 * A client that follows to where a bucket is. Source: AWS SDK for JavaScript v3, S3ClientConfig; "Data integrity
 * protections for Amazon S3".
 */
export function s3Client(config: ClientConfig): S3Client {
  // The names of buckets as parts of the host's name: AWS has them, other servers at an endpoint of one's own may not.
  const elsewhere = process.env['AWS_ENDPOINT_URL_S3'] ?? process.env['AWS_ENDPOINT_URL'];
  return new S3Client({
    ...settings(config),
    followRegionRedirects: true,
    forcePathStyle: elsewhere !== undefined,
    // Nobody checks beyond what TLS does and gzip's own sum: S3's sums are slow to make in JavaScript.
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: {
      connectionTimeout: 3_000,
      requestTimeout: silence,
      throwOnRequestTimeout: true,
      socketTimeout: silence,
    },
  });
}
