/**
 * The facts of real resources, made by the SDK in moto, and the verdicts that follow. What moto cannot be (a
 * cluster that takes its time, a throttled or denied call, an instance that is not there yet, a node
 * group whose launch template names the type, imported key material, the period of rotation) is held by `test/facts/aws/`, with the SDK mocked.
 */
import {
  AttachVolumeCommand,
  CreateLaunchTemplateCommand,
  CreateLaunchTemplateVersionCommand,
  CreateSnapshotCommand,
  CreateSubnetCommand,
  CreateTagsCommand,
  CreateVolumeCommand,
  CreateVpcCommand,
  DeleteVolumeCommand,
  DescribeImagesCommand,
  DescribeVolumesCommand,
  EnableEbsEncryptionByDefaultCommand,
  ModifySnapshotAttributeCommand,
  RunInstancesCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import { CreateClusterCommand, CreateNodegroupCommand } from '@aws-sdk/client-eks';
import {
  CreateGrantCommand,
  CreateKeyCommand,
  DisableKeyCommand,
  EnableKeyRotationCommand,
  PutKeyPolicyCommand,
  RevokeGrantCommand,
  ScheduleKeyDeletionCommand,
} from '@aws-sdk/client-kms';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { clientsByAccountRegion } from '../../lib/aws/clients.ts';
import type { Resource, ResourceType, Verdict } from '../../lib/core/control.ts';
import type { Fact, FactName } from '../../lib/core/facts.ts';
import { AwsFacts } from '../../lib/pipeline/aws-facts.ts';
import { evaluate, evaluateLive } from '../../lib/pipeline/evaluate.ts';
import { controls } from '../../lib/services/catalogue.ts';
import { makeClients } from '../../lib/services/clients.ts';
import { readers, related, tagReaders } from '../../lib/services/readers.ts';

const account = '123456789012';
const region = 'us-east-1';
const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };

// The way in which users point Trailseal at an emulator.
process.env['AWS_ENDPOINT_URL'] = inject('moto');

const { ec2, eks, kms } = makeClients({ region, credentials });
const waits: number[] = [];
const provider = new AwsFacts({
  readers,
  related,
  tagReaders,
  clients: clientsByAccountRegion(makeClients, ({ region: where }) => ({ region: where, credentials })),
  now: () => new Date(),
  wait: async (milliseconds) => {
    waits.push(milliseconds);
  },
});

function of(type: ResourceType, id: string, arn = `arn:aws:ec2:${region}:${account}:x/${id}`): Resource {
  return { type, id, arn, account, region };
}

async function read(resource: Resource, name: FactName): Promise<Fact<unknown> | undefined> {
  const [facts] = await provider.gather([{ resource, facts: [name] }]);
  return facts?.[name];
}

/** The verdict of one control, with its defaults or with these settings. */
async function verdict(id: string, resource: Resource, settings: object = {}): Promise<Verdict | undefined> {
  const control = controls.find((each) => each.id === id);
  if (control === undefined) throw new Error(`there is no control ${id}`);
  const [evaluated] = await evaluate([{ control, resource }], provider, () =>
    control.settings.parse(settings),
  );
  return evaluated?.evaluation.verdict;
}

/** What an answer of the emulator must hold for the test to go on. */
function present<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`moto does not tell ${what}`);
  return value;
}

let subnetId = '';
let imageId = '';

beforeAll(async () => {
  const vpc = await ec2.send(new CreateVpcCommand({ CidrBlock: '10.0.0.0/16' }));
  const subnet = await ec2.send(
    new CreateSubnetCommand({ VpcId: present(vpc.Vpc?.VpcId, 'the VPC'), CidrBlock: '10.0.0.0/24' }),
  );
  subnetId = present(subnet.Subnet?.SubnetId, 'the subnet');
  const images = await ec2.send(new DescribeImagesCommand({ Owners: ['amazon'] }));
  imageId = present(images.Images?.find(({ RootDeviceType: root }) => root === 'ebs')?.ImageId, 'an image');
});

