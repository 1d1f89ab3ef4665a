/** Doctor's clients: those of the account as a whole, and those of each Region. */
import type { CloudTrailClient } from '@aws-sdk/client-cloudtrail';
import type { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import type { IAMClient } from '@aws-sdk/client-iam';
import type { LambdaClient } from '@aws-sdk/client-lambda';
import type { SchedulerClient } from '@aws-sdk/client-scheduler';
import { SecurityHubClient } from '@aws-sdk/client-securityhub';
import type { SNSClient } from '@aws-sdk/client-sns';
import type { SQSClient } from '@aws-sdk/client-sqs';
import type { SSMClient } from '@aws-sdk/client-ssm';
import { STSClient } from '@aws-sdk/client-sts';
import {
  cloudTrailClient,
  cloudWatchClient,
  dynamodbClient,
  eventBridgeClient,
  iamClient,
  lambdaClient,
  schedulerClient,
  snsClient,
  sqsClient,
  ssmClient,
} from '../../lib/aws/sdk.ts';
import { type ClientConfig, settings } from '../../lib/aws/settings.ts';
import { patient } from '../aws/session.ts';

export interface AccountClients {
  readonly sts: STSClient;
  readonly iam: IAMClient;
  /** One set for each Region, so that its call rate is limited. */
  readonly of: (region: string) => RegionClients;
  /** For the state table, which nobody but the operator role may read. */
  readonly stateTable: (
    region: string,
    credentials: NonNullable<ClientConfig['credentials']>,
  ) => DynamoDBClient;
}

export interface RegionClients {
  readonly cloudtrail: CloudTrailClient;
  readonly events: EventBridgeClient;
  readonly lambda: LambdaClient;
  readonly scheduler: SchedulerClient;
  readonly securityhub: SecurityHubClient;
  readonly sns: SNSClient;
  readonly sqs: SQSClient;
  readonly ssm: SSMClient;
  readonly cloudwatch: CloudWatchClient;
}

/**
 * @param region for the calls about the account as a whole: any enabled one.
 * @param profile to take the credentials from; without one, the SDK finds them.
 */
export function accountClients(region: string, profile: string | undefined): AccountClients {
  const sts = new STSClient({
    ...settings({ region, ...patient }),
    ...(profile === undefined ? {} : { profile }),
  });
  // Shared by all clients, so that a role is assumed and a token fetched only once.
  const { credentials } = sts.config;
  const made = new Map<string, RegionClients>();
  return {
    sts,
    iam: iamClient({ region, credentials, ...patient }),
    stateTable: (where, ofOperator) => dynamodbClient({ region: where, credentials: ofOperator, ...patient }),
    of(where) {
      const config = { region: where, credentials, ...patient };
      const clients = made.get(where) ?? {
        cloudtrail: cloudTrailClient(config),
        events: eventBridgeClient(config),
        lambda: lambdaClient(config),
        scheduler: schedulerClient(config),
        // The client of `lib/aws` is for publishing findings, and tries only once.
        securityhub: new SecurityHubClient(settings(config)),
        sns: snsClient(config),
        sqs: sqsClient(config),
        ssm: ssmClient(config),
        cloudwatch: cloudWatchClient(config),
      };
      made.set(where, clients);
      return clients;
    },
  };
}
