/** An example resource for each IAM action, on which IAM simulates it. The only knowledge of services that `doctor` has. */

import type { AccountRegion } from '../../lib/core/account-region.ts';
import { arnOf } from '../../lib/core/arn.ts';

/**
 * The ARN of a resource that the action applies to: a policy that names resources allows nothing on `*`.
 * Source: Service Authorization Reference, "Actions, resources, and condition keys" of each service.
 */
export function specimenFor(action: string, { account, region }: AccountRegion): string {
  const [service, call] = action.split(':');
  if (action === 'ec2:DescribeSnapshotAttribute') {
    return arnOf('ec2', region, '', 'snapshot/snap-0123456789abcdef0');
  }
  if (action === 'securityhub:BatchImportFindings') {
    return arnOf('securityhub', region, account, `product/${account}/default`);
  }
  if (call === 'ListClusters' || call === 'ListKeys' || call === 'ListAliases') return '*';
  if (call === 'DescribeNodegroup') {
    const id = '12345678-1234-1234-1234-123456789012';
    return arnOf('eks', region, account, `nodegroup/trailseal/trailseal/${id}`);
  }
  if (service === 'eks') return arnOf('eks', region, account, 'cluster/trailseal');
  if (service === 'kms') return arnOf('kms', region, account, 'key/1234abcd-12ab-34cd-56ef-1234567890ab');
  return '*';
}
