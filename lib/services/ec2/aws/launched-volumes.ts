/**
 * The volumes of an instance. RunInstances names none by its id, so that instance and device stand for one
 * (`i-…:/dev/sdX`, see `trail/resources/ec2/volumes.ts`); DescribeInstances tells which volume that is, and which
 * others the instance has, such as those that only its launch template maps.
 * Source: EC2 API Reference, "Instance": blockDeviceMapping, "EbsInstanceBlockDevice".
 */
import type { Instance } from '@aws-sdk/client-ec2';
import { type Unknown, unknownFact } from '../../../core/facts.ts';

/** What stands for a volume that has no known id. */
export interface StandIn {
  readonly instance: string;
  readonly device: string;
}

/** @returns the parts of `i-…:/dev/sdX`; `undefined` for any other id, a volume's own above all. */
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

/** The EBS volumes that are attached to an instance, or about to be. */
export function volumesOf(instance: Instance): readonly AttachedVolume[] {
  return (instance.BlockDeviceMappings ?? []).flatMap(({ DeviceName: device, Ebs: ebs }) =>
    ebs?.VolumeId === undefined || ebs.Status === 'detached'
      ? []
      : [{ device, id: ebs.VolumeId, goesWithInstance: ebs.DeleteOnTermination === true }],
  );
}

/**
 * The volume on a device. While its instance starts, volumes may be still to come; later, a device without one has
 * none any more: it was detached.
 */
export function volumeOn({ instance: id, device }: StandIn, instance: Instance): AttachedVolume | Unknown {
  const found = volumesOf(instance).find((volume) => volume.device === device);
  if (found !== undefined) return found;
  return instance.State?.Name === 'pending'
    ? unknownFact('not-ready', `the instance ${id} is pending, and has no volume on ${device} yet`)
    : unknownFact('deleted', `the instance ${id} has no volume on ${device}`);
}
