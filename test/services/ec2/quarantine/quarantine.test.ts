import { describe, expect, it } from 'vitest';
import * as z from 'zod/mini';
import { quarantine } from '../../../../lib/services/ec2/quarantine/quarantine.ts';
import { type Settings, settings } from '../../../../lib/services/ec2/quarantine/settings.ts';
import { FakeAws, instance, plain, type Shape } from './quarantine-aws.ts';
import { targetOf } from './quarantine-clients.ts';
import { begin, differencesIn, restore, restored, skippedBecause } from './quarantine-run.ts';

/** A quarantine, carried out once. */
async function applied(shape: Partial<Shape>, chosen: Partial<Settings> = {}) {
  const aws = new FakeAws({ ...plain, ...shape });
  const target = targetOf(instance, chosen);
  const before = await begin(target, aws.deps);
  await quarantine.apply(target, before, aws.deps);
  return { aws, target, before };
}

function why(shape: Partial<Shape>, chosen: Partial<Settings> = {}): Promise<string> {
  const aws = new FakeAws({ ...plain, ...shape });
  return skippedBecause(targetOf(instance, chosen), aws.deps);
}

async function planOf(shape: Partial<Shape>, chosen: Partial<Settings> = {}): Promise<readonly string[]> {
  const aws = new FakeAws({ ...plain, ...shape });
  const prepared = await quarantine.prepare(targetOf(instance, chosen), aws.deps);
  if (prepared.kind !== 'ready') throw new Error(prepared.because);
  return prepared.plan;
}

const interfaceWith = (more: Shape['interfaces'][number]['more']): Partial<Shape> => ({
  interfaces: [{ groups: ['sg-web'], vpc: 'vpc-1', ...(more === undefined ? {} : { more }) }],
});

describe('a quarantine is skipped from', () => {
  it.each<[string, Partial<Shape>, Partial<Settings>, string]>([
    [
      'a Spot Instance',
      { instance: { InstanceLifecycle: 'spot' } },
      {},
      'it is a Spot Instance; spot: act would allow it to be isolated',
    ],
    [
      'a Spot Instance that was to be stopped',
      { instance: { InstanceLifecycle: 'spot' } },
      { spot: 'act', mode: 'isolate+stop' },
      'it is a Spot Instance, and those are never stopped, only isolated',
    ],
    [
      'an instance that AWS manages',
      { instance: { Operator: { Managed: true, Principal: 'eks.amazonaws.com' } } },
      { eksNodes: 'act' },
      'eks.amazonaws.com manages it, and lets nobody else change it',
    ],
    [
      'an instance that Karpenter launched',
      { instance: { Tags: [{ Key: 'karpenter.sh/nodepool', Value: 'default' }] } },
      {},
      'it is a node of an EKS cluster (tag karpenter.sh/nodepool); eksNodes: act would allow it',
    ],
    [
      'an instance that is just starting',
      { instance: { State: { Name: 'pending' } } },
      {},
      'it is pending just now',
    ],
    [
      'an instance outside any VPC',
      { interfaces: [], instance: { VpcId: undefined } },
      {},
      'it is in no VPC, where there are no groups to isolate it; it has no network interface that could be isolated',
    ],
    [
      'an instance that is protected from a stop',
      { stopProtection: true },
      { mode: 'stop' },
      'it is protected from being stopped (disableApiStop)',
    ],
    [
      'an instance that can only be terminated',
      { instance: { RootDeviceType: 'instance-store' } },
      { mode: 'isolate+stop' },
      'its root volume is an instance store, so that it can only be terminated, not stopped',
    ],
    [
      'an instance with an interface that an AWS service manages',
      interfaceWith({ RequesterManaged: true }),
      {},
      "its network interface eni-0 is managed by an AWS service, and can't be changed",
    ],
    [
      'an instance with an interface of another account',
      interfaceWith({ OwnerId: '444455556666' }),
      {},
      'its network interface eni-0 belongs to the account 444455556666',
    ],
    [
      'an instance whose interface carries others',
      interfaceWith({ InterfaceType: 'trunk' }),
      {},
      'its network interface eni-0 carries branch interfaces of tasks or pods, which have security groups of their own',
    ],
    [
      'an instance with an interface of an unknown kind',
      interfaceWith({ InterfaceType: 'branch' }),
      {},
      'its network interface eni-0 is of the kind branch',
    ],
    [
      'an instance in a secondary network',
      { instance: { SecondaryInterfaces: [{ SecondaryInterfaceId: 'eni-9' }] } },
      {},
      'it has interfaces of a secondary network, which security groups do not reach',
    ],
    [
      'an instance of which several things speak against it',
      { autoScaling: { lifecycle: 'InService', min: 0, max: 2 }, targets: [{ port: 80, as: 'ip' }] },
      {},
      'it is a member of the Auto Scaling group workers; autoScaling: standby or detach would allow it; it is behind a ' +
        'load balancer (web-0/0123456789abcdef); loadBalanced: drain would allow it',
    ],
  ])('%s', async (_of, shape, chosen, because) => {
    expect(await why(shape, chosen)).toBe(`The instance ${instance} is left alone: ${because}.`);
  });

  it('an instance whose tags would garble a message, without garbling it', async () => {
    const tags = [{ Key: 'environment', Value: 'prod\n\u001b[31m\u202e' }];
    expect(await why({ instance: { Tags: tags } }, { criticalTags: { environment: ['prod*'] } })).toBe(
      `The instance ${instance} is left alone: it is tagged as critical (environment: prod\\u000a\\u001b[31m\\u202e).`,
    );
  });

  it('nothing that a critical tag of another value names', async () => {
    const tags = [{ Key: 'environment', Value: 'test' }];
    const plan = planOf({ instance: { Tags: tags } }, { criticalTags: { environment: ['prod*'] } });
    expect(await plan).toContain('Protect i-0abc from termination.');
  });
});

