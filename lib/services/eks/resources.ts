/**
 * Where EKS's events name their resources. EKS logs path parameters under the label of the URI, so that the
 * cluster is `name` in the newer models and `clusterName` in older records, sometimes percent-encoded.
 * Source: Amazon EKS User Guide, "Amazon EKS log file entries"; the EKS API model (URIs of each operation).
 */
import { type Arn, arnOf, parseArn } from '../../core/arn.ts';
import type { ArnResource } from '../../core/control.ts';
import type { TrailEvent } from '../../core/event.ts';
import { at, isObject, text } from '../../core/json.ts';
import { mayUpdate } from './update.ts';

/**
 * CreateCluster, DeleteCluster, AssociateEncryptionConfig, UpdateCluster…: the cluster that the event names.
 * @returns one resource; none where the event names no cluster.
 * @example cluster({ ...event, request: { name: 'my-cluster' } })[0]?.id // 'my-cluster'
 */
export function cluster(event: TrailEvent): readonly ArnResource[] {
  const id = clusterName(event);
  if (id === undefined) return [];
  const answered = text(event.response, 'cluster', 'arn');
  const parsed = eksArn(answered, `cluster/${id}`);
  const { account, region } = parsed ?? event;
  const arn =
    answered !== undefined && parsed !== undefined ? answered : clusterArn(event.account, event.region, id);
  const tags = tagsIn(at(event.response, 'cluster', 'tags')) ?? tagsIn(at(event.request, 'tags'));
  const resource: ArnResource = { type: 'AwsEksCluster', id, arn, account, region };
  return [tags === undefined ? resource : { ...resource, tags }];
}

/**
 * CreateCluster and UpdateClusterConfig: the cluster, unless the update concerns other settings than its endpoint.
 * @returns one resource, or none.
 * @example clusterByEndpoint({ ...event, eventName: 'UpdateClusterConfig', request: { name: 'my-cluster', logging: {} } }) // []
 */
export function clusterByEndpoint(event: TrailEvent): readonly ArnResource[] {
  return event.eventName !== 'UpdateClusterConfig' || mayUpdate('endpoint', event) ? cluster(event) : [];
}

/**
 * CreateCluster and UpdateClusterConfig: the cluster, unless the update concerns other settings than its logs.
 * @returns one resource, or none.
 * @example clusterByLogging({ ...event, eventName: 'UpdateClusterConfig', request: { name: 'my-cluster', logging: {} } }).length // 1
 */
export function clusterByLogging(event: TrailEvent): readonly ArnResource[] {
  return event.eventName !== 'UpdateClusterConfig' || mayUpdate('logging', event) ? cluster(event) : [];
}

/**
 * CreateNodegroup, UpdateNodegroupVersion, DeleteNodegroup: the node group that the event names. Its real ARN ends in
 * a UUID that only the responses of CreateNodegroup and DeleteNodegroup contain; without them, the ARN ends before
 * the UUID. Its id, `<cluster>/<node group>`, and `partOf` identify the group everywhere.
 * @returns one resource; none where the event does not name both cluster and node group.
 * @example nodegroup({ ...event, request: { name: 'my-cluster', nodegroupName: 'my-nodegroup' } })[0]?.id // 'my-cluster/my-nodegroup'
 */
export function nodegroup(event: TrailEvent): readonly ArnResource[] {
  const inCluster = clusterName(event);
  const name =
    label(event.request, 'nodegroupName') ?? label(at(event.response, 'nodegroup'), 'nodegroupName');
  if (inCluster === undefined || name === undefined) return [];
  const id = `${inCluster}/${name}`;
  const answered = text(event.response, 'nodegroup', 'nodegroupArn');
  const parsed = eksArn(answered, `nodegroup/${id}`);
  const { account, region } = parsed ?? event;
  const arn =
    answered !== undefined && parsed !== undefined
      ? answered
      : arnOf('eks', region, account, `nodegroup/${id}`);
  const partOf = clusterArn(account, region, inCluster);
  const tags = tagsIn(at(event.response, 'nodegroup', 'tags')) ?? tagsIn(at(event.request, 'tags'));
  const resource: ArnResource = { type: 'AwsEksNodegroup', id, arn, account, region, partOf };
  return [tags === undefined ? resource : { ...resource, tags }];
}

function clusterArn(account: string, region: string, name: string): string {
  return arnOf('eks', region, account, `cluster/${name}`);
}

function clusterName({ request, response }: TrailEvent): string | undefined {
  const made = at(response, 'cluster');
  return (
    label(request, 'name') ??
    label(request, 'clusterName') ??
    label(made, 'name') ??
    label(made, 'clusterName') ??
    label(at(response, 'nodegroup'), 'clusterName')
  );
}

/** A path parameter, decoded; unchanged where its encoding is invalid. */
function label(value: unknown, name: string): string | undefined {
  const written = text(value, name);
  if (written === undefined || written === '') return undefined;
  try {
    return decodeURIComponent(written);
  } catch {
    // A lone "%" is not an encoding: the text is the name.
    return written;
  }
}

/** The ARN, when it is a whole one of this EKS resource: printed samples write `{arn-aws}eks:…` instead. */
function eksArn(value: string | undefined, resource: string): Arn | undefined {
  const arn = parseArn(value);
  if (arn === undefined || arn.service !== 'eks' || arn.region === '') return undefined;
  if (!/^\d{12}$/.test(arn.account)) return undefined;
  return arn.resource === resource || arn.resource.startsWith(`${resource}/`) ? arn : undefined;
}

/** Tags as EKS writes them, an object of strings; `undefined` when there are none. */
function tagsIn(value: unknown): Readonly<Record<string, string>> | undefined {
  if (!isObject(value)) return undefined;
  const pairs = Object.entries(value).filter((pair): pair is [string, string] => typeof pair[1] === 'string');
  return pairs.length === 0 ? undefined : Object.fromEntries(pairs);
}
