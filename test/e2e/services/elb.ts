/** A listener that fails, in moto. */
import { CreateSubnetCommand, CreateVpcCommand } from '@aws-sdk/client-ec2';
import {
  CreateListenerCommand,
  CreateLoadBalancerCommand,
  CreateTargetGroupCommand,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { makeClients } from '../../../lib/services/clients.ts';
import { region } from '../emulated-aws.ts';
import { required } from '../stack.ts';

/** Creates a load balancer that takes HTTP and forwards it. @returns the control that it fails, by the listener's id. */
export async function createFailing(): Promise<ReadonlyMap<string, string>> {
  const { ec2, elbv2 } = makeClients({ region });
  const { Vpc } = await ec2.send(new CreateVpcCommand({ CidrBlock: '10.9.0.0/16' }));
  const subnets = await Promise.all(
    ['a', 'b'].map(async (zone, nth) => {
      const { Subnet } = await ec2.send(
        new CreateSubnetCommand({
          VpcId: Vpc?.VpcId,
          CidrBlock: `10.9.${nth}.0/24`,
          AvailabilityZone: `${region}${zone}`,
        }),
      );
      return required(Subnet?.SubnetId, 'the subnet');
    }),
  );
  const { LoadBalancers } = await elbv2.send(
    new CreateLoadBalancerCommand({ Name: 'scanned', Subnets: subnets }),
  );
  const { TargetGroups } = await elbv2.send(
    new CreateTargetGroupCommand({ Name: 'scanned', Protocol: 'HTTP', Port: 80, VpcId: Vpc?.VpcId }),
  );
  const { Listeners } = await elbv2.send(
    new CreateListenerCommand({
      LoadBalancerArn: LoadBalancers?.[0]?.LoadBalancerArn,
      Protocol: 'HTTP',
      Port: 80,
      DefaultActions: [{ Type: 'forward', TargetGroupArn: TargetGroups?.[0]?.TargetGroupArn }],
    }),
  );
  const arn = required(Listeners?.[0]?.ListenerArn, 'the listener');
  return new Map([[arn.slice(arn.indexOf('listener/')), 'elb-listener-encryption']]);
}
