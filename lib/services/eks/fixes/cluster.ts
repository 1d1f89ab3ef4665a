/** Reads and updates an EKS cluster, for the actions on clusters. */
import {
  type Cluster,
  DescribeClusterCommand,
  DescribeUpdateCommand,
  ResourceInUseException,
  type Update,
  UpdateClusterConfigCommand,
  type UpdateClusterConfigCommandInput,
} from '@aws-sdk/client-eks';
import { unlessDeleted } from '../../../aws/refusal.ts';
import { type ActionDeps, type Check, UnderWay } from '../../../core/action.ts';
import type { Resource } from '../../../core/control.ts';
import { absent, type Write } from '../../../core/write.ts';
import { controlPlaneLogs } from '../facts.ts';

export const clusterReads: readonly string[] = ['eks:DescribeCluster', 'eks:DescribeUpdate'];

/**
 * What an update of a cluster may set that exposes the cluster or lets it be deleted, and its logs, as far as IAM knows it.
 * Source: Service Authorization Reference, "Condition keys for Amazon Elastic Kubernetes Service".
 */
const updates = [
  'eks:authenticationMode',
  'eks:deletionProtection',
  'eks:endpointPrivateAccess',
  'eks:endpointPublicAccess',
  'eks:kubeApiServerConfig',
  ...controlPlaneLogs.map((log) => `eks:loggingType/${log}`),
];

/**
 * An update of a cluster that sets one thing. IAM has no key for address blocks, subnets and security groups, among others:
 * what the request must have keeps those out, as EKS takes one type of update at a time.
 * @param required the condition keys that the request must have, each with its value.
 * @param allowed those that it may have, where it has a value with this one.
 * @example writesCluster({ 'eks:endpointPrivateAccess': 'true' }).action // 'eks:UpdateClusterConfig'
 */
export function writesCluster(
  required: Readonly<Record<string, string>>,
  allowed: Readonly<Record<string, string | undefined>> = {},
): Write {
  const others = updates.filter((key) => !(key in required) && !(key in allowed));
  const limited = Object.fromEntries(
    Object.entries(allowed).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])),
  );
  return {
    action: 'eks:UpdateClusterConfig',
    on: [{ service: 'eks', resource: 'cluster/*' }],
    condition: {
      Bool: required,
      ...(Object.keys(limited).length === 0 ? {} : { BoolIfExists: limited }),
      ...absent(...others),
    },
  };
}

/**
 * Reads a cluster.
 * @returns the cluster as EKS describes it now; `undefined` when it was deleted. Rejects with what the SDK throws.
 * @example (await describeCluster(resource, deps))?.status // 'ACTIVE'
 */
export function describeCluster({ id }: Resource, { clients }: ActionDeps): Promise<Cluster | undefined> {
  return unlessDeleted(async () => {
    const { cluster } = await clients.eks.send(new DescribeClusterCommand({ name: id }));
    return cluster;
  });
}

/**
 * The result of a check that found no cluster.
 * @example clusterIsDeleted({ ...resource, id: 'my-cluster' }).because // 'cluster my-cluster was deleted'
 */
export function clusterIsDeleted({ id }: Resource): Extract<Check, { readonly kind: 'deleted' }> {
  return { kind: 'deleted', because: `cluster ${id} was deleted` };
}

/**
 * Why a cluster can't be updated now. EKS accepts one update at a time.
 * @param cluster as EKS describes it; `undefined` when it was deleted.
 * @returns a sentence; `undefined` when an update may begin.
 * @example obstacleOfCluster(resource, { arn: resource.arn, status: 'ACTIVE' }) // undefined
 */
export function obstacleOfCluster({ id, arn }: Resource, cluster: Cluster | undefined): string | undefined {
  if (cluster === undefined) return `Cluster ${id} was deleted.`;
  if (cluster.arn !== undefined && cluster.arn !== arn)
    return `The cluster ${id} here is another: ${cluster.arn}.`;
  return cluster.status === 'ACTIVE'
    ? undefined
    : `Cluster ${id} is ${cluster.status}, and only an active one can be updated.`;
}

/** Ten seconds a pause, four minutes in all: as long as most updates take, and less than a function may run. */
const pause = 10_000;
const maxReads = 24;

export type Change = Omit<UpdateClusterConfigCommandInput, 'name' | 'clientRequestToken'>;

/**
 * Updates a cluster and waits until EKS has done so. It first waits for an update that is under way, which may come
 * from an earlier, interrupted run. Source: EKS API Reference, "UpdateClusterConfig", "DescribeUpdate".
 * @param change the settings to change.
 * @param isDone whether the cluster already is as it should be; then nothing is changed.
 * @throws UnderWay when the update takes longer than four minutes; an error when EKS fails or cancels the update.
 * @example await updateCluster(resource, { logging }, (cluster) => isLogging(cluster), deps);
 */
export function updateCluster(
  resource: Resource,
  change: Change,
  isDone: (cluster: Cluster) => boolean,
  deps: ActionDeps,
): Promise<void> {
  const ask = async () => {
    const { update } = await deps.clients.eks.send(
      new UpdateClusterConfigCommand({ ...change, name: resource.id }),
    );
    return update;
  };
  return bringAbout(resource, ask, isDone, deps);
}

/**
 * Makes any update of a cluster and waits until EKS has done so; see `updateCluster`.
 * @param ask starts the update of the active cluster; called until EKS accepts it. It rejects where the update must
 *   not begin.
 * @throws as `updateCluster`.
 * @example await bringAbout(resource, (cluster) => associate(cluster), isDone, deps);
 */
export async function bringAbout(
  resource: Resource,
  ask: (cluster: Cluster) => Promise<Update | undefined>,
  isDone: (cluster: Cluster) => boolean,
  deps: ActionDeps,
): Promise<void> {
  let update: string | undefined;
  let sent = false;
  for (let read = 0; read < maxReads; read += 1) {
    const cluster = await describeCluster(resource, deps);
    if (cluster === undefined || cluster.status === 'DELETING') return;
    if (cluster.status === 'ACTIVE' && isDone(cluster)) return;
    if (cluster.status === 'ACTIVE' && !sent) {
      try {
        update = (await ask(cluster))?.id;
        sent = true;
        // Reads the cluster again at once, because EKS may be done already.
        continue;
      } catch (error) {
        // Another update has begun, which the cluster's status does not show yet.
        if (!(error instanceof ResourceInUseException)) throw error;
      }
    }
    if (update !== undefined) await mustNotHaveFailed(resource, update, deps);
    await deps.wait(pause);
  }
  throw new UnderWay(
    `EKS has been updating cluster ${resource.id} for more than ${(pause * maxReads) / 60_000} minutes.`,
  );
}

async function mustNotHaveFailed({ id }: Resource, updateId: string, { clients }: ActionDeps): Promise<void> {
  const { update } = await clients.eks.send(new DescribeUpdateCommand({ name: id, updateId }));
  if (update?.status !== 'Failed' && update?.status !== 'Cancelled') return;
  const reasons = (update.errors ?? []).map(
    ({ errorCode, errorMessage }) => `${errorCode ?? 'no code'} (${errorMessage ?? 'no message'})`,
  );
  throw new Error(
    `EKS ended update ${updateId} of cluster ${id} as ${update.status}: ${reasons.join(', ') || 'no reason'}`,
  );
}
