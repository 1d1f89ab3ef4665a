/**
 * A fake AWS that allows every change, also of resources of others: whatever stays unchanged was spared by Trailseal alone.
 * It records each write with the name by which its resource was called.
 */
import { type EC2Client, EC2ServiceException } from '@aws-sdk/client-ec2';
import type { Clients } from '../../lib/aws/clients.ts';
import type { ResourceType } from '../../lib/core/control.ts';
import { at, list, text } from '../../lib/core/json.ts';
import { isolationGroupName, isolationTag } from '../../lib/services/ec2/quarantine/names.ts';
import { writeClients } from '../services/ec2/quarantine/quarantine-clients.ts';
import {
  clusterKey,
  externalPrincipal,
  type FakeResource,
  fakeResourceOf,
  fakeResources,
  grantId,
} from './fake-resources.ts';

export interface Write {
  readonly call: string;
  readonly type: ResourceType;
  /** The name in the call. */
  readonly name: string;
  /** The resource that AWS finds by it. */
  readonly resource: FakeResource | undefined;
}

const vpc = 'vpc-1';
const isolationGroup = 'sg-isolation';

export class PermissiveAws {
  readonly clients: Clients = writeClients();
  readonly writes: Write[] = [];
  /** Calls that are not implemented here. */
  readonly unsupported: string[] = [];
  readonly #tags = new Map<FakeResource, Record<string, string>>();
  /** The changes that were made: `<ARN> rotated`. */
  readonly #changed = new Set<string>();

  constructor() {
    for (const client of Object.values(this.clients)) {
      // All clients have the same kind of stack, of types that have nothing in common.
      const { middlewareStack } = client as EC2Client;
      middlewareStack.add(
        (_next, { commandName }) =>
          async ({ input }) => ({
            response: {},
            // The output's type depends on the command, which is not known here.
            output: this.#answer(String(commandName).replace(/Command$/, ''), input) as never,
          }),
        { step: 'initialize', name: 'permissive' },
      );
    }
  }

  /** Undoes all changes. */
  reset(): void {
    this.writes.length = 0;
    this.#tags.clear();
    this.#changed.clear();
  }

