/** The SDK's client for the state table's table. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { type ClientConfig, settings } from './settings.ts';

export function dynamodbClient(config: ClientConfig): DynamoDBClient {
  return new DynamoDBClient(settings(config));
}
