/** An archive in S3, as files for a replay: the objects are found first, then fetched concurrently. */
import { setTimeout } from 'node:timers/promises';
import { cloudTrailClient, s3Client } from '../../lib/aws/sdk.ts';
import type { ClientConfig } from '../../lib/aws/settings.ts';
import type { ReplayScope } from '../../lib/pipeline/replay/replay.ts';
import { compare, type FoundFiles } from '../../lib/trail/archive/files.ts';
import type { ReadProgress, StoredFiles } from '../../lib/trail/archive.ts';
import { UsageError } from '../exit.ts';
import { printable } from '../output/printable.ts';
import { type Bucket, regionOf } from './bucket.ts';
import { concurrently } from './concurrently.ts';
import { findCredentials } from './credentials.ts';
import { fetchObject } from './fetch.ts';
import { findObjects } from './find.ts';
import { type Location, locationOf, uriOf } from './location.ts';
import { locationOfTrail, regionOfTrail, type TrailLocation } from './trail.ts';

/** Most objects, and most bytes, that are fetched at a time; a larger object is fetched alone. */
const maxObjects = 16;
const maxBytesAtATime = 128_000_000;

export interface ArchiveSources {
  /** `s3://BUCKET[/PREFIX]`. */
  readonly uris: readonly string[];
  /** Names or ARNs of trails. */
  readonly trails: readonly string[];
  /** Of the shared configuration files; without one, the environment decides. */
  readonly profile: string | undefined;
  readonly scope: ReplayScope;
}

export interface S3Archive {
  /** The URIs to which the trails deliver. */
  readonly trails: readonly string[];
  readonly stored: StoredFiles;
}

/**
 * Finds the objects of the sources, with credentials as the AWS CLI finds them.
 * @throws UsageError when a source is not well-formed, or there are no credentials; the signal's reason when aborted.
 * A folder that cannot be listed is among `stored.errors`.
 */
export async function openS3Archive(
  { uris, trails, profile, scope }: ArchiveSources,
  onProgress: (progress: ReadProgress) => void,
  signal: AbortSignal,
): Promise<S3Archive> {
  const named = uris.map(locationOf);
  const { credentials, region } = await findCredentials(profile);
  const [regionOfName = region] = scope.regions ?? [];
  const ofTrails: TrailLocation[] = [];
  for (const trail of trails) ofTrails.push(await lookUp(trail, regionOfName, credentials));
  // Any Region can tell where a bucket is.
  const asked = region ?? ofTrails[0]?.homeRegion ?? 'us-east-1';
  const bucketOf = buckets({ region: asked, credentials }, signal);
  const total = { files: 0, bytes: 0 };
  const onFound = ({ bytes }: { readonly bytes: number }): void => {
    total.files += 1;
    total.bytes += bytes;
    onProgress({ ...total, filesDone: 0, bytesDone: 0, records: 0 });
  };
  const found: FoundFiles[] = [];
  for (const location of [...named, ...ofTrails]) {
    found.push(await findObjects(await bucketOf(location.bucket), location, { scope, onFound }));
  }
  const files = distinct(
    found.flatMap((one) => one.files),
    ({ path }) => path,
  );
  return {
    trails: ofTrails.map(({ bucket, prefix }) => uriOf(bucket, prefix)),
    stored: {
      files,
      skipped: distinct(
        found.flatMap((one) => one.skipped),
        ({ file }) => file,
      ),
      errors: found.flatMap(({ errors }) => errors),
      fetch: (take) => fetchAll(files, bucketOf, take, signal),
    },
  };
}

async function lookUp(
  trail: string,
  regionOfName: string | undefined,
  credentials: ClientConfig['credentials'],
): Promise<TrailLocation> {
  const region = regionOfTrail(trail) ?? regionOfName;
  if (region === undefined) {
    throw new UsageError(
      `no Region is configured in which to find trail ${printable(trail)}: use its ARN, name its Region with --region, or set AWS_REGION`,
    );
  }
  return locationOfTrail(trail, cloudTrailClient({ region, credentials }), region);
}

type BucketOf = (name: string) => Promise<Bucket>;

/** Buckets by name, each with a client for its Region, which is determined once. */
function buckets(config: ClientConfig, signal: AbortSignal): BucketOf {
  const made = new Map<string, Promise<Bucket>>();
  const clients = new Map([[config.region, s3Client(config)]]);
  const clientOf = (region: string) => {
    const client = clients.get(region) ?? s3Client({ ...config, region });
    clients.set(region, client);
    return client;
  };
  const open = async (name: string): Promise<Bucket> => {
    const region = (await regionOf(clientOf(config.region), name, signal)) ?? config.region;
    return { name, client: clientOf(region), signal };
  };
  return (name) => {
    const bucket = made.get(name) ?? open(name);
    made.set(name, bucket);
    return bucket;
  };
}

async function fetchAll(
  files: StoredFiles['files'],
  bucketOf: BucketOf,
  take: Parameters<StoredFiles['fetch']>[0],
  signal: AbortSignal,
): Promise<void> {
  const wait = (milliseconds: number) => setTimeout(milliseconds, undefined, { signal });
  const bounds = {
    width: maxObjects,
    weight: maxBytesAtATime,
    weightOf: ([, { bytes }]: readonly [number, { readonly bytes: number }]) => bytes,
  };
  try {
    await concurrently(files.entries(), bounds, async ([index, { path, bytes }]) => {
      const { bucket, prefix: key }: Location = locationOf(path);
      await take(index, await fetchObject(await bucketOf(bucket), { key, bytes }, wait));
    });
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  }
}

/** Each name once, in the order of the names: sources may overlap. */
function distinct<T>(all: readonly T[], nameOf: (one: T) => string): readonly T[] {
  const byName = new Map(all.map((one) => [nameOf(one), one]));
  return [...byName.values()].sort((a, b) => compare(nameOf(a), nameOf(b)));
}