  #answer(call: string, input: unknown): object {
    const answer = this.#kms(call, input) ?? this.#ec2(call, input) ?? this.#eks(call, input);
    if (answer === undefined) this.unsupported.push(call);
    return { $metadata: {}, ...answer };
  }

  #kms(call: string, input: unknown): object | undefined {
    const read = (): FakeResource => found('AwsKmsKey', text(input, 'KeyId'), 'NotFoundException');
    const write = (): FakeResource => this.#write(call, 'AwsKmsKey', text(input, 'KeyId'));
    switch (call) {
      case 'DescribeKey': {
        const key = read();
        const { id, arn, account } = key;
        const metadata = { KeyId: id, Arn: arn, AWSAccountId: account, KeyManager: 'CUSTOMER' };
        const state = this.#has(key, 'enabled')
          ? 'Enabled'
          : this.#has(key, 'cancelled')
            ? 'Disabled'
            : key.state;
        return {
          KeyMetadata: {
            ...metadata,
            KeyState: state,
            Origin: 'AWS_KMS',
            KeySpec: 'SYMMETRIC_DEFAULT',
            KeyUsage: 'ENCRYPT_DECRYPT',
          },
        };
      }
      case 'GetKeyRotationStatus': {
        const key = read();
        return { KeyRotationEnabled: !key.fails.includes('kms-key-rotation') || this.#has(key, 'rotated') };
      }
      case 'GetKeyPolicy': {
        const key = read();
        const external = key.fails.includes('kms-key-policy') && !this.#has(key, 'policed');
        return { Policy: policyFor(external ? externalPrincipal : key.account) };
      }
      case 'ListGrants': {
        const key = read();
        const there = key.fails.includes('kms-key-rotation') && !this.#has(key, 'revoked');
        const grant = {
          GrantId: grantId,
          GranteePrincipal: `arn:aws:iam::${externalPrincipal}:root`,
          Operations: [],
        };
        return { Grants: there && text(input, 'GrantId') === grantId ? [grant] : [] };
      }
      case 'ListResourceTags': {
        const tags = Object.entries(this.#tagsOf(read()));
        return { Tags: tags.map(([TagKey, TagValue]) => ({ TagKey, TagValue })) };
      }
      case 'EnableKey':
        return this.#change(write(), 'enabled');
      case 'CancelKeyDeletion':
        return this.#change(write(), 'cancelled');
      case 'EnableKeyRotation':
        return this.#change(write(), 'rotated');
      case 'PutKeyPolicy':
        return this.#change(write(), 'policed');
      case 'RevokeGrant': {
        this.#record(call, 'AwsKmsGrant', `${text(input, 'KeyId')}/${text(input, 'GrantId')}`);
        return this.#change(read(), 'revoked');
      }
      // EKS has a call of this name too.
      case 'TagResource':
        if (text(input, 'KeyId') === undefined) return undefined;
        return this.#tag(write(), pairs(input, 'TagKey', 'TagValue'));
      default:
        return undefined;
    }
  }

  #ec2(call: string, input: unknown): object | undefined {
    switch (call) {
      case 'DescribeInstances': {
        const instance = found('AwsEc2Instance', idIn(input, 'InstanceIds'), 'InvalidInstanceID.NotFound');
        const name = this.#has(instance, 'stopped') ? 'stopped' : 'running';
        const attributes = {
          InstanceId: instance.id,
          State: { Name: name },
          VpcId: vpc,
          Tags: this.#ec2Tags(instance),
        };
        const type = instance.fails.length > 0 ? 't2.micro' : 'm6i.large';
        return {
          Reservations: [{ OwnerId: instance.account, Instances: [{ ...attributes, InstanceType: type }] }],
        };
      }
      case 'DescribeInstanceTypes':
        return {
          InstanceTypes: list(input, 'InstanceTypes').map((InstanceType) => ({
            InstanceType,
            NetworkInfo: { EncryptionInTransitSupported: InstanceType !== 't2.micro' },
          })),
        };
      case 'DescribeInstanceAttribute': {
        const instance = found('AwsEc2Instance', text(input, 'InstanceId'), 'InvalidInstanceID.NotFound');
        return { DisableApiTermination: { Value: this.#has(instance, 'kept') } };
      }
      case 'DescribeNetworkInterfaces': {
        const [instance = ''] = list(input, 'Filters').flatMap((filter) => list(filter, 'Values'));
        const resource = fakeResourceOf('AwsEc2Instance', String(instance));
        if (resource === undefined) return { NetworkInterfaces: [] };
        const group = this.#has(resource, 'isolated') ? isolationGroup : 'sg-web';
        const interfaceId = `eni-${resource.id}`;
        // Without an owner: a requester-managed interface would be skipped.
        return {
          NetworkInterfaces: [{ NetworkInterfaceId: interfaceId, VpcId: vpc, Groups: [{ GroupId: group }] }],
        };
      }
      case 'DescribeSecurityGroups':
        return {
          SecurityGroups: [
            {
              GroupId: isolationGroup,
              GroupName: isolationGroupName(vpc),
              Tags: [{ Key: isolationTag, Value: vpc }],
            },
          ],
        };
      case 'ModifyInstanceAttribute':
        return this.#change(this.#write(call, 'AwsEc2Instance', text(input, 'InstanceId')), 'kept');
      case 'ModifyNetworkInterfaceAttribute': {
        const name = text(input, 'NetworkInterfaceId')?.replace('eni-', '');
        return this.#change(this.#write(call, 'AwsEc2Instance', name), 'isolated');
      }
      case 'StopInstances':
        return this.#change(this.#write(call, 'AwsEc2Instance', idIn(input, 'InstanceIds')), 'stopped');
      case 'DescribeIamInstanceProfileAssociations':
      case 'DescribeAutoScalingInstances':
      case 'DescribeTargetGroups':
        return {};
      case 'DescribeVolumes': {
        const volume = found('AwsEc2Volume', idIn(input, 'VolumeIds'), 'InvalidVolume.NotFound');
        const encrypted = volume.fails.length === 0;
        const key = encrypted ? { KmsKeyId: `arn:aws:kms:us-east-1:${volume.account}:key/k` } : {};
        return {
          Volumes: [{ VolumeId: volume.id, Encrypted: encrypted, Tags: this.#ec2Tags(volume), ...key }],
        };
      }
      case 'DescribeSnapshots': {
        const snapshot = found('AwsEc2Snapshot', idIn(input, 'SnapshotIds'), 'InvalidSnapshot.NotFound');
        const { id, account } = snapshot;
        const attributes = { SnapshotId: id, OwnerId: account, Encrypted: false };
        return { Snapshots: [{ ...attributes, Tags: this.#ec2Tags(snapshot) }] };
      }
      case 'DescribeSnapshotAttribute': {
        const snapshot = found('AwsEc2Snapshot', text(input, 'SnapshotId'), 'InvalidSnapshot.NotFound');
        const open = snapshot.fails.length > 0 && !this.#has(snapshot, 'unshared');
        return { CreateVolumePermissions: open ? [{ Group: 'all' }] : [] };
      }
      case 'ModifySnapshotAttribute':
        return this.#change(this.#write(call, 'AwsEc2Snapshot', text(input, 'SnapshotId')), 'unshared');
      case 'GetEbsEncryptionByDefault':
        return { EbsEncryptionByDefault: this.#has(here(), 'encrypts') };
      case 'GetEbsDefaultKmsKeyId':
        return { KmsKeyId: 'alias/aws/ebs' };
      case 'EnableEbsEncryptionByDefault':
        return this.#change(this.#write(call, 'AwsAccount', here().id), 'encrypts');
      case 'CreateTags': {
        const name = idIn(input, 'Resources') ?? '';
        const type = name.startsWith('i-')
          ? 'AwsEc2Instance'
          : name.startsWith('vol-')
            ? 'AwsEc2Volume'
            : 'AwsEc2Snapshot';
        return this.#tag(this.#write(call, type, name), pairs(input, 'Key', 'Value'));
      }
      default:
        return undefined;
    }
  }

  #eks(call: string, input: unknown): object | undefined {
    switch (call) {
      case 'DescribeCluster': {
        const cluster = found('AwsEksCluster', text(input, 'name'), 'ResourceNotFoundException');
        const bad = (control: string) => cluster.fails.includes(control) && !this.#has(cluster, control);
        return {
          cluster: {
            name: cluster.id,
            arn: cluster.arn,
            status: 'ACTIVE',
            version: '1.31',
            tags: this.#tagsOf(cluster),
            logging: {
              clusterLogging: [
                { types: ['audit', 'api', 'authenticator'], enabled: !bad('eks-audit-logging') },
              ],
            },
            resourcesVpcConfig: {
              endpointPublicAccess: true,
              endpointPrivateAccess: !bad('eks-endpoint-access'),
              publicAccessCidrs: bad('eks-endpoint-access') ? ['0.0.0.0/0'] : ['203.0.113.0/24'],
            },
            ...(bad('eks-secrets-encryption')
              ? {}
              : { encryptionConfig: [{ resources: ['secrets'], provider: { keyArn: clusterKey } }] }),
          },
        };
      }
      case 'UpdateClusterConfig': {
        const what = at(input, 'logging') === undefined ? 'eks-endpoint-access' : 'eks-audit-logging';
        return {
          update: { id: 'update-1' },
          ...this.#change(this.#write(call, 'AwsEksCluster', text(input, 'name')), what),
        };
      }
      case 'AssociateEncryptionConfig': {
        const cluster = this.#write(call, 'AwsEksCluster', text(input, 'clusterName'));
        return { update: { id: 'update-1' }, ...this.#change(cluster, 'eks-secrets-encryption') };
      }
      case 'DescribeUpdate':
        return { update: { id: 'update-1', status: 'Successful' } };
      case 'TagResource': {
        const tags = at(input, 'tags');
        const named = Object.entries(typeof tags === 'object' && tags !== null ? tags : {});
        return this.#tag(this.#write(call, 'AwsEksCluster', text(input, 'resourceArn')), named);
      }
      default:
        return undefined;
    }
  }

  #write(call: string, type: ResourceType, name: string | undefined): FakeResource {
    this.#record(call, type, name ?? '');
    return found(type, name, 'NotFoundException');
  }

  #record(call: string, type: ResourceType, name: string): void {
    const slash = name.lastIndexOf('/');
    const key = type === 'AwsKmsGrant' ? fakeResourceOf('AwsKmsKey', name.slice(0, slash)) : undefined;
    const resource =
      type === 'AwsKmsGrant'
        ? fakeResources.find((one) => one.type === type && one.arn === key?.arn)
        : fakeResourceOf(type, name);
    this.writes.push({ call, type, name, resource });
  }

  #has({ arn }: FakeResource, change: string): boolean {
    return this.#changed.has(`${arn} ${change}`);
  }
  #change({ arn }: FakeResource, change: string): object {
    this.#changed.add(`${arn} ${change}`);
    return {};
  }
  #tagsOf(resource: FakeResource): Readonly<Record<string, string>> {
    return this.#tags.get(resource) ?? resource.tags;
  }
  #ec2Tags(resource: FakeResource): readonly object[] {
    return Object.entries(this.#tagsOf(resource)).map(([Key, Value]) => ({ Key, Value }));
  }
  #tag(resource: FakeResource, tags: readonly (readonly [string, unknown])[]): object {
    const added = tags.map(([name, value]) => [name, String(value)] as const);
    this.#tags.set(resource, { ...this.#tagsOf(resource), ...Object.fromEntries(added) });
    return {};
  }
}

/** Throws as AWS does where no resource has this name. */
function found(type: ResourceType, name: string | undefined, refusal: string): FakeResource {
  const resource = fakeResourceOf(type, name ?? '');
  if (resource !== undefined) return resource;
  throw new EC2ServiceException({
    name: refusal,
    message: `there is no ${name}`,
    $fault: 'client',
    $metadata: {},
  });
}

function here(): FakeResource {
  return found(
    'AwsAccount',
    fakeResources.find(({ type, free }) => type === 'AwsAccount' && free)?.arn,
    'NotFound',
  );
}

function idIn(input: unknown, member: string): string | undefined {
  const [id] = [
    ...list(input, member),
    ...list(input, 'Filters').flatMap((filter) => list(filter, 'Values')),
  ];
  return typeof id === 'string' ? id : undefined;
}

function pairs(input: unknown, key: string, value: string): readonly (readonly [string, unknown])[] {
  return list(input, 'Tags').map((tag) => [text(tag, key) ?? '', at(tag, value)] as const);
}

/** A key policy that allows an account everything. */
export function policyFor(account: string): string {
  return JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        Sid: 'All',
        Effect: 'Allow',
        Principal: { AWS: `arn:aws:iam::${account}:root` },
        Action: 'kms:*',
        Resource: '*',
      },
    ],
  });
}
