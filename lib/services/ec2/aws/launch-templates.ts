/**
 * Launch templates: DescribeLaunchTemplateVersions, which takes one template at a time; and DescribeLaunchTemplates for
 * their tags, which versions do not contain.
 */
import {
  DescribeLaunchTemplatesCommand,
  DescribeLaunchTemplateVersionsCommand,
  type LaunchTemplateVersion,
  type ResponseLaunchTemplateData,
} from '@aws-sdk/client-ec2';
import { askEach } from '../../../aws/facts/calls.ts';
import { derive, type Lookup } from '../../../aws/facts/lookups.ts';
import type { Readers, TagReaders } from '../../../aws/facts/reader.ts';
import { fromPairs } from '../../../aws/facts/tags.ts';
import { type Fact, known, unknownFact } from '../../../core/facts.ts';
import type { TemplateInstanceType, TemplateVolume } from '../facts.ts';

const action = 'ec2:DescribeLaunchTemplateVersions';

/** By `<template id>:<version>`, the version a number, `$Latest` or `$Default`. */
export const templateVersions: Lookup<LaunchTemplateVersion> = {
  permissions: [action],
  find: (ids, lookups, waitsFor) =>
    askEach(action, ids, lookups, waitsFor, async (id) => {
      const [templateId, version = '$Latest'] = id.split(':');
      const answer = await lookups.call(({ ec2 }) =>
        ec2.send(
          new DescribeLaunchTemplateVersionsCommand({ LaunchTemplateId: templateId, Versions: [version] }),
        ),
      );
      return answer.LaunchTemplateVersions?.[0];
    }),
};

/**
 * The lookup id of a template's newest version.
 * @example newest('lt-0123456789abcdef0') // 'lt-0123456789abcdef0:$Latest'
 */
export function newest(templateId: string): string {
  return `${templateId}:$Latest`;
}

/**
 * The instance type that a version prescribes, or whether requirements choose it.
 * @example typeIn({ LaunchTemplateData: { InstanceType: 'm6i.large' } }) // { instanceType: 'm6i.large', byRequirements: false }
 */
export function typeIn(version: LaunchTemplateVersion): TemplateInstanceType {
  const data = version.LaunchTemplateData;
  const instanceType = data?.InstanceType;
  if (instanceType !== undefined) return { instanceType, byRequirements: false };
  return { byRequirements: Object.keys(data?.InstanceRequirements ?? {}).length > 0 };
}

/** The EBS volumes that a version prescribes, without omitted devices and those of the instance store. */
function volumesIn(data: ResponseLaunchTemplateData | undefined): readonly TemplateVolume[] {
  return (data?.BlockDeviceMappings ?? []).flatMap(({ DeviceName, Ebs, NoDevice, VirtualName }) => {
    if (Ebs === undefined || NoDevice !== undefined || VirtualName !== undefined) return [];
    return [
      {
        device: DeviceName ?? 'unnamed device',
        ...(Ebs.Encrypted === undefined ? {} : { encrypted: Ebs.Encrypted }),
        ...(Ebs.KmsKeyId === undefined ? {} : { kmsKeyId: Ebs.KmsKeyId }),
        ...(Ebs.SnapshotId === undefined ? {} : { snapshotId: Ebs.SnapshotId }),
      },
    ];
  });
}

export const launchTemplateReaders: Readers<
  'ec2.launchTemplateVersion' | 'ec2.launchTemplateType' | 'ec2.launchTemplateVolumes'
> = {
  'ec2.launchTemplateVersion': {
    uses: [templateVersions],
    read: async (resource, aws) =>
      derive(
        await aws.ask(templateVersions, newest(resource.id)),
        ({ VersionNumber: number }, source): Fact<string> =>
          number === undefined
            ? unknownFact('unreadable', `${action} does not tell the number of the version`)
            : known(String(number), source),
      ),
  },
  'ec2.launchTemplateType': {
    uses: [templateVersions],
    read: async (resource, aws) =>
      derive(await aws.ask(templateVersions, newest(resource.id)), (version, source) =>
        known(typeIn(version), source),
      ),
  },
  'ec2.launchTemplateVolumes': {
    uses: [templateVersions],
    read: async (resource, aws) =>
      derive(await aws.ask(templateVersions, newest(resource.id)), (version, source) =>
        known(volumesIn(version.LaunchTemplateData), source),
      ),
  },
};

const tagsAction = 'ec2:DescribeLaunchTemplates';

export const templateTags = {
  AwsEc2LaunchTemplate: {
    idOf: ({ id }) => id,
    lookup: {
      permissions: [tagsAction],
      find: (ids, lookups, waitsFor) =>
        // One by one: an id that does not exist fails the whole call, and there is no filter by id.
        askEach(tagsAction, ids, lookups, waitsFor, async (id) => {
          const answer = await lookups.call(({ ec2 }) =>
            ec2.send(new DescribeLaunchTemplatesCommand({ LaunchTemplateIds: [id] })),
          );
          const [template] = answer.LaunchTemplates ?? [];
          return template && fromPairs(template.Tags ?? []);
        }),
    },
  },
} satisfies TagReaders;
