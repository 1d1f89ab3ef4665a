/** Source: Service Authorization Reference, "Actions, resources, and condition keys for Amazon Elastic Kubernetes Service". */
import type { Specimens } from '../../core/service.ts';
import type { resourceTypes } from './types.ts';

export const specimens: Specimens<keyof typeof resourceTypes> = {
  others: 'AwsEksCluster',
  byCall: { DescribeNodegroup: 'AwsEksNodegroup', ListClusters: '*' },
};
