/** The folders and objects of a bucket, from ListObjectsV2. */
import {
  HeadBucketCommand,
  ListObjectsV2Command,
  type ListObjectsV2CommandInput,
  type ListObjectsV2CommandOutput,
  type S3Client,
} from '@aws-sdk/client-s3';
import { whyNotListed } from './reason.ts';

/** An object, by its key. */
export interface StoredObject {
  readonly key: string;
  readonly bytes: number;
}

/** A folder that could not be listed. */
export class BucketListingError extends Error {
  override readonly name = 'BucketListingError';

  constructor(cause: unknown) {
    super(whyNotListed(cause), { cause });
  }
}

/** A bucket, with a client for its Region. */
export interface Bucket {
  readonly name: string;
  readonly client: S3Client;
  readonly signal?: AbortSignal | undefined;
}

/** The Region of a bucket; undefined where S3 does not tell. Listing the bucket will then fail with a reason. */
export async function regionOf(
  client: S3Client,
  name: string,
  signal?: AbortSignal,
): Promise<string | undefined> {
  try {
    const { BucketRegion: region } = await client.send(
      new HeadBucketCommand({ Bucket: name }),
      options(signal),
    );
    return region;
  } catch {
    // An answer to HEAD has no body with a reason: the listing comes next, and fails with one.
    signal?.throwIfAborted();
    return undefined;
  }
}

/**
 * The folders and objects directly in a folder.
 * @throws BucketListingError
 */
export async function contentsOf(
  bucket: Bucket,
  prefix: string,
): Promise<{ readonly folders: readonly string[]; readonly files: readonly StoredObject[] }> {
  const folders: string[] = [];
  const files: StoredObject[] = [];
  for await (const page of pages(bucket, { Prefix: prefix, Delimiter: '/' })) {
    folders.push(...page.folders.map((folder) => folder.slice(prefix.length, -1)));
    files.push(...page.objects.filter(isFile));
  }
  return { folders, files };
}

/**
 * All objects below a folder, page by page.
 * @throws BucketListingError
 */
export async function* objectsBelow(bucket: Bucket, prefix: string): AsyncIterable<readonly StoredObject[]> {
  for await (const { objects } of pages(bucket, { Prefix: prefix })) yield objects.filter(isFile);
}

/**
 * The object with exactly this key, if there is one.
 * @throws BucketListingError
 */
export async function objectAt(bucket: Bucket, key: string): Promise<StoredObject | undefined> {
  // Among all keys with this prefix, it is the first.
  for await (const { objects } of pages(bucket, { Prefix: key, MaxKeys: 1 })) {
    return objects.find((object) => object.key === key);
  }
  return undefined;
}

/** Objects whose keys end with a slash are the console's marks for folders. */
function isFile({ key }: StoredObject): boolean {
  return !key.endsWith('/');
}

interface ListingPage {
  readonly folders: readonly string[];
  readonly objects: readonly StoredObject[];
}

async function* pages(
  bucket: Bucket,
  what: { readonly Prefix: string; readonly Delimiter?: string; readonly MaxKeys?: number },
): AsyncIterable<ListingPage> {
  let token: string | undefined;
  do {
    const answer = await list(bucket, token === undefined ? what : { ...what, ContinuationToken: token });
    const encoded = answer.EncodingType === 'url';
    const plain = (text: string) => (encoded ? decodeURIComponent(text.replaceAll('+', ' ')) : text);
    yield {
      folders: (answer.CommonPrefixes ?? []).flatMap(({ Prefix }) =>
        Prefix === undefined ? [] : plain(Prefix),
      ),
      objects: (answer.Contents ?? []).flatMap(({ Key, Size = 0 }) =>
        Key === undefined ? [] : { key: plain(Key), bytes: Size },
      ),
    };
    token = answer.IsTruncated === true ? answer.NextContinuationToken : undefined;
  } while (token !== undefined);
}

async function list(
  { name, client, signal }: Bucket,
  what: Omit<ListObjectsV2CommandInput, 'Bucket'>,
): Promise<ListObjectsV2CommandOutput> {
  try {
    // Keys may contain characters that XML cannot: they are requested in URL encoding.
    const command = new ListObjectsV2Command({ Bucket: name, EncodingType: 'url', ...what });
    return await client.send(command, options(signal));
  } catch (error) {
    signal?.throwIfAborted();
    throw new BucketListingError(error);
  }
}

function options(signal: AbortSignal | undefined): { readonly abortSignal?: AbortSignal } {
  return signal === undefined ? {} : { abortSignal: signal };
}
