/** The location to which a trail delivers. */
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
  /** The Region in which the trail was created; its bucket may be in another. */
  readonly homeRegion: string;
}

/**
 * Looks up where a trail delivers its log files: those of the organization, or those of its account. The trails of a
 * Region include multi-Region trails and the organization's.
 * Source: AWS CloudTrail API Reference, "DescribeTrails", "Trail".
 * @param trail its name or ARN.
 * @param client of `region`, which is that of the ARN, or one in which the trail is visible.
 * @throws UsageError when there is no such trail; UnansweredError when AWS does not answer.
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
    const existing = found.map(({ Name = '' }) => printable(Name)).join(', ') || 'none';
    throw new UsageError(
      `there is no trail ${printable(trail)} in ${region}; the trails there are: ${existing}. ` +
        'Use its ARN, name its Region with --region, or name its bucket: trailseal replay s3://BUCKET/PREFIX',
    );
  }
  if (others.length > 0) {
    const arns = named.map(({ TrailARN = '' }) => TrailARN).join(', ');
    throw new UsageError(`several trails are called ${printable(trail)}; use the ARN of one: ${arns}`);
  }
  const { S3BucketName: bucket, S3KeyPrefix: folder = '', TrailARN: arn = '' } = one;
  const account = arnPattern.exec(arn)?.[2];
  if (bucket === undefined || account === undefined) {
    throw new UnansweredError(
      `CloudTrail did not return where ${printable(trail)} delivers; name its bucket: trailseal replay s3://BUCKET/PREFIX`,
    );
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
