import { describe, expect, it } from 'vitest';
import type { ArnResource } from '../../lib/core/control.ts';
import { sameName } from '../../lib/services/same-name.ts';

const account = '111122223333';
const region = 'eu-central-1';

function agree(type: string, id: string, arn: string): boolean {
  return sameName({ type: type as ArnResource['type'], id, arn, account, region });
}

describe('an id and an ARN name the same', () => {
  it.each([
    ['AwsAccount', account, `arn:aws:iam::${account}:root`],
    ['AwsEc2Instance', 'i-1', `arn:aws:ec2:${region}:${account}:instance/i-1`],
    ['AwsEc2Volume', 'vol-1', `arn:aws:ec2:${region}:${account}:volume/vol-1`],
    ['AwsEc2Snapshot', 'snap-1', `arn:aws:ec2:${region}::snapshot/snap-1`],
    ['AwsEc2LaunchTemplate', 'lt-1', `arn:aws:ec2:${region}:${account}:launch-template/lt-1`],
    ['AwsEksCluster', 'prod', `arn:aws:eks:${region}:${account}:cluster/prod`],
    ['AwsEksNodegroup', 'prod/a', `arn:aws:eks:${region}:${account}:nodegroup/prod/a`],
    ['AwsEksNodegroup', 'prod/a', `arn:aws:eks:${region}:${account}:nodegroup/prod/a/4ec0-uuid`],
    ['AwsKmsKey', 'k', `arn:aws-cn:kms:${region}:${account}:key/k`],
    ['AwsKmsGrant', 'k/g', `arn:aws:kms:${region}:${account}:key/k`],
  ])('as AWS tells of a %s', (type, id, arn) => {
    expect(agree(type, id, arn)).toBe(true);
  });

  it.each([
    ['another key', 'AwsKmsKey', 'k', `arn:aws:kms:${region}:${account}:key/other`],
    [
      'a key by an ARN',
      'AwsKmsKey',
      `arn:aws:kms:${region}:444455556666:key/k`,
      `arn:aws:kms:${region}:${account}:key/k`,
    ],
    ['a grant on another key', 'AwsKmsGrant', 'other/g', `arn:aws:kms:${region}:${account}:key/k`],
    ['a grant without a key', 'AwsKmsGrant', 'g', `arn:aws:kms:${region}:${account}:key/g`],
    ['another account', 'AwsAccount', '444455556666', `arn:aws:iam::${account}:root`],
    ['what is of another kind', 'AwsEc2Volume', 'i-1', `arn:aws:ec2:${region}:${account}:instance/i-1`],
    ['what is of another service', 'AwsEksCluster', 'prod', `arn:aws:ecs:${region}:${account}:cluster/prod`],
    [
      'a node group whose name only begins so',
      'AwsEksNodegroup',
      'prod/a',
      `arn:aws:eks:${region}:${account}:nodegroup/prod/ab`,
    ],
    ['no resource, as it is no ARN', 'AwsKmsKey', 'k', 'key/k'],
    ['nothing that is known', '__proto__', 'k', `arn:aws:kms:${region}:${account}:key/k`],
  ])('not where one of them is of %s', (_what, type, id, arn) => {
    expect(agree(type, id, arn)).toBe(false);
  });
});
