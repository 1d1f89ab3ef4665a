/**
 * What an update of a cluster changes. UpdateClusterConfig's request names the settings that it changes; the response
 * repeats them as parameters, which help where the record leaves the request out.
 * Source: EKS API Reference, UpdateClusterConfig, Update (params), UpdateParam (type).
 */

import type { TrailEvent } from '../../core/event.ts';
import { at, flag, isObject, list, text } from '../../core/json.ts';

/** The paths at which a request names a setting, and the names of the response's parameters. */
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

/**
 * Whether an UpdateClusterConfig changes a setting. An event that does not say what it changes may change it.
 * @example mayUpdate('logging', { ...event, request: { logging: {} } }) // true
 */
export function mayUpdate(setting: keyof typeof settings, event: TrailEvent): boolean {
  const { paths, parameters } = settings[setting];
  const asked = paths.some((path) => (at(event.request, ...path) ?? null) !== null);
  const answered = parameters.some((type) => updateParameter(event, type) !== undefined);
  const stated = isWhole(event.request) || updateParameters(event).length > 0;
  return asked || answered || !stated;
}

/**
 * A parameter in the response to an update; EKS writes lists and objects as JSON text there.
 * @param type the parameter's type, in any letter case.
 * @returns the text; `undefined` where the response has no such parameter.
 * @example updateParameter({ ...event, response: { update: { params: [{ type: 'Version', value: '1.33' }] } } }, 'Version') // '1.33'
 */
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
 * Whether a record contains the request in full, so that a setting that it does not name was not requested.
 * CloudTrail writes a note instead of a request that is too big. Source: AWS CloudTrail User Guide, "CloudTrail
 * record contents".
 * @example isWhole({ omitted: true }) // false
 */
export function isWhole(request: unknown): boolean {
  return isObject(request) && flag(request, 'omitted') !== true;
}
