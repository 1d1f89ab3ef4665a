import {
  DescribeInstancesCommand,
  DescribeLaunchTemplatesCommand,
  DescribeSnapshotsCommand,
  DescribeVolumesCommand,
} from '@aws-sdk/client-ec2';
import { ListClustersCommand, ListNodegroupsCommand } from '@aws-sdk/client-eks';
import { ListGrantsCommand, ListKeysCommand } from '@aws-sdk/client-kms';
import { describe, expect, it } from 'vitest';
import type { ResourceType } from '../../lib/core/control.ts';
import { listerOf, listers } from '../../lib/services/listers.ts';
import { mockAws } from './listing.ts';

/** The actions of the calls made, as IAM names them. */
function actions(aws: ReturnType<typeof mockAws>): readonly string[] {
  const called = [
    ...aws.ec2.calls().map(({ args: [command] }) => `ec2:${command.constructor.name}`),
    ...aws.eks.calls().map(({ args: [command] }) => `eks:${command.constructor.name}`),
    ...aws.kms.calls().map(({ args: [command] }) => `kms:${command.constructor.name}`),
  ];
  return [...new Set(called.map((name) => name.replace(/Command$/, '')))].sort();
}

describe('the permissions of a lister', () => {
  const types = Object.keys(listers) as ResourceType[];

  it.each(types)('are those of the calls that it makes: %s', async (type) => {
    const aws = mockAws();
    aws.ec2.on(DescribeInstancesCommand).resolves({});
    aws.ec2.on(DescribeVolumesCommand).resolves({});
    aws.ec2.on(DescribeSnapshotsCommand).resolves({});
    aws.ec2.on(DescribeLaunchTemplatesCommand).resolves({});
    aws.eks.on(ListClustersCommand).resolves({ clusters: ['payments'] });
    aws.eks.on(ListNodegroupsCommand).resolves({});
    aws.kms.on(ListKeysCommand).resolves({ Keys: [{ KeyId: 'one' }] });
    aws.kms.on(ListGrantsCommand).resolves({});
    await aws.list(type);
    expect(actions(aws)).toEqual([...listerOf(type).permissions].sort());
  });
});
