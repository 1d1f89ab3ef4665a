/**
 * What one event says about a cluster: facts before and an event in, facts after out. Updates are asynchronous: the
 * call's success shows that EKS accepted the update, and it counts from then on.
 * Source: EKS API Reference, CreateCluster, UpdateClusterConfig, UpdateClusterVersion, AssociateEncryptionConfig,
 * VpcConfigRequest, Update.
 */
import type { TrailEvent } from '../../../core/control.ts';
import { known, unknownFact } from '../../../core/facts.ts';
import { at, flag, list, text, texts } from '../../../core/json.ts';
import { sourceOf } from '../../../core/trail-facts.ts';
import { type ControlPlaneLog, controlPlaneLogs, type EksFacts } from '../facts.ts';
import { isWhole, updateParameter } from '../update.ts';

export type ClusterFacts = Pick<
  EksFacts,
  | 'eks.version'
  | 'eks.secretsEncryption'
  | 'eks.endpointPublicAccess'
  | 'eks.publicAccessCidrs'
  | 'eks.logging'
>;

/** A cluster of which no event is known yet. */
export const unknownCluster: ClusterFacts = {
  'eks.version': unknownFact('not-in-trail', "the trail does not tell the cluster's Kubernetes version"),
  'eks.secretsEncryption': unknownFact(
    'not-in-trail',
    'the trail does not tell whether the cluster has an encryptionConfig',
  ),
  'eks.endpointPublicAccess': unknownFact(
    'not-in-trail',
    "the trail does not tell whether the cluster's API endpoint is public",
  ),
  'eks.publicAccessCidrs': unknownFact(
    'not-in-trail',
    'the trail does not tell which addresses the public API endpoint admits',
  ),
  'eks.logging': unknownFact('not-in-trail', "the trail does not tell which of the cluster's logs are on"),
};

/**
 * CreateCluster: the facts of a new cluster. A setting that neither response nor request names has the API's
 * documented default.
 * @returns facts; unknown where the record leaves the request out.
 * @example created({ ...event, request: { version: '1.33' } })['eks.version'] // known('1.33', sourceOf(event))
 */
export function created(event: TrailEvent): ClusterFacts {
  const source = sourceOf(event);
  const { request } = event;
  const answer = at(event.response, 'cluster');
  const whole = isWhole(request);
  const version = versionIn(answer) ?? versionIn(request);
  const publicAccess =
    flag(answer, 'resourcesVpcConfig', 'endpointPublicAccess') ??
    flag(request, 'resourcesVpcConfig', 'endpointPublicAccess') ??
    (whole ? true : undefined);
  const setups = [answer, request].map(logSetups).find((found) => found.length > 0) ?? [];
  return {
    'eks.version': version === undefined ? unknownCluster['eks.version'] : known(version, source),
    'eks.secretsEncryption':
      encryption(answer, event) ??
      encryption(request, event) ??
      (whole ? known({ key: null }, source) : unknownCluster['eks.secretsEncryption']),
    'eks.endpointPublicAccess':
      publicAccess === undefined ? unknownCluster['eks.endpointPublicAccess'] : known(publicAccess, source),
    'eks.publicAccessCidrs':
      cidrs(at(answer, 'resourcesVpcConfig', 'publicAccessCidrs'), event) ??
      cidrs(at(request, 'resourcesVpcConfig', 'publicAccessCidrs'), event) ??
      (whole ? known(everyone(event), source) : unknownCluster['eks.publicAccessCidrs']),
    'eks.logging':
      whole || setups.length > 0
        ? known(withSetups(Object.fromEntries(controlPlaneLogs.map((log) => [log, false])), setups), source)
        : unknownCluster['eks.logging'],
  };
}

/**
 * UpdateClusterConfig: changes the settings that it names. EKS keeps the CIDR blocks while public access is off.
 * @returns the facts after the event.
 * @example configured(unknownCluster, { ...event, request: { logging: {} } }) // unknownCluster: the request changes nothing
 */
export function configured(before: ClusterFacts, event: TrailEvent): ClusterFacts {
  const source = sourceOf(event);
  const asked = at(event.request, 'resourcesVpcConfig');
  const publicAccess =
    flag(asked, 'endpointPublicAccess') ?? flag(updateParameter(event, 'EndpointPublicAccess'));
  const admitted =
    cidrs(at(asked, 'publicAccessCidrs'), event) ??
    cidrs(parsed(updateParameter(event, 'PublicAccessCidrs')), event);
  const inRequest = logSetups(event.request);
  const setups = inRequest.length > 0 ? inRequest : logSetups({ logging: logging(event) });
  const logs = before['eks.logging'];
  return {
    ...before,
    ...(publicAccess === undefined ? {} : { 'eks.endpointPublicAccess': known(publicAccess, source) }),
    ...(admitted === undefined ? {} : { 'eks.publicAccessCidrs': admitted }),
    ...(setups.length === 0
      ? {}
      : { 'eks.logging': known(withSetups(logs.known ? logs.value : {}, setups), source) }),
  };
}

