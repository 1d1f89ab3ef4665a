/** An example resource for each IAM action, on which IAM simulates it. What a service's actions apply to, the service says. */

import type { AccountRegion } from '../../lib/core/account-region.ts';
import { arnOf } from '../../lib/core/arn.ts';
import { isResourceType, resourceTypeOf, services } from '../../lib/services/catalogue.ts';
import { liveServices } from '../../lib/services/live-services.ts';

/**
 * The ARN of a resource that the action applies to: a policy that names resources allows nothing on `*`.
 * @returns `*` for an action without resources, and for one of a service that is no subject of evaluation.
 * @example specimenFor('kms:DescribeKey', accountRegion) // 'arn:aws:kms:…:key/1234abcd-12ab-34cd-56ef-1234567890ab'
 */
export function specimenFor(action: string, accountRegion: AccountRegion): string {
  const { account, region } = accountRegion;
  // Where findings are published, which no service of the catalogue is.
  if (action === 'securityhub:BatchImportFindings') {
    return arnOf('securityhub', region, account, `product/${account}/default`);
  }
  const [prefix = '', call = ''] = action.split(':');
  const specimens = specimensOf(prefix);
  const type =
    specimens.find(({ byCall }) => Object.hasOwn(byCall, call))?.byCall[call] ?? specimens[0]?.others;
  return type !== undefined && isResourceType(type) ? exampleArn(type, accountRegion) : '*';
}

/** Several services may share a prefix of IAM. */
function specimensOf(prefix: string) {
  const ids = services.flatMap(({ id, source }) =>
    source.kind === 'aws' && source.iamPrefix === prefix ? [id] : [],
  );
  return liveServices.filter(({ id }) => ids.includes(id)).map(({ specimens }) => specimens);
}

/** The id that an ARN may end in, after what names the resource. */
const furtherId = '12345678-1234-1234-1234-123456789012';

function exampleArn(type: Parameters<typeof resourceTypeOf>[0], { account, region }: AccountRegion): string {
  const { arn, exampleId } = resourceTypeOf(type);
  // IAM decides about what has no ARN of its own on everything.
  if (arn === undefined) return '*';
  const resource = `${arn.resource(exampleId)}${arn.mayGoOn === true ? `/${furtherId}` : ''}`;
  return arnOf(arn.service, region, arn.withoutAccount === true ? '' : account, resource);
}
