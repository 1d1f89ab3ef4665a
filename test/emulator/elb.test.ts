/** Listeners made by the SDK in moto: what is listed of them, read about them, evaluated and tagged. */
import { CreateSubnetCommand, CreateVpcCommand } from '@aws-sdk/client-ec2';
import {
  CreateListenerCommand,
  type CreateListenerCommandInput,
  CreateLoadBalancerCommand,
  CreateTargetGroupCommand,
  DeleteListenerCommand,
  DeleteLoadBalancerCommand,
  ModifyListenerCommand,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import type { ActionDeps } from '../../lib/core/action.ts';
import type { Resource } from '../../lib/core/control.ts';
import { AwsFacts } from '../../lib/pipeline/aws-facts.ts';
import { evaluateLive } from '../../lib/pipeline/evaluate.ts';
import { makeClients } from '../../lib/services/clients.ts';
import { elbListenerEncryption as control } from '../../lib/services/elb/controls/elb-listener-encryption.ts';
import { listenerOfArn } from '../../lib/services/elb/names.ts';
import { listerOf } from '../../lib/services/listers.ts';
import { readers, tagReaders } from '../../lib/services/readers.ts';
import { tagAdapterOf } from '../../lib/services/tags.ts';

const account = '123456789012';
/** One that no other test file uses. */
const region = 'ap-southeast-4';

// The way in which users point Trailseal at an emulator.
process.env['AWS_ENDPOINT_URL'] = inject('moto');

const clients = makeClients({ region, credentials: { accessKeyId: 'test', secretAccessKey: 'test' } });
const { ec2, elbv2 } = clients;
const wait = async () => undefined;
const provider = new AwsFacts({ readers, tagReaders, clients: () => clients, now: () => new Date(), wait });
const deps: ActionDeps = { clients, memory: { recall: async () => undefined }, now: () => new Date(), wait };

let loadBalancerArn: string;
let forward: CreateListenerCommandInput['DefaultActions'];

beforeAll(async () => {
  const { Vpc } = await ec2.send(new CreateVpcCommand({ CidrBlock: '10.0.0.0/16' }));
  const subnets = await Promise.all(
    ['a', 'b'].map(async (zone, nth) => {
      const { Subnet } = await ec2.send(
        new CreateSubnetCommand({
          VpcId: Vpc?.VpcId,
          CidrBlock: `10.0.${nth}.0/24`,
          AvailabilityZone: `${region}${zone}`,
        }),
      );
      return Subnet?.SubnetId ?? '';
    }),
  );
  const made = await elbv2.send(new CreateLoadBalancerCommand({ Name: 'web', Subnets: subnets }));
  loadBalancerArn = made.LoadBalancers?.[0]?.LoadBalancerArn ?? '';
  const { TargetGroups } = await elbv2.send(
    new CreateTargetGroupCommand({ Name: 'web', Protocol: 'HTTP', Port: 80, VpcId: Vpc?.VpcId }),
  );
  forward = [{ Type: 'forward', TargetGroupArn: TargetGroups?.[0]?.TargetGroupArn }];
});

async function listen(
  port: number,
  more: Pick<CreateListenerCommandInput, 'Protocol' | 'DefaultActions' | 'Certificates'>,
): Promise<Resource> {
  const { Listeners } = await elbv2.send(
    new CreateListenerCommand({ LoadBalancerArn: loadBalancerArn, Port: port, ...more }),
  );
  const listener = listenerOfArn(Listeners?.[0]?.ListenerArn);
  if (listener === undefined) throw new Error('moto does not tell the listener');
  return listener;
}

async function verdictOf(resource: Resource) {
  const [[evaluated] = []] = await evaluateLive([{ control, resource }], provider, () =>
    control.settings.parse({}),
  );
  return evaluated?.evaluation.verdict;
}

const toHttps: CreateListenerCommandInput['DefaultActions'] = [
  { Type: 'redirect', RedirectConfig: { Protocol: 'HTTPS', Port: '443', StatusCode: 'HTTP_301' } },
];

describe('a listener', () => {
  it('is evaluated as it is, and anew when it is changed', async () => {
    const listener = await listen(80, { Protocol: 'HTTP', DefaultActions: forward });
    expect(await verdictOf(listener)).toBe('FAIL');
    await elbv2.send(new ModifyListenerCommand({ ListenerArn: listener.arn, DefaultActions: toHttps }));
    expect(await verdictOf(listener)).toBe('PASS');
  });

  it('is listed as part of its load balancer', async () => {
    const listener = await listen(81, { Protocol: 'HTTP', DefaultActions: toHttps });
    const listed = await listerOf('AwsElbv2Listener').list(clients, { account, region }, undefined);
    expect(listed.resources).toContainEqual(listener);
    expect(listener.partOf).toBe(loadBalancerArn);
    const whole = await listerOf('AwsElbv2LoadBalancer').list(clients, { account, region }, undefined);
    expect(whole.resources.map(({ arn }) => arn)).toEqual([loadBalancerArn]);
  });

  it('that was deleted is distinguished from one that stays, though both are asked for in one call', async () => {
    const stays = await listen(82, { Protocol: 'HTTP', DefaultActions: forward });
    const ends = await listen(83, { Protocol: 'HTTP', DefaultActions: forward });
    await elbv2.send(new DeleteListenerCommand({ ListenerArn: ends.arn }));
    const [here, deleted] = await provider.gather(
      [stays, ends].map((resource) => ({ resource, facts: control.facts })),
    );
    expect(here?.['elb.listener']).toMatchObject({ value: { protocol: 'HTTP', port: 82 } });
    expect(deleted?.['elb.listener']).toMatchObject({ reason: 'deleted' });
  });

  it('is tagged, and its tags are read and removed', async () => {
    const listener = await listen(84, { Protocol: 'HTTP', DefaultActions: forward });
    const adapter = tagAdapterOf('AwsElbv2Listener');
    await adapter?.set(listener, { 'trailseal:status': 'FAIL', team: 'shop' }, deps);
    expect(await adapter?.read(listener, deps)).toEqual({
      tags: { 'trailseal:status': 'FAIL', team: 'shop' },
    });
    await adapter?.remove(listener, ['trailseal:status'], deps);
    expect(await provider.tagsOf([listener])).toMatchObject([{ value: { team: 'shop' } }]);
  });

  it('is deleted with its load balancer', async () => {
    const listener = await listen(85, { Protocol: 'HTTP', DefaultActions: forward });
    await elbv2.send(new DeleteLoadBalancerCommand({ LoadBalancerArn: loadBalancerArn }));
    const [facts] = await provider.gather([{ resource: listener, facts: control.facts, mayBeDeleted: true }]);
    expect(facts?.['elb.listener']).toMatchObject({ reason: 'deleted' });
    const { resources } = await listerOf('AwsElbv2Listener').list(clients, { account, region }, undefined);
    expect(resources).toEqual([]);
  });
});
