/**
 * The volumes of an instance. RunInstances names none by its id, so that instance and device represent one
 * (`i-…:/dev/sdX`, see `resources/volumes.ts`); DescribeInstances returns that volume, and the instance's others,
 * such as those that only its launch template maps.
 * Source: EC2 API Reference, "Instance": blockDeviceMapping, "EbsInstanceBlockDevice".
 */
import type { Instance } from '@aws-sdk/client-ec2';
import { type Unknown, unknownFact } from '../../../core/facts.ts';

/** The instance and device that represent a volume without a known id. */
export interface StandIn {
  readonly instance: string;
  readonly device: string;
}

/**
 * Splits the id `i-…:/dev/sdX`, which represents a volume without a known id.
 * @returns its parts; `undefined` for any other id, such as a volume's own.
 * @example standIn('i-0123456789abcdef0:/dev/xvda') // { instance: 'i-0123456789abcdef0', device: '/dev/xvda' }
 */
export function standIn(id: string): StandIn | undefined {
  const [, instance, device] = /^(i-[^:]*):(.+)$/s.exec(id) ?? [];
  return instance === undefined || device === undefined ? undefined : { instance, device };
}

export interface AttachedVolume {
  readonly device: string | undefined;
  readonly id: string;
  /** Whether it is deleted with the instance. */
  readonly goesWithInstance: boolean;
}

/**
 * The EBS volumes that are attached to an instance, or are about to be.
 * @example volumesOf({ BlockDeviceMappings: [{ DeviceName: '/dev/xvda', Ebs: { VolumeId: 'vol-0123456789abcdef0' } }] }).length // 1
 */
export function volumesOf(instance: Instance): readonly AttachedVolume[] {
  return (instance.BlockDeviceMappings ?? []).flatMap(({ DeviceName: device, Ebs: ebs }) =>
    ebs?.VolumeId === undefined || ebs.Status === 'detached'
      ? []
      : [{ device, id: ebs.VolumeId, goesWithInstance: ebs.DeleteOnTermination === true }],
  );
}

/**
 * The volume on a device of an instance. While the instance is pending, volumes may still appear; later, a device
 * without
 * a volume has lost it.
 * @returns the volume; an unknown, `not-ready` or `deleted`, where the device has none.
 * @example volumeOn({ instance: 'i-0123456789abcdef0', device: '/dev/xvda' }, { State: { Name: 'pending' } }) // unknown: 'not-ready'
 */
export function volumeOn({ instance: id, device }: StandIn, instance: Instance): AttachedVolume | Unknown {
  const found = volumesOf(instance).find((volume) => volume.device === device);
  if (found !== undefined) return found;
  return instance.State?.Name === 'pending'
    ? unknownFact('not-ready', `the instance ${id} is pending, and has no volume on ${device} yet`)
    : unknownFact('deleted', `the instance ${id} has no volume on ${device}`);
}
