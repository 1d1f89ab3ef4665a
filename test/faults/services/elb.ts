/** Listeners that take HTTP, of one load balancer in moto. */
import { CreateSubnetCommand, CreateVpcCommand } from '@aws-sdk/client-ec2';
import {
  CreateListenerCommand,
  CreateLoadBalancerCommand,
  CreateTargetGroupCommand,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { makeClients } from '../../../lib/services/clients.ts';
import { region } from '../../e2e/emulated-aws.ts';
import { required } from '../../e2e/stack.ts';
import type { KnownKind } from '../known-resources.ts';

interface LoadBalancer {
  readonly arn: string;
  readonly targetGroup: string;
}

let made: Promise<LoadBalancer> | undefined;

async function loadBalancer(): Promise<LoadBalancer> {
  const { ec2, elbv2 } = makeClients({ region });
  const { Vpc } = await ec2.send(new CreateVpcCommand({ CidrBlock: '10.8.0.0/16' }));
  const subnets = await Promise.all(
    ['a', 'b'].map(async (zone, nth) => {
      const { Subnet } = await ec2.send(
        new CreateSubnetCommand({
          VpcId: Vpc?.VpcId,
          CidrBlock: `10.8.${nth}.0/24`,
          AvailabilityZone: `${region}${zone}`,
        }),
      );
      return required(Subnet?.SubnetId, 'the subnet');
    }),
  );
  const { LoadBalancers } = await elbv2.send(
    new CreateLoadBalancerCommand({ Name: 'faults', Subnets: subnets }),
  );
  const { TargetGroups } = await elbv2.send(
    new CreateTargetGroupCommand({ Name: 'faults', Protocol: 'HTTP', Port: 80, VpcId: Vpc?.VpcId }),
  );
  return {
    arn: required(LoadBalancers?.[0]?.LoadBalancerArn, 'the load balancer'),
    targetGroup: required(TargetGroups?.[0]?.TargetGroupArn, 'the target group'),
  };
}

/** @returns the id of a listener of its own port. */
async function httpListener(nth: number): Promise<string> {
  made ??= loadBalancer();
  const { arn, targetGroup } = await made;
  const { Listeners } = await makeClients({ region }).elbv2.send(
    new CreateListenerCommand({
      LoadBalancerArn: arn,
      Protocol: 'HTTP',
      Port: 8_000 + nth,
      DefaultActions: [{ Type: 'forward', TargetGroupArn: targetGroup }],
    }),
  );
  const [, id] = required(Listeners?.[0]?.ListenerArn, 'the listener').split(':listener/');
  return required(id, 'the id of the listener');
}

export const knownKinds: readonly KnownKind[] = [
  {
    control: 'elb-listener-encryption',
    truth: 'FAIL',
    count: 20,
    sample: 'fail-http',
    sampleName: 'app/web/50dc6c495c0c9188/1a2b3c4d5e6f7081',
    make: (_stack, nth) => httpListener(nth),
  },
];
