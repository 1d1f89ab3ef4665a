/** An EKS cluster, read and updated for the actions on clusters. */
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
import type { Write } from '../../../core/write.ts';

export const clusterReads: readonly string[] = ['eks:DescribeCluster', 'eks:DescribeUpdate'];
/** IAM tells neither what of a cluster is updated nor to what: there is no condition that fits. */
export const clusterWrites: readonly Write[] = [
  { action: 'eks:UpdateClusterConfig', on: [{ service: 'eks', resource: 'cluster/*' }] },
];

/** The cluster as EKS describes it now; `undefined` when there is none any more. */
export function describeCluster({ id }: Resource, { clients }: ActionDeps): Promise<Cluster | undefined> {
  return unlessDeleted(async () => {
    const { cluster } = await clients.eks.send(new DescribeClusterCommand({ name: id }));
    return cluster;
  });
}

export function clusterIsDeleted({ id }: Resource): Extract<Check, { readonly kind: 'deleted' }> {
  return { kind: 'deleted', because: `cluster ${id} was deleted` };
}

/** Why the cluster can't be updated now, as a sentence. EKS takes one update at a time. */
export function obstacleOfCluster({ id, arn }: Resource, cluster: Cluster | undefined): string | undefined {
  if (cluster === undefined) return `Cluster ${id} was deleted.`;
  if (cluster.arn !== undefined && cluster.arn !== arn)
    return `The cluster ${id} here is another: ${cluster.arn}.`;
  return cluster.status === 'ACTIVE'
    ? undefined
    : `Cluster ${id} is ${cluster.status}, and only an active one can be updated.`;
}

/** Ten seconds at a time, four minutes in all: as long as most updates take, and less than a function may run. */
const pause = 10_000;
const looks = 24;

export type Change = Omit<UpdateClusterConfigCommandInput, 'name' | 'clientRequestToken'>;

/**
 * Has EKS change the cluster, and waits until it has. An update that is under way, which may be an earlier try's, is
 * waited for first. Throws `UnderWay` when it takes longer than is waited for, and an error when EKS gives it up.
 * Source: EKS API Reference, "UpdateClusterConfig", "DescribeUpdate".
 * @param isDone whether the cluster is as it should be; then nothing is changed.
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
 * As `updateCluster` does, of any update.
 * @param ask has EKS begin it, of the active cluster as it is then; is asked until EKS takes it. Rejects where it must not begin.
 */
export async function bringAbout(
  resource: Resource,
  ask: (cluster: Cluster) => Promise<Update | undefined>,
  isDone: (cluster: Cluster) => boolean,
  deps: ActionDeps,
): Promise<void> {
  let update: string | undefined;
  let sent = false;
  for (let look = 0; look < looks; look += 1) {
    const cluster = await describeCluster(resource, deps);
    if (cluster === undefined || cluster.status === 'DELETING') return;
    if (cluster.status === 'ACTIVE' && isDone(cluster)) return;
    if (cluster.status === 'ACTIVE' && !sent) {
      try {
        update = (await ask(cluster))?.id;
        sent = true;
        // Where EKS is done at once, nothing is waited for.
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
    `EKS has been updating cluster ${resource.id} for more than ${(pause * looks) / 60_000} minutes.`,
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
