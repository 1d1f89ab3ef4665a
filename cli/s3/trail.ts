/** Where a trail delivers to. */
import { type CloudTrailClient, DescribeTrailsCommand, type Trail } from '@aws-sdk/client-cloudtrail';
import { isDenial, reasonOf } from '../../lib/aws/reason.ts';
import { UnansweredError, UsageError } from '../exit.ts';
import { printable } from '../output/printable.ts';
import type { Location } from './location.ts';

/** The IAM action that looking a trail up needs. */
export const trailPermission = 'cloudtrail:DescribeTrails';

const arnPattern = /^arn:[a-z-]+:cloudtrail:([a-z0-9-]+):(\d{12}):trail\/[^/]+$/;

/** The Region that the ARN of a trail names; undefined for a name. */
export function regionOfTrail(trail: string): string | undefined {
  return arnPattern.exec(trail)?.[1];
}

export interface TrailLocation extends Location {
  /** Where the trail was made; its bucket may be elsewhere. */
  readonly homeRegion: string;
}

/**
 * Looks up where a trail delivers its log files: those of the organization, or those of its account. The trails
 * of a Region are those of all Regions and of the organization, too.
 * Source: AWS CloudTrail API Reference, "DescribeTrails", "Trail".
 * @param trail its name or ARN.
 * @param client of `region`: that of the ARN, or one that the trail concerns.
 * @throws UsageError when there is no such trail; UnansweredError when AWS does not tell.
 */
export async function locationOfTrail(
  trail: string,
  client: CloudTrailClient,
  region: string,
): Promise<TrailLocation> {
  const isArn = regionOfTrail(trail) !== undefined;
  const found = await describe(client, isArn ? trail : undefined);
  const named = found.filter(({ Name, TrailARN }) => (isArn ? TrailARN : Name) === trail);
  const [one, ...others] = named;
  if (one === undefined) {
    const there = found.map(({ Name = '' }) => printable(Name)).join(', ') || 'none';
    throw new UsageError(
      `there is no trail ${printable(trail)} in ${region}; those that are: ${there}. ` +
        'Name it by its ARN, or its Region with --region, or its bucket: trailseal replay s3://BUCKET/PREFIX',
    );
  }
  if (others.length > 0) {
    const arns = named.map(({ TrailARN = '' }) => TrailARN).join(', ');
    throw new UsageError(`several trails are called ${printable(trail)}; name one by its ARN: ${arns}`);
  }
  const { S3BucketName: bucket, S3KeyPrefix: folder = '', TrailARN: arn = '' } = one;
  const account = arnPattern.exec(arn)?.[2];
  if (bucket === undefined || account === undefined) {
    throw new UnansweredError(`CloudTrail does not tell where ${printable(trail)} delivers; name its bucket`);
  }
  const logs = `${folder === '' ? '' : `${folder}/`}AWSLogs/`;
  const homeRegion = one.HomeRegion ?? region;
  return one.IsOrganizationTrail === true
    ? { bucket, prefix: logs, onlyOrganizations: true, homeRegion }
    : { bucket, prefix: `${logs}${account}/CloudTrail/`, homeRegion };
}

async function describe(client: CloudTrailClient, arn: string | undefined): Promise<readonly Trail[]> {
  try {
    const { trailList } = await client.send(
      new DescribeTrailsCommand({
        includeShadowTrails: true,
        ...(arn === undefined ? {} : { trailNameList: [arn] }),
      }),
    );
    return trailList ?? [];
  } catch (error) {
    throw new UnansweredError(
      `${trailPermission} ${isDenial(error) ? 'was denied' : 'failed'}: ${printable(reasonOf(error))}; ` +
        'allow it, or name the bucket: trailseal replay s3://BUCKET/PREFIX',
      { cause: error },
    );
  }
}