async function launch(type: 'm5.large' | 'm6i.large', ebs?: { Encrypted: boolean }): Promise<string> {
  const answer = await ec2.send(
    new RunInstancesCommand({
      ImageId: imageId,
      InstanceType: type,
      SubnetId: subnetId,
      MinCount: 1,
      MaxCount: 1,
      ...(ebs === undefined
        ? {}
        : { BlockDeviceMappings: [{ DeviceName: '/dev/sdb', Ebs: { VolumeSize: 1, ...ebs } }] }),
    }),
  );
  return present(answer.Instances?.[0]?.InstanceId, 'the instance');
}

async function makeVolume(more: { Encrypted: boolean; KmsKeyId?: string }): Promise<Resource> {
  const made = await ec2.send(new CreateVolumeCommand({ AvailabilityZone: `${region}a`, Size: 1, ...more }));
  return of('AwsEc2Volume', present(made.VolumeId, 'the volume'));
}

describe('instances', () => {
  it.each([
    ['m5.large', 'FAIL'],
    ['m6i.large', 'PASS'],
  ] as const)('of type %s: %s', async (type, expected) => {
    const instance = of('AwsEc2Instance', await launch(type));
    expect(await verdict('ec2-transit-encryption', instance)).toBe(expected);
    expect(await read(instance, 'ec2.instanceType')).toMatchObject({
      source: { kind: 'api', call: 'DescribeInstanceTypes' },
    });
  });

  it('that are terminated were deleted', async () => {
    const id = await launch('m5.large');
    await ec2.send(new TerminateInstancesCommand({ InstanceIds: [id] }));
    expect(await read(of('AwsEc2Instance', id), 'ec2.instance')).toMatchObject({ reason: 'deleted' });
  });

  it('are known beside others that do not exist', async () => {
    const id = await launch('m5.large');
    const facts = await provider.gather(
      ['i-0123456789abcdef0', id].map((each) => ({
        resource: of('AwsEc2Instance', each),
        facts: ['ec2.instance'],
      })),
    );
    expect(facts.map((each) => each['ec2.instance'])).toMatchObject([
      { reason: 'deleted' },
      { value: { instanceType: 'm5.large' } },
    ]);
  });
});

describe('volumes', () => {
  it.each([
    [false, 'FAIL'],
    [true, 'PASS'],
  ] as const)('made with Encrypted %s: %s', async (encrypted, expected) => {
    expect(await verdict('ec2-volume-encryption', await makeVolume({ Encrypted: encrypted }))).toBe(expected);
  });

  it('are known by whom their key is managed', async () => {
    const made = await kms.send(new CreateKeyCommand({}));
    const arn = present(made.KeyMetadata?.Arn, 'the key');
    const volume = await makeVolume({ Encrypted: true, KmsKeyId: arn });
    expect(await verdict('ec2-volume-encryption', volume, { key: 'customer-managed' })).toBe('PASS');
    expect(await read(volume, 'ec2.volumeKey')).toMatchObject({ value: { arn, manager: 'CUSTOMER' } });
  });

  it.each([
    [false, 'FAIL'],
    [true, 'PASS'],
  ] as const)(
    'that a launch makes are found by instance and device, Encrypted %s: %s',
    async (encrypted, expected) => {
      const id = await launch('m6i.large', { Encrypted: encrypted });
      const volume = of('AwsEc2Volume', `${id}:/dev/sdb`);
      expect(await verdict('ec2-volume-encryption', volume)).toBe(expected);
    },
  );

  it('that are deleted were deleted, after as long a wait as there is', async () => {
    const volume = await makeVolume({ Encrypted: true });
    await ec2.send(new DeleteVolumeCommand({ VolumeId: volume.id }));
    waits.length = 0;
    expect(await read(volume, 'ec2.volumeEncryption')).toMatchObject({ reason: 'deleted' });
    expect(waits).toEqual([500, 1_000, 2_000, 4_000]);
  });

  it('are all known, over more calls than one', async () => {
    const made = await Promise.all(Array.from({ length: 205 }, () => makeVolume({ Encrypted: true })));
    const facts = await provider.gather(
      made.map((resource) => ({ resource, facts: ['ec2.volumeEncryption'] })),
    );
    expect(facts.every((each) => each['ec2.volumeEncryption']?.known)).toBe(true);
    const listed = await ec2.send(new DescribeVolumesCommand({}));
    expect(listed.Volumes?.length).toBeGreaterThanOrEqual(205);
  });
});

