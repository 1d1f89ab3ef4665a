/**
 * Bundled as the functions are, the SDK makes the same calls and has the same answers as it has by itself: every
 * call of the functions, made both ways in moto. (Moto has no GetEbsDefaultKmsKeyId: that both are present the same of it
 * is all that is seen of this call.)
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { CreateTableCommand } from '@aws-sdk/client-dynamodb';
import {
  CreateLaunchTemplateCommand,
  CreateSnapshotCommand,
  CreateSubnetCommand,
  CreateVolumeCommand,
  CreateVpcCommand,
  DescribeImagesCommand,
  ModifySnapshotAttributeCommand,
  RunInstancesCommand,
} from '@aws-sdk/client-ec2';
import { CreateClusterCommand, CreateNodegroupCommand } from '@aws-sdk/client-eks';
import { CreateGrantCommand, CreateKeyCommand, EnableKeyRotationCommand } from '@aws-sdk/client-kms';
import {
  type AwsSecurityFinding,
  EnableSecurityHubCommand,
  GetFindingsCommand,
} from '@aws-sdk/client-securityhub';
import { CreateQueueCommand } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { type Bundle, bundleFunction } from '../../deploy/bundle.ts';
import { entryOf } from '../../deploy/parts.ts';
import { dynamodbClient, securityHubClient, sqsClient } from '../../lib/aws/sdk.ts';
import { makeClients } from '../../lib/services/clients.ts';
import { queueNames } from '../../lib/services/queues.ts';
import { makeCalls, type Outcome, type Things } from './bundled-calls.ts';

// As a function finds its surroundings; a Region of its own, so that no other test's resources are listed.
const region = 'eu-west-3';
const account = '123456789012';
process.env['AWS_ENDPOINT_URL'] = inject('moto');
process.env['AWS_ACCESS_KEY_ID'] = 'test';
process.env['AWS_SECRET_ACCESS_KEY'] = 'test';

const policyFile = path.join(import.meta.dirname, '..', '..', 'trailseal.policy.yml');
const folder = mkdtempSync(path.join(tmpdir(), 'trailseal-calls-'));
afterAll(() => rmSync(folder, { recursive: true }));

const { ec2, eks, kms } = makeClients({ region });
const dynamodb = dynamodbClient({ region });
const securityHub = securityHubClient({ region });
const sqs = sqsClient({ region });

/** What an answer of the emulator must hold for the test to go on. */
function present<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`moto does not tell ${what}`);
  return value;
}

function findingOf(by: string): AwsSecurityFinding {
  return {
    SchemaVersion: '2018-10-08',
    Id: `trailseal/bundle-${by}`,
    ProductArn: `arn:aws:securityhub:${region}:${account}:product/${account}/default`,
    GeneratorId: 'trailseal/ec2-volume-encryption',
    AwsAccountId: account,
    Types: ['Software and Configuration Checks'],
    CreatedAt: '2026-03-01T10:00:00.000Z',
    UpdatedAt: '2026-03-01T10:00:00.001Z',
    Title: 'EBS volumes should be encrypted',
    Description: 'Umlauts äöü, quotes " and \\, a line\nand 💾.',
    Severity: { Label: 'HIGH', Normalized: 70 },
    Compliance: { Status: 'FAILED', RelatedRequirements: ['NIST.800-53.r5 SC-28'] },
    ProductFields: { 'trailseal/summary': 'The volume is not encrypted.' },
    RecordState: 'ACTIVE',
    Resources: [
      {
        Type: 'AwsEc2Volume',
        Id: `arn:aws:ec2:${region}:${account}:volume/vol-0123456789abcdef0`,
        Partition: 'aws',
        Region: region,
        Tags: { environment: 'sandbox' },
        Details: {
          AwsEc2Volume: { VolumeId: 'vol-0123456789abcdef0', Encrypted: false, Size: 8 },
          AwsEksCluster: {
            Name: 'prod',
            Logging: { ClusterLogging: [{ Enabled: true, Types: ['api', 'audit'] }] },
          },
          AwsKmsKey: { KeyId: '1234', CreationDate: 1_772_359_200, KeyState: 'Enabled' },
          Other: { encryptionShownBy: 'ec2:DescribeVolumes' },
        },
      },
    ],
  };
}

let alone: Outcome;
let bundled: Outcome;
let bundle: Bundle;

/** The calls that a bundle can make: each is a module of the SDK. */
function commandsIn({ inputs }: Bundle): readonly string[] {
  return [...inputs].flatMap(([file, bytes]) =>
    bytes > 0 ? (/client-[^/]+\/dist-es\/commands\/\w+/.exec(file) ?? []) : [],
  );
}

