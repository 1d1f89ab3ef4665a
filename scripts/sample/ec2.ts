/**
 * Calls of EC2 and EBS as CloudTrail logs them: lists are `…Set.items[]`, empty ones `{}`, newer calls wrapped in the
 * operation's name. Source: Amazon EC2 API Reference, and real records of these calls.
 */
import type { AccountRegion } from '../../lib/core/account-region.ts';
import type { JsonObject } from '../../lib/core/json.ts';
import { digest, ec2Id, uuidOf } from './random.ts';
import { type Act, iso } from './record.ts';

export const instanceId = (name: string): string => ec2Id('i', name);
export const volumeId = (name: string): string => ec2Id('vol', name);
export const snapshotId = (name: string): string => ec2Id('snap', name);
export const templateId = (name: string): string => ec2Id('lt', name);
const imageId = (name: string): string => ec2Id('ami', name);

const xmlns = 'http://ec2.amazonaws.com/doc/2016-11-15/';

/** A write call of EC2; `_return` is true where it succeeded. */
function change(
  name: string,
  request: JsonObject,
  response: (moment: Parameters<Act>[0]) => JsonObject = () => ({ _return: true }),
): Act {
  return (moment) => ({
    service: 'ec2',
    name,
    readOnly: false,
    request,
    response: { requestId: moment.requestId, ...response(moment) },
  });
}

/** A call of EC2 of the wrapped kind. */
function wrapped(
  name: string,
  request: JsonObject | '',
  response: (moment: Parameters<Act>[0]) => JsonObject,
): Act {
  return (moment) => ({
    service: 'ec2',
    name,
    readOnly: false,
    request: { [`${name}Request`]: request },
    response: { [`${name}Response`]: { xmlns, requestId: moment.requestId, ...response(moment) } },
  });
}

export interface Disk {
  readonly device: string;
  readonly size: number;
  readonly encrypted?: boolean;
  readonly keepsAfterwards?: boolean;
}

export interface Launch {
  readonly names: readonly string[];
  readonly type: string;
  readonly image?: string;
  /** The request's block device mappings; if absent, the image's apply. */
  readonly disks?: readonly Disk[];
  /** The launch template and its version; the request then names them alone. */
  readonly template?: readonly [name: string, version: string];
  readonly tags?: Readonly<Record<string, string>>;
}

function tagsOf(launch: Launch): readonly JsonObject[] {
  const tags = { Name: launch.names[0] ?? 'unnamed', ...launch.tags };
  return Object.entries(tags).map(([key, value]) => ({ key, value }));
}

export function launchRequest(launch: Launch): JsonObject {
  const image = imageId(launch.image ?? 'al2023');
  const count = launch.names.length;
  return {
    instancesSet: {
      items: [
        { ...(launch.template === undefined ? { imageId: image } : {}), minCount: count, maxCount: count },
      ],
    },
    ...(launch.template === undefined ? { instanceType: launch.type } : {}),
    blockDeviceMapping:
      launch.disks === undefined
        ? {}
        : {
            items: launch.disks.map(({ device, size, encrypted, keepsAfterwards }) => ({
              deviceName: device,
              ebs: {
                volumeSize: size,
                deleteOnTermination: keepsAfterwards !== true,
                volumeType: 'gp3',
                ...(encrypted === undefined ? {} : { encrypted }),
              },
            })),
          },
    monitoring: { enabled: false },
    disableApiTermination: false,
    disableApiStop: false,
    clientToken: uuidOf(`launch ${launch.names.join()}`),
    ebsOptimized: false,
    ...(launch.template === undefined
      ? {}
      : {
          launchTemplate: { launchTemplateId: templateId(launch.template[0]), version: launch.template[1] },
        }),
    tagSpecificationSet: { items: [{ resourceType: 'instance', tags: tagsOf(launch) }] },
  };
}

export function runInstances(launch: Launch): Act {
  return change('RunInstances', launchRequest(launch), (moment) => ({
    reservationId: ec2Id('r', launch.names.join()),
    ownerId: moment.account,
    groupSet: {},
    instancesSet: { items: launch.names.map((name, index) => launched(launch, name, index, moment)) },
  }));
}

