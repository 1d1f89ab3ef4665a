/** Where in S3 an archive is, as people write it. Nothing here loads the SDK. */
import { UsageError } from '../exit.ts';
import { printable } from '../output/printable.ts';

export interface Location {
  readonly bucket: string;
  /** A folder, with a slash at its end, or the bucket itself, as nothing; or a key, or a folder without its slash. */
  readonly prefix: string;
  /** Only the folders of organizations below `AWSLogs/`, where accounts may have folders of their own beside them. */
  readonly onlyOrganizations?: boolean;
}

export function isS3Uri(path: string): boolean {
  return /^s3:\/\//i.test(path);
}

/** @throws UsageError when it is not `s3://BUCKET` or `s3://BUCKET/PREFIX`. */
export function locationOf(uri: string): Location {
  const parts = /^s3:\/\/([A-Za-z0-9._-]{3,255})(?:\/(.*))?$/is.exec(uri);
  const [, bucket, prefix = ''] = parts ?? [];
  if (bucket === undefined) {
    throw new UsageError(
      `an archive in S3 is named s3://BUCKET or s3://BUCKET/PREFIX, with the name of a bucket, not ${printable(uri)}`,
    );
  }
  return { bucket, prefix };
}

export function uriOf(bucket: string, key: string): string {
  return `s3://${bucket}/${key}`;
}
