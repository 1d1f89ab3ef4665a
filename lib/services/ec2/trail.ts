/** What the trail proves about EC2 and EBS; each subject has its own file in `ec2/`. */

import { unknownFact } from '../../core/facts.ts';
import type { TrailPart } from '../../core/service.ts';
import type { ContextEvents } from '../../core/trail-facts.ts';
import { instanceTypeSnapshot } from './instance-types.ts';
import { ebsDefaultContextEvents, openEbsDefaults } from './trail/ebs-defaults.ts';
import { instanceContextEvents, openInstances } from './trail/instances.ts';
import { openKeys } from './trail/keys.ts';
import { launchTemplateContextEvents, openLaunchTemplates } from './trail/launch-templates.ts';
import { openSnapshots, snapshotContextEvents } from './trail/snapshots.ts';
import { openVolumes, volumeContextEvents } from './trail/volumes.ts';
import type { resourceTypes } from './types.ts';

const ec2ContextEvents = [
  ...new Set([
    ...instanceContextEvents,
    ...ebsDefaultContextEvents,
    ...volumeContextEvents,
    ...snapshotContextEvents,
    ...launchTemplateContextEvents,
  ]),
];

const contextEvents: readonly ContextEvents[] = [
  { eventSource: 'ec2.amazonaws.com', eventNames: ec2ContextEvents },
];

export const trail: TrailPart<'ec2', typeof resourceTypes> = {
  contextEvents,
  open(ask) {
    const keys = openKeys(ask);
    const instances = openInstances();
    const defaults = openEbsDefaults(keys);
    const templates = openLaunchTemplates();
    const snapshots = openSnapshots();
    const volumes = openVolumes(defaults, keys, templates, snapshots);
    const subjects = [instances, defaults, templates, snapshots, volumes];

    return {
      learn(event) {
        if (event.eventSource !== 'ec2.amazonaws.com') return;
        for (const subject of subjects) subject.learn(event);
      },
      read: {
        'ec2.instance': instances.type,
        'ec2.instanceType': (resource) => {
          const fact =
            resource.type === 'AwsEc2LaunchTemplate'
              ? templates.instanceType(resource)
              : instances.type(resource);
          if (!fact.known) return fact;
          return fact.value.instanceType === undefined
            ? unknownFact('not-in-trail', 'the launch template names no instance type')
            : instanceTypeSnapshot(fact.value.instanceType);
        },
        'ec2.volumeEncryption': volumes.encryption,
        'ec2.volumeKey': volumes.key,
        'ec2.ebsDefaultEncryption': defaults.encryption,
        'ec2.ebsDefaultKey': defaults.key,
        'ec2.snapshotSharing': snapshots.sharing,
        'ec2.snapshotEncryption': snapshots.encryption,
        'ec2.launchTemplateVersion': templates.number,
        'ec2.launchTemplateType': templates.instanceType,
        'ec2.launchTemplateVolumes': templates.volumes,
      },
      related: {
        'ec2.instanceTypeSupport': (_accountRegion, name) => instanceTypeSnapshot(name),
        'ec2.launchTemplateInstanceType': (accountRegion, { usedBy, ...template }) =>
          templates.used(accountRegion, template, `${usedBy} uses`).instanceType,
      },
    };
  },
};
