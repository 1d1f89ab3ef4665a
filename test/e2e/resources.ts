/** Resources that the tests create in the emulated AWS, with AWS's own API. */
import {
  CreateLaunchTemplateCommand,
  CreateSnapshotCommand,
  CreateSubnetCommand,
  CreateVolumeCommand,
  CreateVpcCommand,
  type _InstanceType as InstanceType,
  ModifySnapshotAttributeCommand,
  RunInstancesCommand,
} from '@aws-sdk/client-ec2';
import { CreateClusterCommand, CreateNodegroupCommand } from '@aws-sdk/client-eks';
import { CreateGrantCommand, CreateKeyCommand } from '@aws-sdk/client-kms';
import { account, region } from './emulated-aws.ts';
import { required, type StackClients } from './stack.ts';

let subnet: Promise<string> | undefined;

async function makeSubnet({ ec2 }: Pick<StackClients, 'ec2'>): Promise<string> {
  const vpc = await ec2.send(new CreateVpcCommand({ CidrBlock: '10.0.0.0/16' }));
  const VpcId = required(vpc.Vpc?.VpcId, 'the VPC');
  const made = await ec2.send(new CreateSubnetCommand({ VpcId, CidrBlock: '10.0.0.0/20' }));
  return required(made.Subnet?.SubnetId, 'the subnet');
}

/** Launches instances of a type. @returns their ids. */
export async function runInstances(
  stack: Pick<StackClients, 'ec2'>,
  type: InstanceType,
  count: number,
): Promise<readonly string[]> {
  subnet ??= makeSubnet(stack);
  const answer = await stack.ec2.send(
    new RunInstancesCommand({
      ImageId: 'ami-0abcdef1234567890',
      InstanceType: type,
      SubnetId: await subnet,
      MinCount: count,
      MaxCount: count,
      BlockDeviceMappings: [{ DeviceName: '/dev/xvda', Ebs: { VolumeSize: 8, Encrypted: true } }],
    }),
  );
  return (answer.Instances ?? []).map(({ InstanceId }) => required(InstanceId, 'an instance'));
}

/** Creates a volume. @returns its id. */
export async function createVolume({ ec2 }: Pick<StackClients, 'ec2'>, encrypted: boolean): Promise<string> {
  const made = await ec2.send(
    new CreateVolumeCommand({ AvailabilityZone: `${region}a`, Size: 1, Encrypted: encrypted }),
  );
  return required(made.VolumeId, 'the volume');
}

export interface ClusterToCreate {
  readonly name: string;
  readonly version: string;
  readonly audit: boolean;
  /** Whether its endpoint is public and not private; otherwise it is private and not public. */
  readonly open?: boolean;
}

/** Creates a cluster without a key for its secrets. */
export async function createCluster(
  stack: Pick<StackClients, 'ec2' | 'eks'>,
  { name, version, audit, open = false }: ClusterToCreate,
): Promise<void> {
  subnet ??= makeSubnet(stack);
  await stack.eks.send(
    new CreateClusterCommand({
      name,
      version,
      roleArn: `arn:aws:iam::${account}:role/cluster`,
      resourcesVpcConfig: {
        subnetIds: [await subnet],
        endpointPublicAccess: open,
        endpointPrivateAccess: !open,
        ...(open ? { publicAccessCidrs: ['0.0.0.0/0'] } : {}),
      },
      logging: { clusterLogging: [{ types: ['audit', 'authenticator'], enabled: audit }] },
    }),
  );
}

/** Creates a public snapshot. @returns its id. */
export async function sharedSnapshot(stack: Pick<StackClients, 'ec2'>): Promise<string> {
  const VolumeId = await createVolume(stack, true);
  const { SnapshotId } = await stack.ec2.send(new CreateSnapshotCommand({ VolumeId }));
  await stack.ec2.send(
    new ModifySnapshotAttributeCommand({
      SnapshotId,
      Attribute: 'createVolumePermission',
      OperationType: 'add',
      GroupNames: ['all'],
    }),
  );
  return required(SnapshotId, 'the snapshot');
}

/** Creates a launch template with an instance type. @returns its id. */
export async function createLaunchTemplate(
  { ec2 }: Pick<StackClients, 'ec2'>,
  type: InstanceType,
): Promise<string> {
  const made = await ec2.send(
    new CreateLaunchTemplateCommand({
      LaunchTemplateName: `of-${type.replace('.', '-')}`,
      LaunchTemplateData: { InstanceType: type },
    }),
  );
  return required(made.LaunchTemplate?.LaunchTemplateId, 'the launch template');
}

/** Creates a node group with an instance type. */
export async function createNodegroup(
  stack: Pick<StackClients, 'ec2' | 'eks'>,
  cluster: string,
  name: string,
  type: InstanceType,
): Promise<void> {
  subnet ??= makeSubnet(stack);
  await stack.eks.send(
    new CreateNodegroupCommand({
      clusterName: cluster,
      nodegroupName: name,
      subnets: [await subnet],
      nodeRole: `arn:aws:iam::${account}:role/node`,
      instanceTypes: [type],
    }),
  );
}

/** Grants the use of a key to a role of another account. @returns the grant's id. */
export async function grantToExternalPrincipal(
  { kms }: Pick<StackClients, 'kms'>,
  key: string,
): Promise<string> {
  const made = await kms.send(
    new CreateGrantCommand({
      KeyId: key,
      GranteePrincipal: 'arn:aws:iam::444455556666:role/app',
      Operations: ['Decrypt'],
    }),
  );
  return required(made.GrantId, 'the grant');
}

/** Creates a symmetric key. @returns its id. */
export async function createKey({ kms }: Pick<StackClients, 'kms'>): Promise<string> {
  return required((await kms.send(new CreateKeyCommand({}))).KeyMetadata?.KeyId, 'the key');
}
