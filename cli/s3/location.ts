/** Where an archive is in S3, as people write it. Does not load the AWS SDK. */
import { UsageError } from '../exit.ts';
import { printable } from '../output/printable.ts';

export interface Location {
  readonly bucket: string;
  /** A folder that ends with a slash; empty for the bucket itself; else a key, or a folder without its slash. */
  readonly prefix: string;
  /** Only the folders of organizations below `AWSLogs/`, not those of accounts beside them. */
  readonly onlyOrganizations?: boolean;
}

export function isS3Uri(path: string): boolean {
  return /^s3:\/\//i.test(path);
}

/** @throws UsageError when it is neither `s3://BUCKET` nor `s3://BUCKET/PREFIX`. */
export function locationOf(uri: string): Location {
  const parts = /^s3:\/\/([A-Za-z0-9._-]{3,255})(?:\/(.*))?$/is.exec(uri);
  const [, bucket, prefix = ''] = parts ?? [];
  if (bucket === undefined) {
    throw new UsageError(
      `an archive in S3 is written s3://BUCKET or s3://BUCKET/PREFIX, not ${printable(uri)}`,
    );
  }
  return { bucket, prefix };
}

export function uriOf(bucket: string, key: string): string {
  return `s3://${bucket}/${key}`;
}
