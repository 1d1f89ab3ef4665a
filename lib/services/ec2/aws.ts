/** Facts about EC2 and EBS, from AWS; each subject has its own file in `ec2/`. */

import { derive } from '../../aws/facts/lookups.ts';
import type { Aws, Readers } from '../../aws/facts/reader.ts';
import { withoutTags } from '../../aws/facts/tags.ts';
import type { ArnResource } from '../../core/control.ts';
import { known, unknownFact } from '../../core/facts.ts';
import type { RelatedReaders } from '../../core/service.ts';
import { ebsDefaultReaders } from './aws/ebs-defaults.ts';
import { instanceTypes } from './aws/instance-types.ts';
import { identifyInstance, instances } from './aws/instances.ts';
import {
  launchTemplateReaders,
  newest,
  templateTags,
  templateVersions,
  typeIn,
} from './aws/launch-templates.ts';
import { snapshotReaders } from './aws/snapshots.ts';
import { volumeReaders } from './aws/volumes.ts';
import type { Ec2Facts } from './facts.ts';

async function typeOf(resource: ArnResource, aws: Aws): Promise<Ec2Facts['ec2.instance']> {
  return derive(await aws.ask(instances, resource.id), ({ InstanceType: instanceType }, source) =>
    instanceType === undefined
      ? unknownFact('unreadable', `ec2:DescribeInstances does not tell the type of ${resource.id}`)
      : known({ instanceType }, source),
  );
}

/** The type of an instance, or the one that the newest version of a launch template prescribes. */
async function typeOfInstanceOrTemplate(resource: ArnResource, aws: Aws): Promise<Ec2Facts['ec2.instance']> {
  if (resource.type !== 'AwsEc2LaunchTemplate') return typeOf(resource, aws);
  return derive(await aws.ask(templateVersions, newest(resource.id)), (version, source) => {
    const { instanceType } = typeIn(version);
    return instanceType === undefined
      ? unknownFact('absent', 'the launch template names no instance type')
      : known({ instanceType }, source);
  });
}

const readers: Readers<keyof Ec2Facts, ArnResource> = {
  'ec2.instance': { uses: [instances], read: typeOf, identify: identifyInstance },
  'ec2.instanceType': {
    uses: [instances, templateVersions, instanceTypes],
    async read(resource, aws) {
      const type = await typeOfInstanceOrTemplate(resource, aws);
      return type.known ? aws.follow(instanceTypes, type.value.instanceType) : type;
    },
    identify: async (resource, aws) =>
      // A version of a launch template does not contain the template's own tags.
      resource.type === 'AwsEc2LaunchTemplate' ? [withoutTags(resource)] : identifyInstance(resource, aws),
  },
  ...volumeReaders,
  ...ebsDefaultReaders,
  ...snapshotReaders,
  ...launchTemplateReaders,
};

/** The facts for other services: about instance types, and about what launch templates prescribe. */
const related: RelatedReaders<'ec2.instanceTypeSupport' | 'ec2.launchTemplateInstanceType'> = {
  'ec2.instanceTypeSupport': { uses: [instanceTypes], read: (name, aws) => aws.follow(instanceTypes, name) },
  'ec2.launchTemplateInstanceType': {
    uses: [templateVersions],
    read: async ({ id, version = '$Default' }, aws) =>
      id === undefined
        ? unknownFact('unreadable', 'the id of the launch template is not known')
        : derive(await aws.follow(templateVersions, `${id}:${version}`), (found, source) =>
            known(typeIn(found), source),
          ),
  },
};

export const aws = { readers, tagReaders: templateTags, related };
