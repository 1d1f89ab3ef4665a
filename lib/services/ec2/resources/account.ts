/** The account's EBS settings in a Region: Enable/DisableEbsEncryptionByDefault and the default key's events. */
import { partitionOf } from '../../../core/arn.ts';
import type { ArnResource } from '../../../core/control.ts';
import type { TrailEvent } from '../../../core/event.ts';

/**
 * The account, as the resource of events about its EBS settings: these events name no resource. Each Region is a
 * resource of its own.
 * @returns always one resource.
 * @example accountInRegion({ ...event, account: '111122223333' })[0]?.id // '111122223333'
 */
export function accountInRegion(event: TrailEvent): readonly ArnResource[] {
  const { account, region } = event;
  const arn = `arn:${partitionOf(region)}:iam::${account}:root`;
  return [{ type: 'AwsAccount', id: account, arn, account, region }];
}
