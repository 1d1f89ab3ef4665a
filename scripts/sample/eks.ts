/**
 * Calls of EKS as CloudTrail logs them: plain JSON in lower camel case; the cluster in a path is `name`. Source: Amazon
 * EKS User Guide, "Log API calls as AWS CloudTrail events"; Amazon EKS API Reference.
 */
import type { AccountRegion } from '../../lib/core/account-region.ts';
import type { JsonObject } from '../../lib/core/json.ts';
import { templateId } from './ec2.ts';
import { ec2Id, uuidOf } from './random.ts';
import type { Act } from './record.ts';

function clusterArn({ account, region }: AccountRegion, name: string): string {
  return `arn:aws:eks:${region}:${account}:cluster/${name}`;
}

function call(
  eventName: string,
  request: JsonObject,
  response: (moment: Parameters<Act>[0]) => JsonObject,
): Act {
  return (moment) => ({
    service: 'eks',
    name: eventName,
    readOnly: false,
    request,
    response: response(moment),
  });
}

const allLogs = ['api', 'audit', 'authenticator', 'controllerManager', 'scheduler'];

/** EKS's two entries of log types: those that are enabled, and those that are not. */
function logging(on: readonly string[]): JsonObject {
  const off = allLogs.filter((type) => !on.includes(type));
  return {
    clusterLogging: [
      ...(on.length === 0 ? [] : [{ types: on, enabled: true }]),
      ...(off.length === 0 ? [] : [{ types: off, enabled: false }]),
    ],
  };
}

interface Endpoint {
  readonly private: boolean;
  /** The CIDRs that may reach the public endpoint; none: it is not public. */
  readonly public: readonly string[];
}

function endpointOf(endpoint: Endpoint): JsonObject {
  return {
    endpointPrivateAccess: endpoint.private,
    endpointPublicAccess: endpoint.public.length > 0,
    ...(endpoint.public.length === 0 ? {} : { publicAccessCidrs: endpoint.public }),
  };
}

interface Cluster {
  readonly version: string;
  /** Absent where callers take EKS's default: public, for 0.0.0.0/0. */
  readonly endpoint?: Endpoint;
  readonly logs?: readonly string[];
  /** The ARN of the key that encrypts secrets. */
  readonly secretsKey?: string;
}

export function createCluster(name: string, cluster: Cluster): Act {
  return (moment) => {
    const subnetIds = ['a', 'b', 'c'].map((zone) =>
      ec2Id('subnet', `${moment.account} ${moment.region}${zone}`),
    );
    const roleArn = `arn:aws:iam::${moment.account}:role/eks-${name}-cluster`;
    const encryptionConfig =
      cluster.secretsKey === undefined
        ? undefined
        : [{ resources: ['secrets'], provider: { keyArn: cluster.secretsKey } }];
    const endpoint = endpointOf(cluster.endpoint ?? { private: false, public: ['0.0.0.0/0'] });
    return call(
      'CreateCluster',
      {
        name,
        version: cluster.version,
        roleArn,
        resourcesVpcConfig: {
          subnetIds,
          ...(cluster.endpoint === undefined ? {} : endpointOf(cluster.endpoint)),
        },
        ...(cluster.logs === undefined ? {} : { logging: logging(cluster.logs) }),
        ...(encryptionConfig === undefined ? {} : { encryptionConfig }),
        accessConfig: { authenticationMode: 'API' },
        clientRequestToken: uuidOf(`cluster ${name}`),
      },
      ({ time }) => ({
        cluster: {
          name,
          arn: clusterArn(moment, name),
          createdAt: time / 1000,
          version: cluster.version,
          roleArn,
          resourcesVpcConfig: {
            subnetIds,
            securityGroupIds: [],
            vpcId: ec2Id('vpc', `${moment.account} ${moment.region}`),
            ...endpoint,
          },
          kubernetesNetworkConfig: { serviceIpv4Cidr: '172.20.0.0/16', ipFamily: 'ipv4' },
          logging: logging(cluster.logs ?? []),
          status: 'CREATING',
          certificateAuthority: {},
          platformVersion: 'eks.1',
          tags: {},
          ...(encryptionConfig === undefined ? {} : { encryptionConfig }),
          accessConfig: { authenticationMode: 'API' },
          upgradePolicy: { supportType: 'EXTENDED' },
        },
      }),
    )(moment);
  };
}

