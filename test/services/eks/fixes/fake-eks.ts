/**
 * An EKS of one cluster that does as AWS says it does and moto does not: an update takes its time, one at a time, may
 * fail, and leaves alone what it does not name; tags are removed by several names at once.
 */
import {
  AssociateEncryptionConfigCommand,
  type Cluster,
  DescribeClusterCommand,
  DescribeNodegroupCommand,
  DescribeUpdateCommand,
  type EKSClient,
  ResourceInUseException,
  ResourceNotFoundException,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateClusterConfigCommand,
} from '@aws-sdk/client-eks';
import { mockClient } from 'aws-sdk-client-mock';
import { accountRegion } from '../../../remediation/actions/simulated-resource.ts';

export const clusterArn = `arn:aws:eks:${accountRegion.region}:${accountRegion.account}:cluster/app`;
export const nodegroupArn = `arn:aws:eks:${accountRegion.region}:${accountRegion.account}:nodegroup/app/blue/0fc0ffee`;

interface Behaviour {
  /** The number of reads of the cluster until an update is completed. */
  readonly reads?: number;
  /** Whether updates fail. */
  readonly fails?: boolean;
  /** Whether the cluster says that it is ACTIVE while an update is under way. */
  readonly hides?: boolean;
  /** What somebody else does just before an update takes effect. */
  readonly beforeUpdate?: (cluster: Cluster) => void;
}

export function fakeEks(
  client: EKSClient,
  { reads = 0, fails = false, hides = false, beforeUpdate = () => undefined }: Behaviour = {},
) {
  const mock = mockClient(client);
  const cluster: Cluster = {
    name: 'app',
    arn: clusterArn,
    status: 'ACTIVE',
    tags: {},
    resourcesVpcConfig: {
      endpointPublicAccess: true,
      endpointPrivateAccess: false,
      publicAccessCidrs: ['0.0.0.0/0'],
    },
    logging: { clusterLogging: [{ types: ['api', 'audit', 'authenticator'], enabled: false }] },
  };
  const nodegroupTags: Record<string, string> = {};
  let pending: (() => void) | undefined;
  const state = {
    cluster,
    exists: true,
    updates: 0,
    left: 0,
    nodegroupTags,
    /** An update that is under way comes to nothing. */
    abandon() {
      pending = undefined;
    },
  };
  const metadata = { $metadata: {}, message: '' };

  const step = () => {
    if (pending === undefined) return;
    if (state.left > 0) {
      state.left -= 1;
      return;
    }
    if (!fails) pending();
    pending = undefined;
  };

  mock.on(DescribeClusterCommand).callsFake(() => {
    if (!state.exists) throw new ResourceNotFoundException(metadata);
    step();
    const status = pending !== undefined && !hides ? 'UPDATING' : state.cluster.status;
    return { cluster: { ...state.cluster, status } };
  });
  mock.on(UpdateClusterConfigCommand).callsFake((input: UpdateClusterConfigCommand['input']) => {
    if (pending !== undefined) throw new ResourceInUseException(metadata);
    state.updates += 1;
    state.left = reads;
    beforeUpdate(state.cluster);
    pending = () => {
      Object.assign(state.cluster.resourcesVpcConfig ?? {}, input.resourcesVpcConfig);
      for (const { types = [], enabled = false } of input.logging?.clusterLogging ?? []) {
        const others = (state.cluster.logging?.clusterLogging ?? []).map((setup) => ({
          ...setup,
          types: (setup.types ?? []).filter((log) => !types.includes(log)),
        }));
        state.cluster.logging = { clusterLogging: [...others, { types, enabled }] };
      }
    };
    return { update: { id: `update-${state.updates}`, status: 'InProgress' } };
  });
  mock
    .on(AssociateEncryptionConfigCommand)
    .callsFake(({ encryptionConfig }: AssociateEncryptionConfigCommand['input']) => {
      if (pending !== undefined) throw new ResourceInUseException(metadata);
      state.updates += 1;
      state.left = reads;
      pending = () => {
        state.cluster.encryptionConfig = encryptionConfig;
      };
      return { update: { id: `update-${state.updates}`, status: 'InProgress' } };
    });
  mock.on(DescribeUpdateCommand).callsFake(() => ({
    update:
      pending === undefined && fails
        ? { status: 'Failed', errors: [{ errorCode: 'AccessDenied', errorMessage: 'no role' }] }
        : { status: pending === undefined ? 'Successful' : 'InProgress' },
  }));
  mock.on(DescribeNodegroupCommand).callsFake(() => ({
    nodegroup: { nodegroupArn, status: 'ACTIVE', tags: { ...state.nodegroupTags } },
  }));
  const tagsOf = (arn: string | undefined) =>
    arn === nodegroupArn ? state.nodegroupTags : (state.cluster.tags ?? {});
  mock.on(TagResourceCommand).callsFake(({ resourceArn, tags }: TagResourceCommand['input']) => {
    Object.assign(tagsOf(resourceArn), tags);
    return {};
  });
  mock.on(UntagResourceCommand).callsFake(({ resourceArn, tagKeys = [] }: UntagResourceCommand['input']) => {
    for (const name of tagKeys) delete tagsOf(resourceArn)[name];
    return {};
  });
  return state;
}
