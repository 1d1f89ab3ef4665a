/**
 * How EC2's events name EBS volumes. CreateVolume's response contains the id. RunInstances names none: its response
 * comes before the volumes exist (`"blockDeviceMapping": {}`), so that instance and device represent a volume.
 * Source: real records (AWS KMS Developer Guide, "Amazon EC2 example two"; cloud-custodian tests/data/cwe).
 */
import { arnOf } from '../../../core/arn.ts';
import type { ArnResource } from '../../../core/control.ts';
import type { TrailEvent } from '../../../core/event.ts';
import { at, flag, list, text } from '../../../core/json.ts';
import { instance, tagged, tagsAsked, tagsIn } from './instances.ts';

/** A volume that RunInstances creates. */
export interface LaunchedVolume {
  readonly resource: ArnResource;
  readonly device: string;
  /** Whether it is the root device, and so comes from the AMI's snapshot. */
  readonly root: boolean;
  /** What the request's mapping says about it (`ebs`); `undefined` where the request does not map the device. */
  readonly requested: unknown;
  /** What the response's mapping says about it; nearly always `undefined`. */
  readonly answered: unknown;
}

/**
 * CreateVolume: the volume in the response.
 * @returns one volume with its tags, or none.
 * @example volumeCreated({ ...event, response: { volumeId: 'vol-0123456789abcdef0' } })[0]?.id // 'vol-0123456789abcdef0'
 */
export function volumeCreated(event: TrailEvent): readonly ArnResource[] {
  const tags = tagsIn(list(event.response, 'tagSet')) ?? tagsAsked(event.request, 'volume');
  return volumeNamed(event, event.response).map((resource) => tagged(resource, tags));
}

/**
 * DeleteVolume: the volume in the request.
 * @returns one volume, or none.
 * @example volumeInRequest({ ...event, request: { volumeId: 'vol-0123456789abcdef0' } })[0]?.id // 'vol-0123456789abcdef0'
 */
export function volumeInRequest(event: TrailEvent): readonly ArnResource[] {
  return volumeNamed(event, event.request);
}

/**
 * RunInstances: the EBS volumes of every launched instance; see `launchedVolumes`.
 * @example volumesOfLaunch({ ...event, eventName: 'RunInstances' }).map(({ id }) => id) // ['i-0123456789abcdef0:/dev/xvda'] of a launch with one volume
 */
export function volumesOfLaunch(event: TrailEvent): readonly ArnResource[] {
  return launchedVolumes(event).map((volume) => volume.resource);
}

/**
 * RunInstances: for each instance, the root volume and those that the request or the response maps. The event does
 * not name volumes that only its launch template maps, so these are missing, unless one is the root volume.
 * @returns the volumes with what the event says about each.
 * @example launchedVolumes({ ...event, response: null }) // []: a launch without instances has no volumes
 */
export function launchedVolumes(event: TrailEvent): readonly LaunchedVolume[] {
  const requested = ebsDevices(event.request);
  const tags = tagsAsked(event.request, 'volume');
  return list(event.response, 'instancesSet').flatMap((item) => {
    const instanceId = text(item, 'instanceId');
    if (instanceId === undefined) return [];
    const owner = instance(event, instanceId);
    const answered = ebsDevices(item);
    const rootDevice =
      text(item, 'rootDeviceType') === 'ebs' ? (text(item, 'rootDeviceName') ?? '') : undefined;
    const devices = new Set([...requested.keys(), ...answered.keys()]);
    if (rootDevice !== undefined && rootDevice !== '') devices.add(rootDevice);
    return [...devices].map((device): LaunchedVolume => {
      const stated = { requested: requested.get(device), answered: answered.get(device) };
      const root = device === rootDevice;
      const resource = tagged(launchedVolume(event, owner, device, root, stated), tags);
      return { resource, device, root, ...stated };
    });
  });
}

/**
 * The volume is part of its instance only where termination deletes it: as the mapping says; by default it deletes
 * the root volume and keeps others. Source: Amazon EC2 User Guide, "Preserve data when an instance is terminated".
 */
function launchedVolume(
  event: TrailEvent,
  owner: ArnResource,
  device: string,
  root: boolean,
  stated: Pick<LaunchedVolume, 'requested' | 'answered'>,
): ArnResource {
  const { account, region } = event;
  const volumeId = text(stated.answered, 'volumeId');
  const goesWithInstance =
    flag(stated.answered, 'deleteOnTermination') ?? flag(stated.requested, 'deleteOnTermination') ?? root;
  return {
    type: 'AwsEc2Volume',
    id: volumeId ?? `${owner.id}:${device}`,
    arn: volumeId === undefined ? owner.arn : arnOf('ec2', region, account, `volume/${volumeId}`),
    account,
    region,
    ...(goesWithInstance ? { partOf: owner.arn } : {}),
  };
}

/** The EBS devices of a `blockDeviceMapping`, with their `ebs`; without those left out or of the instance store. */
function ebsDevices(holder: unknown): ReadonlyMap<string, unknown> {
  const devices = new Map<string, unknown>();
  for (const item of list(holder, 'blockDeviceMapping')) {
    const device = text(item, 'deviceName');
    const ebs = at(item, 'ebs') ?? undefined;
    if (device === undefined || device === '' || ebs === undefined || devices.has(device)) continue;
    // An omitted device is written as `"noDevice": {}` or `""`: the presence of the member decides.
    const omitted = [at(item, 'noDevice'), at(item, 'virtualName')].some(
      (value) => value !== undefined && value !== null && value !== false,
    );
    if (!omitted) devices.set(device, ebs);
  }
  return devices;
}

function volumeNamed(event: TrailEvent, holder: unknown): readonly ArnResource[] {
  const { account, region } = event;
  const id = text(holder, 'volumeId');
  if (id === undefined) return [];
  return [{ type: 'AwsEc2Volume', id, arn: arnOf('ec2', region, account, `volume/${id}`), account, region }];
}
