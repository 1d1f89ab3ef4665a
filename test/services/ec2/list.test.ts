import {
  DescribeInstancesCommand,
  DescribeLaunchTemplatesCommand,
  DescribeSnapshotsCommand,
  DescribeVolumesCommand,
  type VolumeAttachment,
  type VolumeState,
} from '@aws-sdk/client-ec2';
import { describe, expect, it } from 'vitest';
import { ListingError } from '../../../lib/core/list.ts';
import { awsError, mockAws } from '../listing.ts';

describe('listing instances', () => {
  it('goes on from page to page until there is no token, or an empty one', async () => {
    const aws = mockAws();
    aws.ec2
      .on(DescribeInstancesCommand)
      .resolvesOnce({ Reservations: [{ Instances: [{ InstanceId: 'i-1' }] }], NextToken: 'two' })
      .resolvesOnce({
        Reservations: [{ Instances: [{ InstanceId: 'i-2' }] }, { Instances: [{ InstanceId: 'i-3' }] }],
        NextToken: '',
      });
    const pages = await aws.pages('AwsEc2Instance');
    expect(pages.map(({ resources }) => resources.map(({ id }) => id))).toEqual([['i-1'], ['i-2', 'i-3']]);
    expect(aws.ec2.commandCalls(DescribeInstancesCommand)[1]?.args[0].input.NextToken).toBe('two');
  });

  it('asks for those that are not deletion event', async () => {
    const aws = mockAws();
    aws.ec2.on(DescribeInstancesCommand).resolves({});
    await aws.list('AwsEc2Instance');
    expect(aws.ec2.commandCalls(DescribeInstancesCommand)[0]?.args[0].input).toEqual({
      MaxResults: 500,
      Filters: [{ Name: 'instance-state-name', Values: ['pending', 'running', 'stopping', 'stopped'] }],
    });
  });

  it.each([
    [[{ Key: 'owner', Value: 'payments' }, { Key: 'flag' }], { owner: 'payments', flag: '' }],
    [undefined, {}],
  ])('tells their tags: %j', async (Tags, tags) => {
    const aws = mockAws();
    aws.ec2.on(DescribeInstancesCommand).resolves({
      Reservations: [{ Instances: [{ InstanceId: 'i-1', ...(Tags === undefined ? {} : { Tags }) }] }],
    });
    const { resources } = await aws.list('AwsEc2Instance');
    expect(resources[0]?.tags).toEqual(tags);
  });
});

describe('a listed volume', () => {
  const instanceArn = 'arn:aws:ec2:eu-central-1:111122223333:instance/i-1';
  it.each<[string, VolumeAttachment[] | undefined, string | undefined]>([
    ['deleted with its instance', [{ InstanceId: 'i-1', DeleteOnTermination: true }], instanceArn],
    ['that stays when its instance ends', [{ InstanceId: 'i-1', DeleteOnTermination: false }], undefined],
    [
      'of several instances',
      [
        { InstanceId: 'i-1', DeleteOnTermination: true },
        { InstanceId: 'i-2', DeleteOnTermination: true },
      ],
      undefined,
    ],
    ['of no instance', undefined, undefined],
  ])('%s is part of %s', async (_what, Attachments, partOf) => {
    const aws = mockAws();
    aws.ec2.on(DescribeVolumesCommand).resolves({
      Volumes: [{ VolumeId: 'vol-1', ...(Attachments === undefined ? {} : { Attachments }) }],
    });
    const { resources } = await aws.list('AwsEc2Volume');
    expect(resources[0]?.partOf).toBe(partOf);
  });

  it.each<[VolumeState, number]>([
    ['creating', 1],
    ['available', 1],
    ['in-use', 1],
    ['error', 1],
    ['deleting', 0],
    ['deleted', 0],
  ])('that is %s counts as %d', async (State, count) => {
    const aws = mockAws();
    aws.ec2.on(DescribeVolumesCommand).resolves({ Volumes: [{ VolumeId: 'vol-1', State }] });
    const { resources } = await aws.list('AwsEc2Volume');
    expect(resources).toHaveLength(count);
  });
});

describe('listing snapshots', () => {
  it("asks for the account's own", async () => {
    const aws = mockAws();
    aws.ec2.on(DescribeSnapshotsCommand).resolves({});
    await aws.list('AwsEc2Snapshot', 'two');
    expect(aws.ec2.commandCalls(DescribeSnapshotsCommand)[0]?.args[0].input).toEqual({
      MaxResults: 500,
      OwnerIds: ['self'],
      NextToken: 'two',
    });
  });
});

describe('listing launch templates', () => {
  it('asks for as many as EC2 gives at once', async () => {
    const aws = mockAws();
    aws.ec2.on(DescribeLaunchTemplatesCommand).resolves({});
    await aws.list('AwsEc2LaunchTemplate');
    expect(aws.ec2.commandCalls(DescribeLaunchTemplatesCommand)[0]?.args[0].input).toEqual({
      MaxResults: 200,
    });
  });
});

describe('a listing that fails', () => {
  it('names the action to allow when it was denied', async () => {
    const aws = mockAws();
    const denied = awsError(
      'UnauthorizedOperation',
      'You are not authorized. Encoded authorization failure message: x4d…',
    );
    aws.ec2.on(DescribeInstancesCommand).rejects(denied);
    const error = await aws.list('AwsEc2Instance').catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ListingError);
    expect(error).toMatchObject({
      action: 'ec2:DescribeInstances',
      denied: true,
      cause: denied,
      message:
        'ec2:DescribeInstances was denied in account 111122223333, eu-central-1: UnauthorizedOperation ' +
        '(You are not authorized); allow ec2:DescribeInstances, as what is not listed is not evaluated',
    });
  });

  it('is no denial when it was throttled', async () => {
    const aws = mockAws();
    aws.ec2.on(DescribeVolumesCommand).rejects(awsError('RequestLimitExceeded', 'Request limit exceeded.'));
    await expect(aws.list('AwsEc2Volume')).rejects.toMatchObject({
      denied: false,
      message: expect.stringContaining('try again later'),
    });
  });
});
