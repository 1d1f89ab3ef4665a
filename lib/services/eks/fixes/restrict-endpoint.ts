import type { Cluster, VpcConfigRequest } from '@aws-sdk/client-eks';
import * as z from 'zod/mini';
import { type ActionDeps, type Check, defineAction } from '../../../core/action.ts';
import { covers, parseCidr } from '../../../core/cidr.ts';
import type { Resource } from '../../../core/control.ts';
import type { Write } from '../../../core/write.ts';
import { eksEndpointAccess } from '../controls/eks-endpoint-access.ts';
import {
  clusterIsDeleted,
  clusterReads,
  describeCluster,
  obstacleOfCluster,
  updateCluster,
  writesCluster,
} from './cluster.ts';

const access = z.object({
  publicAccess: z.boolean(),
  privateAccess: z.boolean(),
  /** In alphabetical order. */
  cidrs: z.array(z.string()),
});
type Access = z.infer<typeof access>;

/** Never opens an endpoint that is private: a request that sets the public endpoint is refused. */
const restricts = writesCluster({ 'eks:endpointPrivateAccess': 'true' });
const reopens: Write = { action: 'eks:UpdateClusterConfig', on: [{ service: 'eks', resource: 'cluster/*' }] };

/**
 * Keeps a public endpoint public to the blocks that the control allows, and to no others, and opens the private
 * endpoint with it: nodes that reached the API from outside those blocks continue through the VPC. The fix is skipped
 * under a policy that allows no block: closing the endpoint would cut off everybody who works from outside, including
 * Trailseal's operators.
 * Source: Amazon EKS User Guide, "Cluster API server endpoint"; EKS API Reference, "VpcConfigRequest".
 */
export const restrictEndpoint = defineAction({
  id: 'fix:restrict-endpoint',
  description:
    "Restricts the public API endpoint of a cluster to the control's allowedCidrs, and switches the private endpoint " +
    'on, so that nodes reach the API from within the VPC. Not done where the policy allows no CIDR block. EKS carries ' +
    'it out in some minutes, in which the cluster goes on working.',
  risk:
    'Whoever works with the cluster from another address is cut off, pipelines and people alike. The private endpoint ' +
    'needs DNS support and DNS hostnames in the VPC; without them nodes outside the allowed blocks lose the API.',
  permissions: { reads: clusterReads, writes: [restricts] },
  settings: eksEndpointAccess.settings,
  before: z.object({ was: access, becomes: access }),
  was: ({ was }) => [shown(was)],

  async prepare({ resource, settings }, deps) {
    const cluster = await describeCluster(resource, deps);
    const because = obstacleOfCluster(resource, cluster);
    if (cluster === undefined || because !== undefined) {
      return { kind: 'skipped', because: because ?? `Cluster ${resource.id} was deleted.` };
    }
    const was = accessTo(cluster);
    if (!was.publicAccess) {
      return { kind: 'needless', because: `The API endpoint of cluster ${resource.id} is private.` };
    }
    const allowed = settings.allowedCidrs.flatMap((block) => parseCidr(block) ?? []);
    const isAllowed = (block: string) => {
      const cidr = parseCidr(block);
      return cidr !== undefined && covers(allowed, cidr);
    };
    if (was.cidrs.length > 0 && was.cidrs.every(isAllowed)) {
      return {
        kind: 'needless',
        because: `The API endpoint of cluster ${resource.id} is public only to allowed blocks.`,
      };
    }
    // Only clusters of the IPv6 family accept IPv6 blocks.
    const takesIpv6 = cluster.kubernetesNetworkConfig?.ipFamily === 'ipv6';
    const cidrs = settings.allowedCidrs.filter(
      (block) => takesIpv6 || parseCidr(block)?.evaluator === 'ipv4',
    );
    if (cidrs.length === 0) {
      return {
        kind: 'skipped',
        because:
          `The policy allows no CIDR block to which the endpoint of cluster ${resource.id} could be restricted, and ` +
          'to close it would cut off whoever works from outside the VPC: name blocks in allowedCidrs, or close it by hand.',
      };
    }
    const becomes = { publicAccess: true, privateAccess: true, cidrs: [...new Set(cidrs)].sort() };
    return {
      kind: 'ready',
      before: { was, becomes },
      plan: [
        `Restrict the public API endpoint of cluster ${resource.id} to ${becomes.cidrs.join(', ')}.`,
        ...(was.privateAccess ? [] : ['Switch its private endpoint on.']),
      ],
    };
  },

  apply: ({ resource }, { becomes }, deps) => restrict(resource, becomes, deps),
  check: ({ resource }, { was, becomes }, deps) => compare(resource, becomes, was, deps),

  undo: {
    kind: 'restores',
    by: 'operator',
    because: 'It opens the API endpoint again to wherever it was open to.',
    except: [
      'connections and pipelines that were cut meanwhile, which do not come back by themselves',
      'the protection, which the undo takes away: the API is reachable again from wherever it was before',
    ],
    permissions: { reads: clusterReads, writes: [reopens] },
    restore: ({ resource }, { was }, deps) => reopen(resource, was, deps),
    restored: ({ resource }, { was, becomes }, deps) => compare(resource, was, becomes, deps),
  },
});

function accessTo({ resourcesVpcConfig }: Cluster): Access {
  return {
    publicAccess: resourcesVpcConfig?.endpointPublicAccess === true,
    privateAccess: resourcesVpcConfig?.endpointPrivateAccess === true,
    cidrs: [...(resourcesVpcConfig?.publicAccessCidrs ?? [])].sort(),
  };
}

function areSame(one: Access, other: Access): boolean {
  return (
    one.publicAccess === other.publicAccess &&
    one.privateAccess === other.privateAccess &&
    one.cidrs.join() === other.cidrs.join()
  );
}

/** Restricts an endpoint that is still public, without setting that it is: whoever closed it meanwhile keeps it closed. */
async function restrict(
  resource: Resource,
  { publicAccess: _, ...becomes }: Access,
  deps: ActionDeps,
): Promise<void> {
  const isDone = (cluster: Cluster) => {
    const present = accessTo(cluster);
    return !present.publicAccess || areSame(present, { ...becomes, publicAccess: true });
  };
  await updateCluster(resource, { resourcesVpcConfig: configOf(becomes) }, isDone, deps);
}

async function reopen(resource: Resource, was: Access, deps: ActionDeps): Promise<void> {
  const resourcesVpcConfig = { endpointPublicAccess: was.publicAccess, ...configOf(was) };
  await updateCluster(resource, { resourcesVpcConfig }, (cluster) => areSame(accessTo(cluster), was), deps);
}

function configOf({ privateAccess, cidrs }: Omit<Access, 'publicAccess'>): VpcConfigRequest {
  return { endpointPrivateAccess: privateAccess, publicAccessCidrs: [...cidrs] };
}

async function compare(resource: Resource, wanted: Access, other: Access, deps: ActionDeps): Promise<Check> {
  const cluster = await describeCluster(resource, deps);
  if (cluster === undefined) return clusterIsDeleted(resource);
  const present = accessTo(cluster);
  const state = [shown(present)];
  return areSame(present, wanted)
    ? { kind: 'as-set', state }
    : { kind: 'differs', differences: state, partial: areSame(present, other) };
}

function shown({ publicAccess, privateAccess, cidrs }: Access): string {
  const open = publicAccess ? `public to ${cidrs.join(', ') || 'no block'}` : 'not public';
  return `the endpoint is ${open}, and its private side is ${privateAccess ? 'on' : 'off'}`;
}
