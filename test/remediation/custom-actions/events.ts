/** Events of custom actions, as Security Hub puts them on the default bus, with one finding each. */

import { customActionLabels, customActionResource } from '../../../lib/aws/names.ts';
import type { CustomActionName } from '../../../lib/core/custom-action.ts';
import { findingId, productArnOf } from '../../../lib/findings/id.ts';

export const account = '111122223333';
export const region = 'eu-central-1';

const id = '1234abcd-12ab-34cd-56ef-1234567890ab';
export const key = {
  type: 'AwsKmsKey',
  id,
  arn: `arn:aws:kms:${region}:${account}:key/${id}`,
  account,
  region,
} as const;

/** As much of the finding as identifies it. */
export const finding = {
  Id: findingId('kms-key-disabled', key),
  ProductArn: productArnOf({ account, region }),
  AwsAccountId: account,
  Region: region,
};

/** When they are used, epoch milliseconds. */
export const usedAt = Date.UTC(2026, 10, 21, 10);

/** Source: AWS Security Hub User Guide, "EventBridge event formats for Security Hub". */
export function eventOf(
  customAction: CustomActionName,
  { findings = [finding] as readonly unknown[], stage = 'dev' } = {},
) {
  return {
    version: '0',
    id: '6d9b1c1e-0000-4000-8000-000000000001',
    'detail-type': 'Security Hub Findings - Custom Action',
    source: 'aws.securityhub',
    account,
    time: new Date(usedAt).toISOString(),
    region,
    resources: [`arn:aws:securityhub:${region}:${account}:${customActionResource(stage, customAction)}`],
    detail: { actionName: customActionLabels[customAction], actionDescription: 'A custom action.', findings },
  };
}