beforeAll(async () => {
  const vpc = await ec2.send(new CreateVpcCommand({ CidrBlock: '10.0.0.0/16' }));
  const subnet = await ec2.send(
    new CreateSubnetCommand({ VpcId: present(vpc.Vpc?.VpcId, 'the VPC'), CidrBlock: '10.0.0.0/24' }),
  );
  const images = await ec2.send(new DescribeImagesCommand({ Owners: ['amazon'] }));
  const launched = await ec2.send(
    new RunInstancesCommand({
      ImageId: present(images.Images?.find((image) => image.RootDeviceType === 'ebs')?.ImageId, 'an image'),
      InstanceType: 'm5.large',
      SubnetId: present(subnet.Subnet?.SubnetId, 'the subnet'),
      MinCount: 1,
      MaxCount: 1,
      TagSpecifications: [{ ResourceType: 'instance', Tags: [{ Key: 'environment', Value: 'sandbox' }] }],
    }),
  );
  const made = await kms.send(new CreateKeyCommand({}));
  const key = present(made.KeyMetadata?.KeyId, 'the key');
  await kms.send(new EnableKeyRotationCommand({ KeyId: key }));
  await kms.send(
    new CreateGrantCommand({
      KeyId: key,
      GranteePrincipal: `arn:aws:iam::${account}:role/reader`,
      Operations: ['Decrypt'],
    }),
  );
  const volume = await ec2.send(
    new CreateVolumeCommand({ AvailabilityZone: `${region}a`, Size: 1, Encrypted: true, KmsKeyId: key }),
  );
  const snapshot = await ec2.send(
    new CreateSnapshotCommand({ VolumeId: present(volume.VolumeId, 'the volume') }),
  );
  await ec2.send(
    new ModifySnapshotAttributeCommand({
      SnapshotId: present(snapshot.SnapshotId, 'the snapshot'),
      Attribute: 'createVolumePermission',
      OperationType: 'add',
      UserIds: ['444455556666'],
    }),
  );
  const template = await ec2.send(
    new CreateLaunchTemplateCommand({
      LaunchTemplateName: 'bundled',
      LaunchTemplateData: {
        InstanceType: 'm5.large',
        BlockDeviceMappings: [{ DeviceName: '/dev/sdb', Ebs: { VolumeSize: 1, Encrypted: true } }],
      },
    }),
  );
  const role = `arn:aws:iam::${account}:role/cluster`;
  const subnets = [present(subnet.Subnet?.SubnetId, 'the subnet')];
  await eks.send(
    new CreateClusterCommand({
      name: 'bundled',
      roleArn: role,
      resourcesVpcConfig: { subnetIds: subnets },
      encryptionConfig: [{ resources: ['secrets'], provider: { keyArn: made.KeyMetadata?.Arn } }],
    }),
  );
  await eks.send(
    new CreateNodegroupCommand({
      clusterName: 'bundled',
      nodegroupName: 'nodes',
      nodeRole: role,
      subnets,
    }),
  );
  await dynamodb.send(
    new CreateTableCommand({
      TableName: 'bundled',
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [
        { AttributeName: 'pk', AttributeType: 'S' },
        { AttributeName: 'sk', AttributeType: 'S' },
      ],
      KeySchema: [
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
    }),
  );
  await securityHub.send(new EnableSecurityHubCommand({}));
  const queue = await sqs.send(new CreateQueueCommand({ QueueName: 'bundled' }));

  const things: Omit<Things, 'finding'> = {
    region,
    instance: present(launched.Instances?.[0]?.InstanceId, 'the instance'),
    volume: present(volume.VolumeId, 'the volume'),
    snapshot: present(snapshot.SnapshotId, 'the snapshot'),
    template: present(template.LaunchTemplate?.LaunchTemplateId, 'the launch template'),
    cluster: 'bundled',
    nodegroup: 'nodes',
    key,
    table: 'bundled',
    queue: present(queue.QueueUrl, 'the queue'),
  };
  const entry = path.join(import.meta.dirname, 'bundled-calls.ts');
  bundle = await bundleFunction(entry, folder, policyFile);
  const inBundle: { makeCalls: typeof makeCalls } = createRequire(import.meta.url)(bundle.file);
  alone = await makeCalls({ ...things, finding: findingOf('alone') });
  bundled = await inBundle.makeCalls({ ...things, finding: findingOf('bundled') });
});

describe('the SDK in a bundle', () => {
  it.each(queueNames)('is asked here for all that the function %s asks of it', async (name) => {
    const commands = commandsIn(await bundleFunction(`${entryOf(name)}.ts`, folder, policyFile));
    expect(commands.length).toBeGreaterThan(5);
    expect(commands.filter((command) => !commandsIn(bundle).includes(command))).toEqual([]);
  });

  it('has the same answers, and the same errors, as by itself', () => {
    expect(bundled.answers).toEqual(alone.answers);
  });

  it('has its calls logged by their names', () => {
    expect(bundled.calls).toEqual(alone.calls);
    expect(bundled.calls.slice(0, 2)).toEqual(['EC2:DescribeInstances', 'EC2:DescribeInstances']);
  });

  it('has answers at all, with times as times and bytes as bytes', () => {
    const encoded = JSON.stringify(bundled.answers);
    expect(encoded.match(/"time":"\d{4}-/g)?.length).toBeGreaterThan(5);
    expect(encoded).toContain(`"B":{"bytes":[${[...Buffer.from('body')].join(',')}]}`);
  });

  it.each([
    ['no instance', 'InvalidInstanceID.NotFound'],
    ['no volume', 'InvalidVolume.NotFound'],
    ['no cluster', 'ResourceNotFoundException'],
    ['no key', 'NotFoundException'],
    ['no table', 'ResourceNotFoundException'],
    ['no queue', 'QueueDoesNotExist'],
  ])('names the error when there is %s: %s', (call, name) => {
    expect(bundled.answers[call]).toMatchObject({ isError: true, error: { name } });
  });

  it('says why a transaction was cancelled, in an error of its class', () => {
    expect(bundled.answers['refused put']).toMatchObject({
      isCanceled: true,
      error: {
        name: 'TransactionCanceledException',
        CancellationReasons: [{ Code: 'ConditionalCheckFailed', Item: { pk: { S: 'a finding' } } }],
      },
    });
  });

  it('publishes a finding with all its details', async () => {
    const { Findings: findings = [] } = await securityHub.send(new GetFindingsCommand({}));
    const [asBundled, asAlone] = ['bundled', 'alone'].map((by) => {
      const found = findings.find(({ Id: id }) => id === findingOf(by).Id);
      return { ...found, Id: 'either' };
    });
    expect(asBundled).toEqual(asAlone);
    expect(asBundled?.Resources).toEqual(findingOf('bundled').Resources);
  });
});
