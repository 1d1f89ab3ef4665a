/** The account's EBS settings in a Region: Enable/DisableEbsEncryptionByDefault and the default key's events. */
import { partitionOf } from '../../../core/arn.ts';
import type { Resource } from '../../../core/control.ts';
import type { TrailEvent } from '../../../core/event.ts';

/** These events name no resource: it is the account itself, once for each Region. */
export function accountInRegion(event: TrailEvent): readonly Resource[] {
  const { account, region } = event;
  const arn = `arn:${partitionOf(region)}:iam::${account}:root`;
  return [{ type: 'AwsAccount', id: account, arn, account, region }];
}