/** The resources that one turns out to be, as AWS knows them. */
async function seen(resource: Resource, facts: readonly FactName[]): Promise<readonly Resource[]> {
  const [current = []] = await provider.readCurrent([{ resource, facts }]);
  return current.map((each) => each.resource);
}

/** An instance with an encrypted volume of its launch, and an unencrypted one that no launch named. */
async function launchWithTwoVolumes(): Promise<string> {
  const id = await launch('m6i.large', { Encrypted: true });
  const { id: other } = await makeVolume({ Encrypted: false });
  await ec2.send(new AttachVolumeCommand({ InstanceId: id, VolumeId: other, Device: '/dev/sdf' }));
  return id;
}

describe('reading resources', () => {
  const ec2Arn = (rest: string) => `arn:aws:ec2:${region}:${account}:${rest}`;

  it('finds all volumes of an instance by their ids, each with what it ends with', async () => {
    const id = await launchWithTwoVolumes();
    const volumes = await seen(of('AwsEc2Volume', `${id}:/dev/sdb`), ['ec2.volumeEncryption']);
    const described = await ec2.send(
      new DescribeVolumesCommand({ Filters: [{ Name: 'attachment.instance-id', Values: [id] }] }),
    );
    expect(volumes.map((each) => each.id).toSorted()).toEqual(
      (described.Volumes ?? []).map(({ VolumeId }) => VolumeId).toSorted(),
    );
    expect(volumes).toHaveLength(2);
    for (const volume of volumes) {
      const goesWithInstance = described.Volumes?.find(({ VolumeId }) => VolumeId === volume.id)
        ?.Attachments?.[0]?.DeleteOnTermination;
      expect(volume).toEqual({
        type: 'AwsEc2Volume',
        id: expect.stringMatching(/^vol-/),
        arn: ec2Arn(`volume/${volume.id}`),
        account,
        region,
        tags: {},
        ...(goesWithInstance ? { partOf: ec2Arn(`instance/${id}`) } : {}),
      });
    }
  });

  it('evaluates each volume of an instance', async () => {
    const id = await launchWithTwoVolumes();
    const control = controls.find((each) => each.id === 'ec2-volume-encryption');
    if (control === undefined) throw new Error('there is no such control');
    const [evaluated = []] = await evaluateLive(
      [{ control, resource: of('AwsEc2Volume', `${id}:/dev/sdb`) }],
      provider,
      () => control.settings.parse({}),
    );
    expect(evaluated.map(({ evaluation }) => evaluation.verdict).toSorted()).toEqual(['FAIL', 'PASS']);
  });

  it('reads the tags of an instance', async () => {
    const id = await launch('m6i.large');
    await ec2.send(new CreateTagsCommand({ Resources: [id], Tags: [{ Key: 'owner', Value: 'payments' }] }));
    const [instance] = await seen(of('AwsEc2Instance', id), ['ec2.instance']);
    expect(instance?.tags).toEqual({ owner: 'payments' });
  });

  it('reads the ARN and the tags of a cluster and of a node group', async () => {
    await makeCluster('current-at');
    const made = await eks.send(
      new CreateNodegroupCommand({
        clusterName: 'current-at',
        nodegroupName: 'blue',
        subnets: [subnetId],
        nodeRole: `arn:aws:iam::${account}:role/node`,
        instanceTypes: ['m6i.large'],
        tags: { owner: 'payments' },
      }),
    );
    const [cluster] = await seen(of('AwsEksCluster', 'current-at'), ['eks.version']);
    const [group] = await seen(of('AwsEksNodegroup', 'current-at/blue'), ['eks.nodegroup']);
    expect(cluster).toMatchObject({
      arn: `arn:aws:eks:${region}:${account}:cluster/current-at`,
      tags: {},
    });
    expect(group).toMatchObject({
      id: 'current-at/blue',
      arn: present(made.nodegroup?.nodegroupArn, 'the ARN of the node group'),
      tags: { owner: 'payments' },
    });
  });
});

