/** The SDK's clients with which quarantine removes an instance from its Auto Scaling group and load balancers. */
import { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import { ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import { type ClientConfig, settings } from '../../../aws/settings.ts';

declare module '../../../aws/clients.ts' {
  interface ServiceClients {
    readonly autoScaling: AutoScalingClient;
    readonly elb: ElasticLoadBalancingV2Client;
  }
}

export const quarantineClients = {
  autoScaling: (config: ClientConfig) => new AutoScalingClient(settings(config)),
  elb: (config: ClientConfig) => new ElasticLoadBalancingV2Client(settings(config)),
};
