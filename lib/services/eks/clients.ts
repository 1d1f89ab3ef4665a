/** The SDK's client for EKS. */
import { EKSClient } from '@aws-sdk/client-eks';
import { type ClientConfig, settings } from '../../aws/settings.ts';

declare module '../../aws/clients.ts' {
  interface ServiceClients {
    readonly eks: EKSClient;
  }
}

export const clients = { eks: (config: ClientConfig) => new EKSClient(settings(config)) };