describe('the EBS defaults of an account', () => {
  it('are read in the Region asked for', async () => {
    const elsewhere = 'eu-west-1';
    const here = { ...of('AwsAccount', account), region: elsewhere };
    const client = makeClients({ region: elsewhere, credentials }).ec2;
    expect(await verdict('ebs-default-encryption', here)).toBe('FAIL');
    await client.send(new EnableEbsEncryptionByDefaultCommand({}));
    expect(await verdict('ebs-default-encryption', here)).toBe('PASS');
    expect(await verdict('ebs-default-encryption', of('AwsAccount', account))).toBe('FAIL');
  });
});

describe('snapshots', () => {
  it.each([
    ['nobody', {}, 'PASS'],
    ['everybody', { GroupNames: ['all'] }, 'FAIL'],
    ['an account', { UserIds: ['444455556666'] }, 'FAIL'],
  ] as const)('shared with %s', async (_whom, share, expected) => {
    const volume = await makeVolume({ Encrypted: false });
    const made = await ec2.send(new CreateSnapshotCommand({ VolumeId: volume.id }));
    const id = present(made.SnapshotId, 'the snapshot');
    if (Object.keys(share).length > 0) {
      await ec2.send(
        new ModifySnapshotAttributeCommand({
          SnapshotId: id,
          Attribute: 'createVolumePermission',
          OperationType: 'add',
          ...('GroupNames' in share ? { GroupNames: [...share.GroupNames] } : {}),
          ...('UserIds' in share ? { UserIds: [...share.UserIds] } : {}),
        }),
      );
    }
    const snapshot = of('AwsEc2Snapshot', id);
    expect(await verdict('ebs-snapshot-sharing', snapshot)).toBe(expected);
    expect(await read(snapshot, 'ec2.snapshotEncryption')).toMatchObject({ value: false });
  });
});

async function makeTemplate(
  name: string,
  type: 'm5.large' | 'm6i.large',
  encrypted: boolean,
  tags: Readonly<Record<string, string>> = {},
): Promise<string> {
  const pairs = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
  const made = await ec2.send(
    new CreateLaunchTemplateCommand({
      LaunchTemplateName: name,
      ...(pairs.length === 0
        ? {}
        : { TagSpecifications: [{ ResourceType: 'launch-template', Tags: pairs }] }),
      LaunchTemplateData: {
        InstanceType: type,
        BlockDeviceMappings: [{ DeviceName: '/dev/sda1', Ebs: { Encrypted: encrypted } }],
      },
    }),
  );
  return present(made.LaunchTemplate?.LaunchTemplateId, 'the template');
}

describe('launch templates', () => {
  it.each([
    ['m6i.large', true, 'PASS'],
    ['m6i.large', false, 'FAIL'],
    ['m5.large', true, 'FAIL'],
  ] as const)('that prescribe %s with Encrypted %s: %s', async (type, encrypted, expected) => {
    const template = of('AwsEc2LaunchTemplate', await makeTemplate(`${type}-${encrypted}`, type, encrypted));
    expect(await verdict('launch-template-encryption', template)).toBe(expected);
  });

  it('are evaluated by their newest version', async () => {
    const id = await makeTemplate('newer', 'm5.large', true);
    await ec2.send(
      new CreateLaunchTemplateVersionCommand({
        LaunchTemplateId: id,
        LaunchTemplateData: { InstanceType: 'm6i.large' },
      }),
    );
    const template = of('AwsEc2LaunchTemplate', id);
    expect(await read(template, 'ec2.launchTemplateVersion')).toMatchObject({ value: '2' });
    expect(await verdict('launch-template-encryption', template)).toBe('PASS');
  });

  it('return their tags, which their versions do not have', async () => {
    const plain = await makeTemplate('plain', 'm5.large', true);
    const tagged = await makeTemplate('tagged', 'm5.large', true, { environment: 'prod' });
    expect(await provider.tagsOf([plain, tagged].map((id) => of('AwsEc2LaunchTemplate', id)))).toMatchObject([
      { known: true, value: {} },
      { known: true, value: { environment: 'prod' } },
    ]);
  });
});

