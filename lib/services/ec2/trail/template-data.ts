/**
 * Reading LaunchTemplateData: PascalCase in a request, camelCase in a response, a list either an array or, of
 * one, an object. Source: EC2 API Reference, "RequestLaunchTemplateData", "ResponseLaunchTemplateData".
 */
import { flag, list, member, memberText } from '../../../core/json.ts';
import type { TemplateInstanceType, TemplateVolume } from '../facts.ts';

/** The EBS volumes; `undefined` where the data do not speak of block devices. */
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
    const told = member(ebs, 'Encrypted');
    const encrypted = flag(told);
    if (told !== undefined && encrypted === undefined) return 'unreadable';
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

/** The instance type; `undefined` where the data speak neither of one nor of requirements. */
export function instanceTypeIn(data: unknown): TemplateInstanceType | undefined {
  const instanceType = memberText(data, 'InstanceType');
  if (instanceType !== undefined && instanceType !== '') return { instanceType, byRequirements: false };
  return member(data, 'InstanceRequirements') === undefined ? undefined : { byRequirements: true };
}
