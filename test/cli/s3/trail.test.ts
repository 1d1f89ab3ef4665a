import { CloudTrailClient, DescribeTrailsCommand, type Trail } from '@aws-sdk/client-cloudtrail';
import { mockClient } from 'aws-sdk-client-mock';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../../cli/exit.ts';
import { locationOfTrail, regionOfTrail } from '../../../cli/s3/trail.ts';
import { s3Error } from './bucket.ts';

const arn = 'arn:aws:cloudtrail:eu-central-1:111122223333:trail/management';
const management: Trail = {
  Name: 'management',
  TrailARN: arn,
  S3BucketName: 'trails',
  HomeRegion: 'eu-central-1',
  IsMultiRegionTrail: true,
  IsOrganizationTrail: false,
};

function lookUp(trail: string, answer: readonly Trail[] | Error) {
  const client = new CloudTrailClient({ region: 'eu-west-1' });
  mockClient(client)
    .on(DescribeTrailsCommand)
    .callsFake(() => {
      if (answer instanceof Error) throw answer;
      return { trailList: answer };
    });
  return locationOfTrail(trail, client, 'eu-west-1');
}

describe('the location of a trail', () => {
  it.each(['management', arn])('is the folder of its account: %s', async (trail) => {
    expect(await lookUp(trail, [{ ...management, Name: 'other', TrailARN: `${arn}-2` }, management])).toEqual(
      {
        bucket: 'trails',
        prefix: 'AWSLogs/111122223333/CloudTrail/',
        homeRegion: 'eu-central-1',
      },
    );
  });

  it('is below the prefix of the trail', async () => {
    const { prefix } = await lookUp(arn, [{ ...management, S3KeyPrefix: 'security/trail' }]);
    expect(prefix).toBe('security/trail/AWSLogs/111122223333/CloudTrail/');
  });

  it('has the folders of organizations for the trail of one', async () => {
    expect(await lookUp(arn, [{ ...management, IsOrganizationTrail: true }])).toEqual({
      bucket: 'trails',
      prefix: 'AWSLogs/',
      onlyOrganizations: true,
      homeRegion: 'eu-central-1',
    });
  });

  it('is read in the Region of the ARN', () => {
    expect(regionOfTrail(arn)).toBe('eu-central-1');
    expect(regionOfTrail('arn:aws-us-gov:cloudtrail:us-gov-west-1:111122223333:trail/a')).toBe(
      'us-gov-west-1',
    );
    expect(regionOfTrail('management')).toBeUndefined();
  });

  it('is an error for a trail that does not exist', async () => {
    await expect(lookUp('managment', [management])).rejects.toThrow(
      new UsageError(
        'there is no trail managment in eu-west-1; the trails there are: management. Use its ARN, name its Region with --region, or name its bucket: trailseal replay s3://BUCKET/PREFIX',
      ),
    );
  });

  it('is an error where two trails have the name', async () => {
    const other = { ...management, TrailARN: arn.replace('eu-central-1', 'us-east-1') };
    await expect(lookUp('management', [management, other])).rejects.toThrow(
      `several trails are called management; use the ARN of one: ${arn}, ${other.TrailARN}`,
    );
  });

  it('needs permission', async () => {
    await expect(lookUp('management', s3Error('AccessDeniedException', 'not authorized'))).rejects.toThrow(
      'cloudtrail:DescribeTrails was denied: AccessDeniedException (not authorized); allow it, or name the bucket: trailseal replay s3://BUCKET/PREFIX',
    );
  });
});