function launched(
  launch: Launch,
  name: string,
  index: number,
  moment: AccountRegion & { readonly time: number },
): JsonObject {
  const hash = digest(`address ${name}`);
  const address = `10.0.${Number.parseInt(hash.slice(0, 2), 16)}.${Number.parseInt(hash.slice(2, 4), 16)}`;
  const zone = `${moment.region}${'abc'.charAt(Number.parseInt(hash.slice(4, 6), 16) % 3)}`;
  const group = { groupId: ec2Id('sg', `${moment.account} ${moment.region}`), groupName: 'workloads' };
  return {
    instanceId: instanceId(name),
    imageId: imageId(launch.image ?? 'al2023'),
    instanceState: { code: 0, name: 'pending' },
    privateDnsName: `ip-${address.replaceAll('.', '-')}.${moment.region}.compute.internal`,
    amiLaunchIndex: index,
    productCodes: {},
    instanceType: launch.type,
    launchTime: moment.time,
    placement: { availabilityZone: zone, tenancy: 'default' },
    monitoring: { state: 'disabled' },
    subnetId: ec2Id('subnet', `${moment.account} ${zone}`),
    vpcId: ec2Id('vpc', `${moment.account} ${moment.region}`),
    privateIpAddress: address,
    stateReason: { code: 'pending', message: 'pending' },
    architecture: /^[a-z]+\d+g/.test(launch.type) ? 'arm64' : 'x86_64',
    rootDeviceType: 'ebs',
    rootDeviceName: '/dev/xvda',
    blockDeviceMapping: {},
    virtualizationType: 'hvm',
    hypervisor: 'xen',
    tagSet: { items: tagsOf(launch) },
    clientToken: uuidOf(`launch ${launch.names.join()}`),
    groupSet: { items: [group] },
    networkInterfaceSet: {},
    ebsOptimized: false,
    enaSupport: true,
    enclaveOptions: { enabled: false },
    metadataOptions: { state: 'pending', httpTokens: 'required', httpEndpoint: 'enabled' },
  };
}

const states = {
  StartInstances: [0, 'pending', 80, 'stopped'],
  StopInstances: [64, 'stopping', 16, 'running'],
  TerminateInstances: [32, 'shutting-down', 16, 'running'],
} as const;

function moved(eventName: keyof typeof states, names: readonly string[]): Act {
  const [code, state, codeBefore, stateBefore] = states[eventName];
  const items = names.map((name) => ({ instanceId: instanceId(name) }));
  return change(
    eventName,
    { instancesSet: { items }, ...(eventName === 'StopInstances' ? { force: false } : {}) },
    () => ({
      instancesSet: {
        items: items.map((item) => ({
          ...item,
          currentState: { code, name: state },
          previousState: { code: codeBefore, name: stateBefore },
        })),
      },
    }),
  );
}
export const startInstances = (...names: readonly string[]): Act => moved('StartInstances', names);
export const stopInstances = (...names: readonly string[]): Act => moved('StopInstances', names);
export const terminateInstances = (...names: readonly string[]): Act => moved('TerminateInstances', names);

export function changeInstanceType(name: string, instanceType: string): Act {
  return change('ModifyInstanceAttribute', {
    instanceId: instanceId(name),
    instanceType: { value: instanceType },
  });
}

export function protectFromTermination(name: string): Act {
  return change('ModifyInstanceAttribute', {
    instanceId: instanceId(name),
    disableApiTermination: { value: true },
  });
}

interface Volume {
  readonly size: number;
  readonly zone: 'a' | 'b' | 'c';
  /** The request's own setting; absent where it has none. */
  readonly asked?: boolean;
  readonly encrypted: boolean;
  /** The ARN of the key that encrypts it. */
  readonly key?: string;
  readonly snapshot?: string;
}

export function createVolume(name: string, volume: Volume): Act {
  return (moment) => {
    const shared = {
      ...(volume.snapshot === undefined ? {} : { snapshotId: snapshotId(volume.snapshot) }),
      size: String(volume.size),
      zone: `${moment.region}${volume.zone}`,
      volumeType: 'gp3',
    };
    return change(
      'CreateVolume',
      {
        ...shared,
        ...(volume.asked === undefined ? {} : { encrypted: volume.asked }),
        ...(volume.key === undefined ? {} : { kmsKeyId: volume.key }),
        clientToken: uuidOf(`volume ${name}`),
        tagSpecificationSet: { items: [{ resourceType: 'volume', tags: [{ key: 'Name', value: name }] }] },
      },
      () => ({
        volumeId: volumeId(name),
        ...shared,
        status: 'creating',
        createTime: moment.time,
        iops: 3000,
        throughput: 125,
        encrypted: volume.encrypted,
        ...(volume.key === undefined ? {} : { kmsKeyId: volume.key }),
        tagSet: { items: [{ key: 'Name', value: name }] },
        multiAttachEnabled: false,
      }),
    )(moment);
  };
}

export const deleteVolume = (name: string): Act =>
  change('DeleteVolume', { volumeId: volumeId(name), reportVolumeFailure: false });

export function attachVolume(volume: string, instance: string, device: string): Act {
  const attachment = { volumeId: volumeId(volume), instanceId: instanceId(instance), device };
  return change('AttachVolume', { ...attachment, deleteOnTermination: false }, ({ time }) => ({
    ...attachment,
    status: 'attaching',
    attachTime: time,
    deleteOnTermination: false,
  }));
}

export function createSnapshot(name: string, volume: string, encrypted: boolean, size = 200): Act {
  return change('CreateSnapshot', { volumeId: volumeId(volume), description: name }, (moment) => ({
    snapshotId: snapshotId(name),
    volumeId: volumeId(volume),
    status: 'pending',
    startTime: moment.time,
    ownerId: moment.account,
    volumeSize: String(size),
    description: name,
    encrypted,
    tagSet: {},
  }));
}