async function makeCluster(
  name: string,
  more: {
    readonly key?: string;
    readonly open?: boolean;
    readonly audit?: boolean;
    readonly version?: string;
  } = {},
): Promise<Resource> {
  const made = await eks.send(
    new CreateClusterCommand({
      name,
      version: more.version ?? '1.31',
      roleArn: `arn:aws:iam::${account}:role/cluster`,
      resourcesVpcConfig: {
        subnetIds: [subnetId],
        endpointPublicAccess: more.open ?? false,
        publicAccessCidrs: ['203.0.113.0/24'],
      },
      logging: { clusterLogging: [{ types: ['audit', 'authenticator'], enabled: more.audit ?? false }] },
      ...(more.key === undefined
        ? {}
        : { encryptionConfig: [{ resources: ['secrets'], provider: { keyArn: more.key } }] }),
    }),
  );
  return of('AwsEksCluster', name, present(made.cluster?.arn, 'the cluster'));
}

describe('clusters', () => {
  it.each([
    ['eks-secrets-encryption', 'old', { version: '1.27' }, 'FAIL'],
    ['eks-secrets-encryption', 'new', {}, 'PASS'],
    ['eks-endpoint-access', 'open', { open: true }, 'FAIL'],
    ['eks-endpoint-access', 'closed', { open: false }, 'PASS'],
    ['eks-audit-logging', 'silent', { audit: false }, 'FAIL'],
    ['eks-audit-logging', 'logging', { audit: true }, 'PASS'],
  ] as const)('are evaluated by %s: %s %j, %s', async (control, name, more, expected) => {
    expect(await verdict(control, await makeCluster(name, more))).toBe(expected);
  });

  it('are known by the key that encrypts their secrets', async () => {
    const key = `arn:aws:kms:${region}:${account}:key/1234abcd-12ab-34cd-56ef-1234567890ab`;
    const cluster = await makeCluster('keyed', { key });
    expect(await read(cluster, 'eks.secretsEncryption')).toMatchObject({ value: { key } });
    expect(await verdict('eks-secrets-encryption', cluster, { key: 'customer-managed' })).toBe('PASS');
  });

  it('that do not exist were deleted', async () => {
    expect(await read(of('AwsEksCluster', 'nowhere'), 'eks.version')).toMatchObject({ reason: 'deleted' });
  });
});

describe('node groups', () => {
  beforeAll(async () => {
    await makeCluster('nodes');
  });

  it.each([
    ['types-plain', ['m6i.large', 'm5.large'], 'FAIL'],
    ['types-encrypting', ['m6i.large', 'c6i.large'], 'PASS'],
  ] as const)('that name their types: %s', async (name, types, expected) => {
    await eks.send(
      new CreateNodegroupCommand({
        clusterName: 'nodes',
        nodegroupName: name,
        subnets: [subnetId],
        nodeRole: `arn:aws:iam::${account}:role/node`,
        instanceTypes: [...types],
      }),
    );
    const group = of('AwsEksNodegroup', `nodes/${name}`);
    expect(await verdict('eks-node-transit-encryption', group)).toBe(expected);
  });
});

