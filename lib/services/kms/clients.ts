/** The SDK's client for KMS. */
import { KMSClient } from '@aws-sdk/client-kms';
import { type ClientConfig, settings } from '../../aws/settings.ts';

declare module '../../aws/clients.ts' {
  interface ServiceClients {
    readonly kms: KMSClient;
  }
}

export const clients = { kms: (config: ClientConfig) => new KMSClient(settings(config)) };
