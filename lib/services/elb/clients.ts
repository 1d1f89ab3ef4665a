/** The SDK's client for application, network and gateway load balancers. */
import { ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import { type ClientConfig, settings } from '../../aws/settings.ts';

declare module '../../aws/clients.ts' {
  interface ServiceClients {
    readonly elbv2: ElasticLoadBalancingV2Client;
  }
}

export const clients = {
  elbv2: (config: ClientConfig) => new ElasticLoadBalancingV2Client(settings(config)),
};
