/** What the trail proves about EKS: clusters by ARN, and each cluster's node groups by id. */
import type { ArnResource, TrailEvent } from '../../core/control.ts';
import { known } from '../../core/facts.ts';
import type { TrailPart } from '../../core/service.ts';
import type { ContextEvents } from '../../core/trail-facts.ts';
import type { EksFacts } from './facts.ts';
import { cluster, nodegroup } from './resources.ts';
import {
  type ClusterFacts,
  cameToNothing,
  configured,
  created,
  encrypted,
  unknownCluster,
  upgraded,
} from './trail/cluster.ts';
import { madeNodegroup, type Nodegroup, unknownNodegroup, updatedNodegroup } from './trail/nodegroup.ts';
import type { resourceTypes } from './types.ts';

const contextEvents: readonly ContextEvents[] = [
  {
    eventSource: 'eks.amazonaws.com',
    eventNames: [
      'CreateCluster',
      'UpdateClusterConfig',
      'UpdateClusterVersion',
      'AssociateEncryptionConfig',
      'DeleteCluster',
      'CreateNodegroup',
      'UpdateNodegroupVersion',
      'DeleteNodegroup',
    ],
  },
];

interface Cluster {
  facts: ClusterFacts;
  readonly nodegroups: Map<string, Nodegroup>;
}

/** A cluster created under a former cluster's name inherits no facts from it. */
export const trail: TrailPart<'eks', typeof resourceTypes> = {
  contextEvents,
  open(ask) {
    const clusters = new Map<string, Cluster>();

    const clusterAt = (arn: string): Cluster => {
      const found = clusters.get(arn) ?? { facts: unknownCluster, nodegroups: new Map() };
      clusters.set(arn, found);
      return found;
    };

    const learnUpdate = (
      event: TrailEvent,
      after: (before: ClusterFacts, event: TrailEvent) => ClusterFacts,
    ): void => {
      if (cameToNothing(event)) return;
      for (const { arn } of cluster(event)) {
        const here = clusterAt(arn);
        here.facts = after(here.facts, event);
      }
    };

    const learnNodegroup = (event: TrailEvent): void => {
      for (const group of nodegroup(event)) {
        const { nodegroups } = clusterAt(group.partOf ?? '');
        const before = nodegroups.get(group.id) ?? unknownNodegroup;
        if (event.eventName === 'DeleteNodegroup') nodegroups.delete(group.id);
        else if (event.eventName === 'CreateNodegroup') {
          nodegroups.set(group.id, madeNodegroup(event, group, ask));
        } else if (!cameToNothing(event)) {
          nodegroups.set(group.id, updatedNodegroup(before, event, group, ask));
        }
      }
    };

    const learnEks = (event: TrailEvent): void => {
      switch (event.eventName) {
        case 'CreateCluster':
          for (const { arn } of cluster(event)) {
            clusters.set(arn, { facts: created(event), nodegroups: new Map() });
          }
          break;
        case 'DeleteCluster':
          for (const { arn } of cluster(event)) clusters.delete(arn);
          break;
        case 'UpdateClusterConfig':
          learnUpdate(event, configured);
          break;
        case 'UpdateClusterVersion':
          learnUpdate(event, upgraded);
          break;
        case 'AssociateEncryptionConfig':
          learnUpdate(event, encrypted);
          break;
        case 'CreateNodegroup':
        case 'UpdateNodegroupVersion':
        case 'DeleteNodegroup':
          learnNodegroup(event);
          break;
      }
    };

    const factsOf = (resource: ArnResource): ClusterFacts =>
      clusters.get(resource.arn)?.facts ?? unknownCluster;
    const nodegroupFact = (resource: ArnResource): EksFacts['eks.nodegroup'] =>
      (clusters.get(resource.partOf ?? '')?.nodegroups.get(resource.id) ?? unknownNodegroup).fact;

    return {
      learn(event) {
        if (event.eventSource === 'eks.amazonaws.com') learnEks(event);
      },
      read: {
        'eks.version': (resource) => factsOf(resource)['eks.version'],
        'eks.secretsEncryption': (resource) => factsOf(resource)['eks.secretsEncryption'],
        'eks.endpointPublicAccess': (resource) => factsOf(resource)['eks.endpointPublicAccess'],
        'eks.publicAccessCidrs': (resource) => factsOf(resource)['eks.publicAccessCidrs'],
        'eks.logging': (resource) => factsOf(resource)['eks.logging'],
        'eks.nodegroup': nodegroupFact,
        'eks.nodegroupTypes': (resource) => {
          const fact = nodegroupFact(resource);
          if (!fact.known) return fact;
          const types = fact.value.instanceTypes.map((instanceType) => ({
            instanceType,
            support: ask('ec2.instanceTypeSupport', resource, instanceType),
          }));
          return known(types, fact.source);
        },
      },
      related: {},
    };
  },
};
