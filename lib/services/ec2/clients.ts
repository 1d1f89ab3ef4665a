/** The SDK's clients for EC2. Quarantine uses other clients too (`quarantine/clients.ts`). */
import { EC2Client } from '@aws-sdk/client-ec2';
import { type ClientConfig, settings } from '../../aws/settings.ts';

declare module '../../aws/clients.ts' {
  interface ServiceClients {
    readonly ec2: EC2Client;
  }
}

export const clients = { ec2: (config: ClientConfig) => new EC2Client(settings(config)) };