/**
 * UpdateClusterVersion: the requested version, higher or (a rollback) lower.
 * @returns the facts after the event.
 * @example upgraded(unknownCluster, { ...event, request: { version: '1.33' } })['eks.version'] // known('1.33', sourceOf(event))
 */
export function upgraded(before: ClusterFacts, event: TrailEvent): ClusterFacts {
  const version = versionIn(event.request) ?? updateParameter(event, 'Version');
  return {
    ...before,
    'eks.version':
      version === undefined
        ? unknownFact('unreadable', 'the trail shows that the version was changed, but not to which')
        : known(version, sourceOf(event)),
  };
}

/**
 * AssociateEncryptionConfig: the requested key.
 * @returns the facts after the event.
 * @example encrypted(unknownCluster, { ...event, request: { encryptionConfig: [{ provider: { keyArn: 'k' } }] } })['eks.secretsEncryption'] // known({ key: 'k' }, sourceOf(event))
 */
export function encrypted(before: ClusterFacts, event: TrailEvent): ClusterFacts {
  return {
    ...before,
    'eks.secretsEncryption':
      encryption(event.request, event) ??
      encryption({ encryptionConfig: parsed(updateParameter(event, 'EncryptionConfig')) }, event) ??
      unreadableKey,
  };
}

/**
 * Whether EKS's response says that the update failed or was cancelled: then it has changed nothing.
 * @example cameToNothing({ ...event, response: { update: { status: 'Failed' } } }) // true
 */
export function cameToNothing(event: TrailEvent): boolean {
  const status = text(event.response, 'update', 'status');
  return status === 'Failed' || status === 'Cancelled';
}

/** Accepts only text: the number 1.3 could be version 1.3 or 1.30. */
function versionIn(value: unknown): string | undefined {
  const version = at(value, 'version');
  return typeof version === 'string' && version !== '' ? version : undefined;
}

const unreadableKey = unknownFact('unreadable', 'the trail shows an encryptionConfig, but not its key');

function encryption(value: unknown, event: TrailEvent): EksFacts['eks.secretsEncryption'] | undefined {
  const configs = list(value, 'encryptionConfig');
  if (configs.length === 0) return undefined;
  const key = configs.map((config) => text(config, 'provider', 'keyArn')).find((found) => found);
  return key === undefined ? unreadableKey : known({ key }, sourceOf(event));
}

/** An empty list counts as absent: EKS writes `[]` for a cluster created without public access. */
function cidrs(value: unknown, event: TrailEvent): EksFacts['eks.publicAccessCidrs'] | undefined {
  if (list(value).some((item) => typeof item !== 'string')) {
    return unknownFact('unreadable', 'the trail shows CIDR blocks that are not written as text');
  }
  const blocks = texts(value);
  return blocks.length === 0 ? undefined : known(blocks, sourceOf(event));
}

/** The default of publicAccessCidrs; the second block is for dual-stack IPv6 clusters. */
function everyone(event: TrailEvent): readonly string[] {
  const ipv6 = [at(event.response, 'cluster'), event.request].some(
    (value) => text(value, 'kubernetesNetworkConfig', 'ipFamily') === 'ipv6',
  );
  return ipv6 ? ['0.0.0.0/0', '::/0'] : ['0.0.0.0/0'];
}

function logSetups(value: unknown): readonly unknown[] {
  return list(value, 'logging', 'clusterLogging');
}

type Logs = { readonly [Log in ControlPlaneLog]?: boolean };

/** Each log is set on its own; one whose setup does not say whether it is on is no longer known. */
function withSetups(before: Logs, setups: readonly unknown[]): Logs {
  const after = new Map<string, boolean>(Object.entries(before));
  for (const setup of setups) {
    const enabled = flag(setup, 'enabled');
    for (const log of texts(setup, 'types')) {
      if (enabled === undefined) after.delete(log);
      else if (controlPlaneLogs.some((name) => name === log)) after.set(log, enabled);
    }
  }
  return Object.fromEntries(after);
}

/** The answer's ClusterLogging, with its own wrapper `{"clusterLogging": […]}` or without. */
function logging(event: TrailEvent): unknown {
  const value = parsed(updateParameter(event, 'ClusterLogging'));
  return Array.isArray(value) ? { clusterLogging: value } : value;
}

function parsed(json: string | undefined): unknown {
  if (json === undefined) return undefined;
  try {
    return JSON.parse(json);
  } catch {
    // Not JSON: the response does not help, so the request is used.
    return undefined;
  }
}