/** Shares with an account, given by its id, or with everyone: `all`. */
function sharing(name: string, way: 'add' | 'remove', whom: string): Act {
  const item = whom === 'all' ? { group: 'all' } : { userId: whom };
  return change('ModifySnapshotAttribute', {
    snapshotId: snapshotId(name),
    createVolumePermission: { [way]: { items: [item] } },
    attributeType: 'CREATE_VOLUME_PERMISSION',
  });
}
export const shareSnapshot = (name: string, whom: string): Act => sharing(name, 'add', whom);
export const unshareSnapshot = (name: string, whom: string): Act => sharing(name, 'remove', whom);
export const resetSnapshotSharing = (name: string): Act =>
  change('ResetSnapshotAttribute', {
    snapshotId: snapshotId(name),
    attributeType: 'CREATE_VOLUME_PERMISSION',
  });
export const deleteSnapshot = (name: string): Act =>
  change('DeleteSnapshot', { snapshotId: snapshotId(name) });

/** AWS logs this event for a snapshot's owner when another account creates a volume from the shared snapshot. */
export function sharedSnapshotVolumeCreated(name: string): Act {
  return () => ({
    service: 'ec2',
    name: 'SharedSnapshotVolumeCreated',
    readOnly: false,
    request: null,
    response: null,
    sharedEventId: uuidOf(`copy of ${name}`),
    serviceEvent: { details: { snapshotId: snapshotId(name) } },
  });
}

function ebsDefault(name: string, on: boolean): Act {
  return wrapped(name, '', () => ({ ebsEncryptionByDefault: on }));
}
export const enableEbsEncryptionByDefault = ebsDefault('EnableEbsEncryptionByDefault', true);
export const disableEbsEncryptionByDefault = ebsDefault('DisableEbsEncryptionByDefault', false);

export const modifyEbsDefaultKey = (key: string): Act =>
  wrapped('ModifyEbsDefaultKmsKeyId', { KmsKeyId: key }, () => ({ kmsKeyId: key }));
export const resetEbsDefaultKey: Act = wrapped('ResetEbsDefaultKmsKeyId', '', ({ account, region }) => ({
  kmsKeyId: `arn:aws:kms:${region}:${account}:alias/aws/ebs`,
}));

interface TemplateData {
  readonly type?: string;
  readonly encrypted?: boolean;
  readonly size?: number;
}

/** A list of one entry is an object with a `tag`, as in the XML of the call. */
function templateData({ type, encrypted, size }: TemplateData): JsonObject {
  return {
    ImageId: imageId('al2023'),
    ...(type === undefined ? {} : { InstanceType: type }),
    ...(size === undefined
      ? {}
      : {
          BlockDeviceMapping: {
            tag: 1,
            DeviceName: '/dev/xvda',
            Ebs: {
              VolumeSize: size,
              VolumeType: 'gp3',
              DeleteOnTermination: true,
              ...(encrypted === undefined ? {} : { Encrypted: encrypted }),
            },
          },
        }),
    MetadataOptions: { HttpTokens: 'required', HttpPutResponseHopLimit: 2 },
    SecurityGroupId: { tag: 1, content: ec2Id('sg', 'template') },
  };
}

export function createLaunchTemplate(name: string, contents: TemplateData): Act {
  const request = {
    LaunchTemplateName: name,
    ClientToken: uuidOf(`template ${name}`),
    LaunchTemplateData: templateData(contents),
  };
  return wrapped('CreateLaunchTemplate', request, (moment) => ({
    launchTemplate: {
      launchTemplateId: templateId(name),
      launchTemplateName: name,
      createTime: iso(moment.time).replace('Z', '.000Z'),
      createdBy: moment.callerArn,
      defaultVersionNumber: 1,
      latestVersionNumber: 1,
    },
  }));
}

export function createLaunchTemplateVersion(name: string, number: number, contents: TemplateData): Act {
  const request = {
    LaunchTemplateId: templateId(name),
    ClientToken: uuidOf(`template ${name} ${number}`),
    LaunchTemplateData: templateData(contents),
  };
  return wrapped('CreateLaunchTemplateVersion', request, (moment) => ({
    launchTemplateVersion: {
      launchTemplateId: templateId(name),
      launchTemplateName: name,
      versionNumber: number,
      createTime: iso(moment.time).replace('Z', '.000Z'),
      createdBy: moment.callerArn,
      defaultVersion: false,
    },
  }));
}

export function setDefaultVersion(name: string, number: number): Act {
  const request = { LaunchTemplateId: templateId(name), SetDefaultVersion: number };
  return wrapped('ModifyLaunchTemplate', request, () => ({
    launchTemplate: {
      launchTemplateId: templateId(name),
      launchTemplateName: name,
      defaultVersionNumber: number,
      latestVersionNumber: number,
    },
  }));
}

export function deleteLaunchTemplate(name: string): Act {
  return wrapped('DeleteLaunchTemplate', { LaunchTemplateId: templateId(name) }, () => ({
    launchTemplate: { launchTemplateId: templateId(name), launchTemplateName: name },
  }));
}
