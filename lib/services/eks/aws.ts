/** Facts about EKS clusters and their node groups, from AWS: DescribeCluster and DescribeNodegroup, one at a time. */
import {
  type Cluster,
  DescribeClusterCommand,
  DescribeNodegroupCommand,
  type Nodegroup,
} from '@aws-sdk/client-eks';
import { askEach } from '../../aws/facts/calls.ts';
import { derive, type Lookup } from '../../aws/facts/lookups.ts';
import type { Aws, Readers } from '../../aws/facts/reader.ts';
import { withEksTags } from '../../aws/facts/tags.ts';
import type { ArnResource } from '../../core/control.ts';
import { type Fact, known, type Source, unknownFact } from '../../core/facts.ts';
import { controlPlaneLogs, type EksFacts } from './facts.ts';

const clusterAction = 'eks:DescribeCluster';

/**
 * Clusters by name. While a cluster is being created or an accepted update is under way, EKS returns the state
 * before, which does not count yet. A cluster that is being deleted counts as deleted, like an instance that shuts
 * down; if its deletion fails, it counts again. Source: EKS API Reference, "Cluster": status.
 */
const clusters: Lookup<Cluster> = {
  permissions: [clusterAction],
  async find(names, lookups, waitsFor) {
    const found = await askEach(clusterAction, names, lookups, waitsFor, async (name) => {
      // The SDK throws for a URL without the name.
      if (name === '') return undefined;
      const answer = await lookups.call(({ eks }) => eks.send(new DescribeClusterCommand({ name })));
      return answer.cluster;
    });
    return new Map(
      [...found].map(([name, fact]) => [
        name,
        derive(fact, ({ status }) => settled(fact, `the cluster ${name}`, status, unsettledClusters)),
      ]),
    );
  },
};

const nodegroupAction = 'eks:DescribeNodegroup';

/**
 * Node groups by `<cluster>/<node group>`. The call that creates them sets what they launch. Source: EKS API
 * Reference, "Nodegroup": status.
 */
const nodegroups: Lookup<Nodegroup> = {
  permissions: [nodegroupAction],
  async find(ids, lookups, waitsFor) {
    const found = await askEach(nodegroupAction, ids, lookups, waitsFor, async (id) => {
      // Names of clusters and node groups contain no slash.
      const [clusterName, nodegroupName] = id.split('/');
      if (!clusterName || !nodegroupName) return undefined;
      const answer = await lookups.call(({ eks }) =>
        eks.send(new DescribeNodegroupCommand({ clusterName, nodegroupName })),
      );
      return answer.nodegroup;
    });
    return new Map(
      [...found].map(([id, fact]) => [
        id,
        derive(fact, ({ status }) => settled(fact, `the node group ${id}`, status, unsettledNodegroups)),
      ]),
    );
  },
};

const unsettledClusters = ['CREATING', 'PENDING', 'UPDATING'];
const unsettledNodegroups = ['UPDATING'];

function settled<T>(
  fact: Fact<T>,
  what: string,
  status: string | undefined,
  unsettled: readonly string[],
): Fact<T> {
  if (status === 'DELETING') return unknownFact('not-found', `${what} is ${status}`);
  return status !== undefined && unsettled.includes(status)
    ? unknownFact('not-ready', `${what} is ${status}, so evaluate it again afterwards`)
    : fact;
}

function notReturned(what: string): Fact<never> {
  return unknownFact('unreadable', `${clusterAction} does not tell ${what}`);
}

/** A reader of one thing about a cluster. */
function clusterReader<T>(read: (cluster: Cluster, source: Source) => Fact<T>) {
  return {
    uses: [clusters],
    read: async (resource: ArnResource, aws: Aws): Promise<Fact<T>> =>
      derive(await aws.ask(clusters, resource.id), read),
    identify: identifyCluster,
  };
}

async function identifyCluster(resource: ArnResource, aws: Aws): Promise<readonly ArnResource[]> {
  const fact = await aws.ask(clusters, resource.id);
  if (!fact.known) return [resource];
  const { arn = resource.arn, tags } = fact.value;
  return [withEksTags({ ...resource, arn }, tags)];
}

/** The node group with its real ARN, which ends in a UUID that few events contain; its id still identifies it. */
async function identifyNodegroup(resource: ArnResource, aws: Aws): Promise<readonly ArnResource[]> {
  const fact = await aws.ask(nodegroups, resource.id);
  if (!fact.known) return [resource];
  const { nodegroupArn: arn = resource.arn, tags } = fact.value;
  return [withEksTags({ ...resource, arn }, tags)];
}

