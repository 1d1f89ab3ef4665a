/**
 * What an update of a cluster is about. UpdateClusterConfig's request names the settings that it changes; the
 * answer repeats them as parameters, which tell where the request was left out of the record.
 * Source: EKS API Reference, UpdateClusterConfig, Update (params), UpdateParam (type).
 */

import type { TrailEvent } from '../../core/event.ts';
import { at, flag, isObject, list, text } from '../../core/json.ts';

/** Where a request names a setting, and the parameters by which an answer does. */
const settings = {
  endpoint: {
    paths: [
      ['resourcesVpcConfig', 'endpointPublicAccess'],
      ['resourcesVpcConfig', 'endpointPrivateAccess'],
      ['resourcesVpcConfig', 'publicAccessCidrs'],
    ],
    parameters: ['EndpointPublicAccess', 'EndpointPrivateAccess', 'PublicAccessCidrs'],
  },
  logging: { paths: [['logging']], parameters: ['ClusterLogging'] },
} as const;

/** Whether an UpdateClusterConfig changes the setting, or does not tell what it changes. */
export function mayUpdate(setting: keyof typeof settings, event: TrailEvent): boolean {
  const { paths, parameters } = settings[setting];
  const asked = paths.some((path) => (at(event.request, ...path) ?? null) !== null);
  const answered = parameters.some((type) => updateParameter(event, type) !== undefined);
  const told = isWhole(event.request) || updateParameters(event).length > 0;
  return asked || answered || !told;
}

/** What the answer to an update says that it sets; EKS writes lists and objects as JSON text there. */
export function updateParameter(event: TrailEvent, type: string): string | undefined {
  const found = updateParameters(event).find(
    (param) => text(param, 'type')?.toLowerCase() === type.toLowerCase(),
  );
  return text(found, 'value');
}

function updateParameters({ response }: TrailEvent): readonly unknown[] {
  return list(response, 'update', 'params');
}

/**
 * Whether the request is there in full, so that what it does not name was not asked for. CloudTrail leaves a
 * note in the place of one that is too big. Source: AWS CloudTrail User Guide, "CloudTrail record contents".
 */
export function isWhole(request: unknown): boolean {
  return isObject(request) && flag(request, 'omitted') !== true;
}
