/** The SDK's clients of the services in which only remediation acts. */
import { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import { ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import { SSMClient } from '@aws-sdk/client-ssm';
import { type ClientConfig, settings } from './settings.ts';

export function autoScalingClient(config: ClientConfig): AutoScalingClient {
  return new AutoScalingClient(settings(config));
}
export function elbClient(config: ClientConfig): ElasticLoadBalancingV2Client {
  return new ElasticLoadBalancingV2Client(settings(config));
}
export function ssmClient(config: ClientConfig): SSMClient {
  return new SSMClient(settings(config));
}