export const deleteCluster = (name: string): Act =>
  call('DeleteCluster', { name }, (moment) => ({
    cluster: { name, arn: clusterArn(moment, name), status: 'DELETING' },
  }));

/** An asynchronous change: EKS answers with an update in progress. */
function update(eventName: string, type: string, request: JsonObject): Act {
  return call(eventName, request, ({ time }) => ({
    update: {
      id: uuidOf(`${eventName} ${JSON.stringify(request)} ${time}`),
      status: 'InProgress',
      type,
      params: [],
      createdAt: time / 1000,
      errors: [],
    },
  }));
}

export const updateClusterVersion = (name: string, version: string): Act =>
  update('UpdateClusterVersion', 'VersionUpdate', { name, version });

export const updateEndpoint = (name: string, endpoint: Endpoint): Act =>
  update('UpdateClusterConfig', 'EndpointAccessUpdate', { name, resourcesVpcConfig: endpointOf(endpoint) });

export const updateLogging = (name: string, on: readonly string[]): Act =>
  update('UpdateClusterConfig', 'LoggingUpdate', { name, logging: logging(on) });

export const associateEncryptionConfig = (name: string, keyArn: string): Act =>
  update('AssociateEncryptionConfig', 'AssociateEncryptionConfig', {
    name,
    encryptionConfig: [{ resources: ['secrets'], provider: { keyArn } }],
  });

interface Nodegroup {
  readonly types?: readonly string[];
  /** The name of a launch template, and its version. */
  readonly template?: readonly [name: string, version: string];
  readonly size: number;
}

export function createNodegroup(cluster: string, nodegroup: string, nodes: Nodegroup): Act {
  return (moment) => {
    const subnets = ['a', 'b'].map((zone) => ec2Id('subnet', `${moment.account} ${moment.region}${zone}`));
    const shared = {
      nodegroupName: nodegroup,
      scalingConfig: { minSize: 1, maxSize: nodes.size * 2, desiredSize: nodes.size },
      subnets,
      ...(nodes.types === undefined ? {} : { instanceTypes: nodes.types }),
      ...(nodes.template === undefined
        ? {}
        : {
            launchTemplate: {
              id: templateId(nodes.template[0]),
              name: nodes.template[0],
              version: nodes.template[1],
            },
          }),
      amiType: 'AL2023_x86_64_STANDARD',
      nodeRole: `arn:aws:iam::${moment.account}:role/eks-${cluster}-node`,
      capacityType: 'ON_DEMAND',
    };
    return call(
      'CreateNodegroup',
      { name: cluster, ...shared, clientRequestToken: uuidOf(`nodegroup ${nodegroup}`) },
      ({ time }) => ({
        nodegroup: {
          ...shared,
          nodegroupArn: nodegroupArn(moment, cluster, nodegroup),
          clusterName: cluster,
          createdAt: time / 1000,
          modifiedAt: time / 1000,
          status: 'CREATING',
          health: { issues: [] },
          updateConfig: { maxUnavailable: 1 },
          tags: {},
        },
      }),
    )(moment);
  };
}

function nodegroupArn({ account, region }: AccountRegion, cluster: string, nodegroup: string): string {
  return `arn:aws:eks:${region}:${account}:nodegroup/${cluster}/${nodegroup}/${uuidOf(`${cluster}/${nodegroup}`)}`;
}

export const updateNodegroupVersion = (cluster: string, nodegroup: string, version: string): Act =>
  update('UpdateNodegroupVersion', 'VersionUpdate', {
    name: cluster,
    nodegroupName: nodegroup,
    version,
    force: false,
  });

export const deleteNodegroup = (cluster: string, nodegroup: string): Act =>
  call('DeleteNodegroup', { name: cluster, nodegroupName: nodegroup }, (moment) => ({
    nodegroup: {
      nodegroupName: nodegroup,
      nodegroupArn: nodegroupArn(moment, cluster, nodegroup),
      clusterName: cluster,
      status: 'DELETING',
    },
  }));
