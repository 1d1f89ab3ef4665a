/** The client for EventBridge. */
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { type ClientConfig, settings } from './settings.ts';

export function eventBridgeClient(config: ClientConfig): EventBridgeClient {
  return new EventBridgeClient(settings(config));
}