describe('the plan', () => {
  it('of an isolation tells each step, and what of it stays', async () => {
    expect(await planOf({})).toEqual([
      'Protect i-0abc from termination.',
      'Make the security group trailseal-isolation-vpc-1 without any rule, unless it is there.',
      'Replace the security groups sg-web of eni-0 by trailseal-isolation-vpc-1 alone.',
      'Connections that are open go on for as long as they carry traffic, and tracked ones then for their idle timeout; ' +
        'what ends is not brought back by an undo.',
    ]);
  });

  it('of everything tells the steps in their order', async () => {
    const plan = await planOf(
      {
        ...interfaceWith({ Association: { IpOwnerId: 'amazon', PublicIp: '192.0.2.7' } }),
        volumes: 2,
        autoScaling: { lifecycle: 'InService', min: 0, max: 2 },
        targets: [{ port: 8080, as: 'ip' }],
      },
      {
        mode: 'isolate+stop',
        snapshot: true,
        autoScaling: 'detach',
        loadBalanced: 'drain',
        drainSeconds: 60,
      },
    );
    expect(plan).toEqual([
      'Protect i-0abc from termination.',
      'Take snapshots of vol-0, vol-1, together; they stay, also after an undo.',
      'Detach i-0abc from the Auto Scaling group workers, which launches a replacement; an undo brings it back beside ' +
        "that, if the group's maximum leaves room.",
      'Deregister the address 10.0.0.0, port 8080, from the target group web-0/0123456789abcdef, and let its ' +
        'connections drain for at most 60 seconds.',
      'Make the security group trailseal-isolation-vpc-1 without any rule, unless it is there.',
      'Replace the security groups sg-web of eni-0 by trailseal-isolation-vpc-1 alone.',
      'Stop i-0abc; an undo starts it again, but not what ran in it: memory, connections and data on instance store ' +
        'volumes are lost, and AWS may have no capacity for it just then.',
      'Its public addresses 192.0.2.7 are lost with that, and it gets others.',
    ]);
  });

  it('says that a Spot Instance stays unprotected', async () => {
    const [first] = await planOf({ instance: { InstanceLifecycle: 'spot' } }, { spot: 'act' });
    expect(first).toBe(
      'Leave i-0abc unprotected from termination, as AWS lets no Spot Instance be protected.',
    );
  });

  it('writes nothing', async () => {
    const aws = new FakeAws({ ...plain, autoScaling: { lifecycle: 'InService', min: 0, max: 2 } });
    await quarantine.prepare(targetOf(instance, { autoScaling: 'standby', snapshot: true }), aws.deps);
    expect(aws.writes).toEqual([]);
  });
});

describe('isolating', () => {
  it('takes away what a new group lets out, by IPv6 as well', async () => {
    const { aws } = await applied({});
    expect(aws.groups.get('sg-made-in-vpc-1')?.egress).toEqual([]);
  });

  it('uses a group of each VPC that the instance has interfaces in', async () => {
    const { aws } = await applied({
      interfaces: [
        { groups: ['sg-a'], vpc: 'vpc-1' },
        { groups: ['sg-b'], vpc: 'vpc-2' },
      ],
    });
    expect(aws.picture().interfaces).toEqual([['trailseal-isolation-vpc-1'], ['trailseal-isolation-vpc-2']]);
  });

  it('of a Spot Instance leaves its protection alone', async () => {
    const { aws } = await applied({ instance: { InstanceLifecycle: 'spot' } }, { spot: 'act' });
    expect(aws.writes).not.toContain('ModifyInstanceAttribute');
  });

  it('is called half-way while no step was taken', async () => {
    const aws = new FakeAws(plain);
    const target = targetOf(instance);
    const before = await begin(target, aws.deps);
    expect(await quarantine.check(target, before, aws.deps)).toEqual({
      kind: 'differs',
      differences: [
        'it is not protected from termination',
        'there is no isolation group in vpc-1',
        'the network interface eni-0 has the security groups sg-web',
      ],
      partial: true,
    });
  });
});

