/** The client for EventBridge Scheduler. */
import { SchedulerClient } from '@aws-sdk/client-scheduler';
import { type ClientConfig, settings } from './settings.ts';

export function schedulerClient(config: ClientConfig): SchedulerClient {
  return new SchedulerClient(settings(config));
}
