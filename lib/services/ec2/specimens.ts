/** Source: Service Authorization Reference, "Actions, resources, and condition keys for Amazon EC2". */
import type { Specimens } from '../../core/service.ts';
import type { resourceTypes } from './types.ts';

export const specimens: Specimens<keyof typeof resourceTypes> = {
  others: '*',
  byCall: { DescribeSnapshotAttribute: 'AwsEc2Snapshot' },
};
