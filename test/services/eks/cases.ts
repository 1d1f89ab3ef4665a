/** EKS, for the tests that hold for all services. */
import {
  DescribeClusterCommand,
  DescribeNodegroupCommand,
  ListClustersCommand,
  ListNodegroupsCommand,
} from '@aws-sdk/client-eks';
import { cluster, nodegroup } from '../../pipeline/gathering.ts';
import type { ServiceCases } from '../cases.ts';

const source = 'eks.amazonaws.com';

export const cases: ServiceCases = {
  resources: [cluster('app'), nodegroup('app/blue')],
  answer({ eks }) {
    eks
      .on(DescribeClusterCommand)
      .resolves({ cluster: { status: 'ACTIVE', version: '1.31' } })
      .on(DescribeNodegroupCommand)
      .resolves({ nodegroup: { status: 'ACTIVE', launchTemplate: { id: 'lt-1', version: '1' } } });
  },
  listed: [
    {
      type: 'AwsEksCluster',
      answer: ({ eks }) => void eks.on(ListClustersCommand).resolves({ clusters: ['payments'] }),
      event: { source, name: 'AssociateEncryptionConfig', request: { name: 'payments' }, response: {} },
    },
    {
      type: 'AwsEksNodegroup',
      answer: ({ eks }) =>
        void eks
          .on(ListClustersCommand)
          .resolves({ clusters: ['payments'] })
          .on(ListNodegroupsCommand)
          .resolves({ nodegroups: ['blue'] }),
      // As most of its events name it.
      event: {
        source,
        name: 'UpdateNodegroupVersion',
        request: { name: 'payments', nodegroupName: 'blue' },
        response: {},
      },
    },
  ],
};