/** Each log in the response; a log that it does not name stays unknown. */
function logsIn(cluster: Cluster): Extract<EksFacts['eks.logging'], { known: true }>['value'] {
  const logs = new Map<string, boolean>();
  for (const { types = [], enabled } of cluster.logging?.clusterLogging ?? []) {
    for (const log of types) {
      if (enabled !== undefined && controlPlaneLogs.includes(log)) logs.set(log, enabled);
    }
  }
  return Object.fromEntries(logs);
}

/**
 * The types that the node group names itself, else the one of its launch template, else EKS's default.
 * Source: EKS API Reference, "Nodegroup": instanceTypes, launchTemplate; "CreateNodegroup": instanceTypes.
 */
async function typesOf(resource: ArnResource, aws: Aws): Promise<EksFacts['eks.nodegroup']> {
  const fact = await aws.ask(nodegroups, resource.id);
  if (!fact.known) return fact;
  const { instanceTypes: own = [], launchTemplate: template, amiType = '' } = fact.value;
  if (own.length > 0) return known({ instanceTypes: own, namedBy: 'node group' }, fact.source);
  if (template !== undefined) {
    if (template.id === undefined) {
      return unknownFact('unreadable', `${nodegroupAction} does not tell the id of the launch template`);
    }
    const prescribed = await aws.related('ec2.launchTemplateInstanceType', {
      id: template.id,
      name: template.name,
      version: template.version,
      usedBy: 'the node group',
    });
    if (!prescribed.known) return prescribed;
    const { instanceType, byRequirements } = prescribed.value;
    if (instanceType !== undefined) {
      return known({ instanceTypes: [instanceType], namedBy: 'launch template' }, prescribed.source);
    }
    if (byRequirements) {
      return unknownFact('absent', 'the launch template chooses the instance type by requirements');
    }
  }
  return /ARM/i.test(amiType)
    ? unknownFact('absent', "nothing names an instance type, and EKS's default does not run ARM")
    : known({ instanceTypes: ['t3.medium'], namedBy: 'EKS default' }, fact.source);
}

const readers: Readers<keyof EksFacts, ArnResource> = {
  'eks.version': clusterReader(({ version }, source) =>
    version === undefined ? notReturned("the cluster's Kubernetes version") : known(version, source),
  ),
  'eks.secretsEncryption': clusterReader(
    ({ encryptionConfig = [] }, source): EksFacts['eks.secretsEncryption'] => {
      if (encryptionConfig.length === 0) return known({ key: null }, source);
      const key = encryptionConfig.map(({ provider }) => provider?.keyArn).find(Boolean);
      return key === undefined ? notReturned('the key of the encryptionConfig') : known({ key }, source);
    },
  ),
  'eks.endpointPublicAccess': clusterReader(({ resourcesVpcConfig }, source) => {
    const open = resourcesVpcConfig?.endpointPublicAccess;
    return open === undefined ? notReturned('whether the API endpoint is public') : known(open, source);
  }),
  'eks.publicAccessCidrs': clusterReader(({ resourcesVpcConfig }, source) => {
    const blocks = resourcesVpcConfig?.publicAccessCidrs;
    return blocks === undefined
      ? notReturned('which addresses the public API endpoint admits')
      : known(blocks, source);
  }),
  'eks.logging': clusterReader((cluster, source) =>
    cluster.logging === undefined ? notReturned('which logs are on') : known(logsIn(cluster), source),
  ),
  'eks.nodegroup': {
    uses: [nodegroups],
    asks: ['ec2.launchTemplateInstanceType'],
    read: typesOf,
    identify: identifyNodegroup,
  },
  'eks.nodegroupTypes': {
    uses: [nodegroups],
    asks: ['ec2.launchTemplateInstanceType', 'ec2.instanceTypeSupport'],
    async read(resource, aws) {
      const fact = await typesOf(resource, aws);
      if (!fact.known) return fact;
      const types = await Promise.all(
        fact.value.instanceTypes.map(async (instanceType) => ({
          instanceType,
          support: await aws.related('ec2.instanceTypeSupport', instanceType),
        })),
      );
      return known(types, fact.source);
    },
    identify: identifyNodegroup,
  },
};

export const aws = { readers, tagReaders: {}, related: {} };