async function makeKey(input: ConstructorParameters<typeof CreateKeyCommand>[0] = {}): Promise<Resource> {
  const { KeyMetadata: made } = await kms.send(new CreateKeyCommand(input));
  return of('AwsKmsKey', present(made?.KeyId, 'the key'), present(made?.Arn, 'the ARN of the key'));
}

describe('keys', () => {
  it('that are scheduled for deletion', async () => {
    const key = await makeKey();
    expect(await verdict('kms-key-deletion', key)).toBe('PASS');
    await kms.send(new ScheduleKeyDeletionCommand({ KeyId: key.id, PendingWindowInDays: 7 }));
    expect(await verdict('kms-key-deletion', key)).toBe('FAIL');
    expect(await verdict('kms-key-rotation', key)).toBe('UNKNOWN');
  });

  it('that are disabled', async () => {
    const key = await makeKey();
    await kms.send(new DisableKeyCommand({ KeyId: key.id }));
    expect(await verdict('kms-key-disabled', key)).toBe('FAIL');
  });

  it('that are rotated', async () => {
    const key = await makeKey();
    expect(await verdict('kms-key-rotation', key)).toBe('FAIL');
    await kms.send(new EnableKeyRotationCommand({ KeyId: key.id }));
    expect(await verdict('kms-key-rotation', key)).toBe('PASS');
  });

  it('that KMS does not rotate', async () => {
    const key = await makeKey({ KeySpec: 'RSA_2048', KeyUsage: 'SIGN_VERIFY' });
    expect(await verdict('kms-key-rotation', key)).toBe('NOT_APPLICABLE');
  });

  it('that are of many Regions', async () => {
    expect(await read(await makeKey({ MultiRegion: true }), 'kms.key')).toMatchObject({
      value: { multiRegionKeyType: 'PRIMARY', origin: 'AWS_KMS', keyManager: 'CUSTOMER' },
    });
  });

  it('return their tags', async () => {
    const key = await makeKey({ Tags: [{ TagKey: 'environment', TagValue: 'prod' }] });
    expect(await provider.tagsOf([key, await makeKey()])).toMatchObject([
      { known: true, value: { environment: 'prod' } },
      { known: true, value: {} },
    ]);
  });

  it('whose policy lets everybody in', async () => {
    const key = await makeKey();
    expect(await verdict('kms-key-policy', key)).toBe('PASS');
    expect(await read(key, 'kms.keyPolicy')).toMatchObject({ value: { isDefault: true } });
    const statement = { Effect: 'Allow', Principal: '*', Action: 'kms:*', Resource: '*' };
    await kms.send(
      new PutKeyPolicyCommand({
        KeyId: key.id,
        PolicyName: 'default',
        Policy: JSON.stringify({ Version: '2012-10-17', Statement: [statement] }),
      }),
    );
    expect(await verdict('kms-key-policy', key)).toBe('FAIL');
    expect(await read(key, 'kms.keyPolicy')).toMatchObject({ value: { isDefault: false } });
  });
});

describe('grants', () => {
  it.each([
    [account, 'PASS'],
    ['444455556666', 'FAIL'],
  ])('to a role of %s: %s', async (grantee, expected) => {
    const key = await makeKey();
    const made = await kms.send(
      new CreateGrantCommand({
        KeyId: key.id,
        GranteePrincipal: `arn:aws:iam::${grantee}:role/app`,
        Operations: ['Decrypt'],
        Constraints: { EncryptionContextSubset: { app: 'payments' } },
      }),
    );
    const grant = of('AwsKmsGrant', `${key.id}/${present(made.GrantId, 'the grant')}`, key.arn);
    expect(await verdict('kms-grant', grant)).toBe(expected);
    expect(await read(grant, 'kms.grant')).toMatchObject({
      value: { operations: ['Decrypt'], constraints: ['encryptionContextSubset'] },
    });
    await kms.send(new RevokeGrantCommand({ KeyId: key.id, GrantId: made.GrantId }));
    expect(await read(grant, 'kms.grant')).toMatchObject({ reason: 'deleted' });
  });
});
