/**
 * Reads LaunchTemplateData: PascalCase in a request, camelCase in a response; a list is an array, or an object for a
 * list of one. Source: EC2 API Reference, "RequestLaunchTemplateData", "ResponseLaunchTemplateData".
 */
import { flag, list, member, memberText } from '../../../core/json.ts';
import type { TemplateInstanceType, TemplateVolume } from '../facts.ts';

/**
 * The EBS volumes that launch template data prescribe.
 * @param data unparsed JSON.
 * @returns the volumes; `unreadable` where a value cannot be read; `undefined` without block devices.
 * @example volumesIn({ BlockDeviceMapping: [{ DeviceName: '/dev/xvda', Ebs: { Encrypted: true } }] }) // [{ device: '/dev/xvda', encrypted: true }]
 */
export function volumesIn(data: unknown): readonly TemplateVolume[] | 'unreadable' | undefined {
  const mappings = ['BlockDeviceMapping', 'BlockDeviceMappings', 'BlockDeviceMappingSet']
    .map((name) => member(data, name))
    .find((found) => found !== undefined);
  if (mappings === undefined) return undefined;
  const volumes: TemplateVolume[] = [];
  for (const item of list(mappings)) {
    const ebs = member(item, 'Ebs');
    const omitted = member(item, 'NoDevice') !== undefined || member(item, 'VirtualName') !== undefined;
    if (ebs === undefined || omitted) continue;
    const stated = member(ebs, 'Encrypted');
    const encrypted = flag(stated);
    if (stated !== undefined && encrypted === undefined) return 'unreadable';
    // An empty element is written `""`.
    const kmsKeyId = memberText(ebs, 'KmsKeyId') || undefined;
    const snapshotId = memberText(ebs, 'SnapshotId') || undefined;
    volumes.push({
      device: memberText(item, 'DeviceName') ?? 'unnamed device',
      ...(encrypted === undefined ? {} : { encrypted }),
      ...(kmsKeyId === undefined ? {} : { kmsKeyId }),
      ...(snapshotId === undefined ? {} : { snapshotId }),
    });
  }
  return volumes;
}

/**
 * The instance type that launch template data prescribe, or whether requirements choose it.
 * @param data unparsed JSON.
 * @returns `undefined` where the data contain neither.
 * @example instanceTypeIn({ InstanceType: 'm6i.large' }) // { instanceType: 'm6i.large', byRequirements: false }
 */
export function instanceTypeIn(data: unknown): TemplateInstanceType | undefined {
  const instanceType = memberText(data, 'InstanceType');
  if (instanceType !== undefined && instanceType !== '') return { instanceType, byRequirements: false };
  return member(data, 'InstanceRequirements') === undefined ? undefined : { byRequirements: true };
}
