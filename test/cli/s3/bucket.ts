/** A bucket that lists what it is said to hold, and keeps what it was asked for. */
import { HeadBucketCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { mockClient } from 'aws-sdk-client-mock';

interface Listing {
  readonly Prefix?: string;
  readonly Delimiter?: string;
  readonly MaxKeys?: number;
  readonly ContinuationToken?: string;
}

/** An error as the SDK makes one of S3's answers. */
export function s3Error(name: string, message = `${name} it is`): Error {
  return Object.assign(new Error(message), { name, $fault: 'client', $metadata: {} });
}

/**
 * @param refuse throws for a prefix that is not to be listed.
 * @returns the bucket, its mock, and the prefixes that were listed, ` /` behind those that were asked for one key only.
 */
export function bucketOf(keys: readonly string[], refuse: (prefix: string) => void = () => undefined) {
  const client = new S3Client({ region: 'eu-central-1' });
  const mock = mockClient(client);
  const listed: string[] = [];
  const sorted = keys.toSorted();
  mock.on(HeadBucketCommand).resolves({ BucketRegion: 'eu-central-1' });
  mock.on(ListObjectsV2Command).callsFake((listing: Listing) => {
    const {
      Prefix: prefix = '',
      Delimiter: delimiter,
      MaxKeys: most = 7,
      ContinuationToken: token,
    } = listing;
    if (token === undefined) listed.push(prefix + (delimiter === undefined ? '' : ' /'));
    refuse(prefix);
    const below = sorted.filter((key) => key.startsWith(prefix));
    const names = below.map((key) => {
      const end = delimiter === undefined ? -1 : key.indexOf(delimiter, prefix.length);
      return end === -1 ? key : key.slice(0, end + 1);
    });
    const all = [...new Set(names)];
    const from = Number(token ?? 0);
    const page = all.slice(from, from + most);
    const isFolder = (name: string) => delimiter !== undefined && name.endsWith(delimiter) && name !== prefix;
    return {
      EncodingType: 'url',
      CommonPrefixes: page.filter(isFolder).map((name) => ({ Prefix: encoded(name) })),
      Contents: page.filter((name) => !isFolder(name)).map((name) => ({ Key: encoded(name), Size: 1 })),
      IsTruncated: from + most < all.length,
      ...(from + most < all.length ? { NextContinuationToken: String(from + most) } : {}),
    };
  });
  return { name: 'trails', client, mock, listed: () => listed.toSorted() };
}

/** As S3 encodes keys: like the values of a form, with slashes as they are. */
function encoded(key: string): string {
  return encodeURIComponent(key).replaceAll('%20', '+').replaceAll('%2F', '/');
}
