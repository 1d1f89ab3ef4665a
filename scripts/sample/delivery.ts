/**
 * Log files from records: files by account, Region and day, as an organization's trail delivers them. Source: AWS CloudTrail User Guide, "Finding your CloudTrail log files" and "CloudTrail digest
 * file structure".
 */
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { organization, production, security } from './cast.ts';
import { noise } from './noise.ts';
import { Random } from './random.ts';
import { type Happening, iso } from './record.ts';
import { routine } from './routine.ts';
import { story } from './story.ts';

export interface SampleFile {
  /** Below the archive's folder, with `/`. */
  readonly path: string;
  /** The content of the file, uncompressed. */
  readonly text: string;
}

const minute = 60_000;
const day = 86_400_000;

/** Every file of the sample archive, in the order of their paths. */
export function sampleFiles(): readonly SampleFile[] {
  return filesOf([...story(), ...routine()], noise());
}

/**
 * The log files of these records, in the order of their paths. A new event changes only the files of its day, account
 * and Region.
 * @param changes the records that controls evaluate; more of them are delivered twice than of the rest.
 */
export function filesOf(changes: readonly Happening[], rest: readonly Happening[]): readonly SampleFile[] {
  const logs = [...inBatches(changes, rest)].flatMap(([key, batch]) => {
    const [account = '', region = '', date = '', part = ''] = key.split(' ');
    return logFile(account, region, date, Number(part), batch);
  });
  return [...logs, ...digests(logs)].sort((a, b) => (a.path < b.path ? -1 : 1));
}

/**
 * CloudTrail promises no order and no single delivery: neighbours in time may lie in different files, the records
 * of a file in any order, the last minutes of a day in the next day's folder, and some records in two files.
 */
function inBatches(
  changes: readonly Happening[],
  rest: readonly Happening[],
): ReadonlyMap<string, readonly Happening[]> {
  const batches = new Map<string, Happening[]>();
  const deliver = (happened: Happening, part: number): void => {
    const { account, region } = happened.accountRegion;
    const late = Math.min(happened.time + 12 * minute, Date.UTC(2026, 9, 31));
    const date = iso(Math.max(late, Math.floor(happened.time / day) * day)).slice(0, 10);
    const key = `${account} ${region} ${date} ${part}`;
    const batch = batches.get(key) ?? [];
    batches.set(key, batch);
    batch.push(happened);
  };
  for (const [index, happened] of [...changes, ...rest].entries()) {
    // Decided by its id, so that a new record moves no other.
    const random = new Random(`delivery ${happened.record['eventID']}`);
    const parts = partsOf(happened);
    const part = random.below(parts);
    deliver(happened, part);
    const twice = random.below(index < changes.length ? 10 : 400) === 0;
    if (twice && parts > 1) deliver(happened, (part + 1) % parts);
  }
  // Similar records side by side compress better; CloudTrail promises no order.
  for (const batch of batches.values()) {
    const kinds = new Map(batch.map((happened) => [happened, kindOf(happened)]));
    batch.sort((a, b) => compare(kinds.get(a), kinds.get(b)) || a.time - b.time);
  }
  return batches;
}

function kindOf({ record }: Happening): string {
  const { eventSource, eventName, userIdentity, requestParameters } = record;
  return JSON.stringify([eventSource, eventName, userIdentity, requestParameters]);
}

function compare(a = '', b = ''): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The busiest account delivers two files on every other day from its home Region. */
function partsOf({ time, accountRegion }: Happening): number {
  const busy = accountRegion.region === 'eu-central-1' && accountRegion.account === production.account;
  return busy && new Date(time).getUTCDate() % 2 === 0 ? 2 : 1;
}

function logFile(
  account: string,
  region: string,
  date: string,
  part: number,
  batch: readonly Happening[],
): SampleFile {
  const compact = date.replaceAll('-', '');
  const clock = ['2355', '2350'][part] ?? '2345';
  const unique = new Random(`file ${account} ${region} ${date} ${part}`).letters(16);
  const name = `${account}_CloudTrail_${region}_${compact}T${clock}Z_${unique}.json.gz`;
  return {
    path: `AWSLogs/${organization}/${account}/CloudTrail/${region}/${date.replaceAll('-', '/')}/${name}`,
    text: JSON.stringify({ Records: batch.map(({ record }) => record) }),
  };
}

/** The digest files of a day: hashes of its log files, and no records. */
function digests(logs: readonly SampleFile[]): readonly SampleFile[] {
  const { account, region } = security.frankfurt;
  return ['01', '02'].map((date) => {
    const own = logs.filter(({ path }) => path.includes(`/${account}/CloudTrail/${region}/2026/10/${date}/`));
    const end = `202610${date}T235950Z`;
    const object = `AWSLogs/${organization}/${account}/CloudTrail-Digest/${region}/2026/10/${date}/${account}_CloudTrail-Digest_${region}_organization-trail_${region}_${end}.json.gz`;
    const bucket = 'example-cloudtrail-logs';
    return {
      path: object,
      text: JSON.stringify({
        awsAccountId: account,
        digestStartTime: `2026-10-${date}T22:59:50Z`,
        digestEndTime: `2026-10-${date}T23:59:50Z`,
        digestS3Bucket: bucket,
        digestS3Object: object,
        digestPublicKeyFingerprint: createHash('md5').update('example').digest('hex'),
        digestSignatureAlgorithm: 'SHA256withRSA',
        newestEventTime: `2026-10-${date}T23:47:00Z`,
        oldestEventTime: `2026-10-${date}T00:00:00Z`,
        previousDigestS3Bucket: null,
        previousDigestS3Object: null,
        previousDigestHashValue: null,
        previousDigestHashAlgorithm: null,
        previousDigestSignature: null,
        logFiles: own.map(({ path, text }) => ({
          s3Bucket: bucket,
          s3Object: path,
          hashValue: createHash('sha256').update(text).digest('hex'),
          hashAlgorithm: 'SHA-256',
          newestEventTime: `2026-10-${date}T23:47:00Z`,
          oldestEventTime: `2026-10-${date}T00:00:00Z`,
        })),
      }),
    };
  });
}

/** Gzip whose bytes depend on the text and on zlib alone: no time, and no operating system, in the header. */
export function compress(text: string): Buffer {
  const bytes = gzipSync(text, { level: 9 });
  const operatingSystem = 9;
  bytes[operatingSystem] = 255;
  return bytes;
}