describe('tracked connections', () => {
  it('are left alone where nothing else is asked for', async () => {
    const { aws } = await applied({});
    expect(aws.picture().timeouts).toEqual([432_000]);
  });

  it('get the shortest idle timeouts where that is asked for', async () => {
    const { aws } = await applied({}, { trackedConnections: 'shorten-timeout' });
    expect(aws.interfaces[0]?.ConnectionTrackingConfiguration).toEqual({
      TcpEstablishedTimeout: 60,
      UdpStreamTimeout: 60,
      UdpTimeout: 30,
    });
  });

  it('are waited for, for as long as that, where it is asked for', async () => {
    const { aws } = await applied({}, { trackedConnections: 'wait' });
    expect(aws.seconds).toBe(60);
  });

  it('keep their timeouts when a stop ends them anyway', async () => {
    const { aws } = await applied({}, { mode: 'isolate+stop', trackedConnections: 'shorten-timeout' });
    expect(aws.picture().timeouts).toEqual([432_000]);
  });

  it('get back the timeout that somebody had set', async () => {
    const interfaces = [{ groups: ['sg-web'], vpc: 'vpc-1', tcpTimeout: 86_400 }];
    const { aws, target, before } = await applied({ interfaces }, { trackedConnections: 'shorten-timeout' });
    await restore(target, before, aws.deps);
    expect(aws.picture().timeouts).toEqual([86_400]);
  });
});

describe('draining', () => {
  it('is waited for until it is over', async () => {
    const { aws } = await applied(
      { targets: [{ port: 80, as: 'instance' }], slowness: 45 },
      { loadBalanced: 'drain' },
    );
    expect(aws.seconds).toBe(50);
  });

  it('is waited for no longer than the policy says, and the instance isolated all the same', async () => {
    const { aws } = await applied(
      { targets: [{ port: 80, as: 'instance' }], slowness: 1_000 },
      { loadBalanced: 'drain', drainSeconds: 120 },
    );
    expect([aws.seconds, aws.picture().interfaces]).toEqual([120, [['trailseal-isolation-vpc-1']]]);
  });

  it('begins after the instance is out of its Auto Scaling group, which would replace and end it', async () => {
    const { aws } = await applied(
      { targets: [{ port: 80, as: 'instance' }], autoScaling: { lifecycle: 'InService', min: 0, max: 2 } },
      { loadBalanced: 'drain', autoScaling: 'standby' },
    );
    expect(aws.writes.indexOf('EnterStandby')).toBeLessThan(aws.writes.indexOf('DeregisterTargets'));
  });

  it('is not done to an instance that does not run, which could not be registered again', async () => {
    const { aws } = await applied(
      { targets: [{ port: 80, as: 'instance' }], state: 'stopped' },
      { loadBalanced: 'drain' },
    );
    expect(aws.picture().registered).toEqual(['healthy']);
  });
});

describe('what AWS takes long for', () => {
  it('is under way: a stop', async () => {
    await expect(applied({ slowness: 600 }, { mode: 'stop' })).rejects.toMatchObject({
      name: 'UnderWay',
      message: 'the instance i-0abc is stopping after 120 seconds, not stopped',
    });
  });

  it('is under way: a move to standby', async () => {
    const shape: Partial<Shape> = { autoScaling: { lifecycle: 'InService', min: 0, max: 2 }, slowness: 600 };
    await expect(applied(shape, { autoScaling: 'standby' })).rejects.toMatchObject({
      name: 'UnderWay',
      message:
        'the instance i-0abc is EnteringStandby in the Auto Scaling group workers after 120 seconds; if that lasts, ' +
        'read the activity history of the group and its lifecycle hooks',
    });
  });
});

describe('an undo', () => {
  it('gives the network back before it starts the instance', async () => {
    const { aws, target, before } = await applied({}, { mode: 'isolate+stop' });
    aws.writes.length = 0;
    await restore(target, before, aws.deps);
    expect(aws.writes).toEqual([
      'ModifyNetworkInterfaceAttribute',
      'StartInstances',
      'ModifyInstanceAttribute',
    ]);
  });

  it('is not complete while an interface is isolated', async () => {
    const { aws, target, before } = await applied({ terminationProtection: true });
    expect(differencesIn(await restored(target, before, aws.deps))).toEqual([
      'the network interface eni-0 has the security groups sg-made-in-vpc-1',
    ]);
  });

  it('leaves an instance in standby that was there before', async () => {
    const { aws, target, before } = await applied(
      { autoScaling: { lifecycle: 'Standby', min: 0, max: 2 } },
      { autoScaling: 'detach' },
    );
    await restore(target, before, aws.deps);
    expect(aws.picture().member).toBe('Standby');
  });
});

describe('the settings', () => {
  it('skip everything that is risky where nothing is set', () => {
    expect(settings.parse({})).toEqual({
      mode: 'isolate',
      snapshot: false,
      autoScaling: 'skip',
      autoScalingCapacity: 'keep',
      loadBalanced: 'skip',
      drainSeconds: 300,
      eksNodes: 'skip',
      spot: 'skip',
      criticalTags: {},
      trackedConnections: 'leave',
    });
  });

  it('are each described', () => {
    const { properties = {} } = z.toJSONSchema(settings);
    const bare = Object.entries(properties).filter(
      ([, schema]) => typeof schema !== 'object' || schema.description === undefined,
    );
    expect(bare).toEqual([]);
  });
});
