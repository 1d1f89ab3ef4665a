import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findObjects } from '../../../cli/s3/find.ts';
import { extensions } from '../../../lib/trail/archive/files.ts';
import { bucketOf, s3Error } from './bucket.ts';

type Options = Parameters<typeof findObjects>[2]['scope'];

const find = (bucket: ReturnType<typeof bucketOf>, prefix: string, scope: Options = {}) =>
  findObjects(bucket, { bucket: bucket.name, prefix }, { scope });

const keysOf = ({ files }: Awaited<ReturnType<typeof findObjects>>) =>
  files.map(({ path }) => path.replace('s3://trails/', ''));

const key = (account: string, region: string, day: string, service = 'CloudTrail') =>
  `AWSLogs/${account}/${service}/${region}/${day}/a.json.gz`;

const ana = '111122223333';
const ben = '444455556666';

describe('finding an archive', () => {
  it('lists only the days, accounts and Regions in scope', async () => {
    const bucket = bucketOf([
      key(ana, 'eu-central-1', '2026/10/04'),
      key(ana, 'eu-central-1', '2026/10/05'),
      key(ana, 'eu-west-1', '2026/10/05'),
      key(ben, 'eu-central-1', '2026/10/05'),
      key(ana, 'eu-central-1', '2026/10/05', 'CloudTrail-Digest'),
    ]);
    const found = await find(bucket, '', {
      since: Date.parse('2026-10-05T08:00:00Z'),
      until: Date.parse('2026-10-05T09:00:00Z'),
      accounts: new Set([ana]),
      regions: new Set(['eu-central-1']),
    });
    expect(found).toEqual({
      files: [{ path: `s3://trails/${key(ana, 'eu-central-1', '2026/10/05')}`, bytes: 1 }],
      skipped: [],
      errors: [],
    });
    expect(bucket.listed()).toEqual([
      ' /',
      'AWSLogs/ /',
      `AWSLogs/${ana}/CloudTrail/eu-central-1/2026/10/05/`,
      `AWSLogs/${ana}/CloudTrail/eu-central-1/2026/10/06/`,
    ]);
  });

  it('finds what is in scope in every layout, from every folder', async () => {
    const days = ['2025/12/31', '2026/01/01', '2026/10/05', '2027/02/28'];
    const day = fc.constantFrom(...days);
    const anyKey = fc.record({
      folder: fc.constantFrom('', 'security/'),
      organization: fc.constantFrom('', 'o-exampleorgid/'),
      account: fc.constantFrom(ana, ben),
      region: fc.constantFrom('eu-central-1', 'us-east-1'),
      day,
      file: fc.constantFrom('a.json.gz', 'b.json.gz', 'c & ü+.json'),
    });
    const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyKey, { maxLength: 30 }),
        fc.constantFrom(
          '',
          'AWSLogs/',
          'AWSLogs',
          `AWSLogs/${ana}/`,
          `AWSLogs/${ana}/CloudTrail/us-east-1/2026/`,
        ),
        optional(day),
        optional(day),
        optional(fc.constantFrom(ana, ben)),
        optional(fc.constantFrom('eu-central-1', 'us-east-1')),
        async (parts, prefix, since, last, account, region) => {
          const time = (iso: string) => Date.parse(`${iso.replaceAll('/', '-')}T00:00:00Z`);
          const all = parts.map((one) => ({
            ...one,
            // What is beside a bucket's own AWSLogs is not listed: here all are in one place.
            key: `${parts[0]?.folder}AWSLogs/${one.organization}${one.account}/CloudTrail/${one.region}/${one.day}/${one.file}`,
          }));
          const wanted = all.filter(
            (one) =>
              one.key.startsWith(prefix) &&
              (since === undefined || one.day >= since) &&
              (last === undefined || one.day <= last) &&
              (account === undefined || one.account === account) &&
              (region === undefined || one.region === region),
          );
          const found = await find(bucketOf(all.map((one) => one.key)), prefix, {
            ...(since === undefined ? {} : { since: time(since) }),
            // The last day that is listed is the one after the last that is asked for.
            ...(last === undefined ? {} : { until: time(last) }),
            ...(account === undefined ? {} : { accounts: new Set([account]) }),
            ...(region === undefined ? {} : { regions: new Set([region]) }),
          });
          expect(keysOf(found)).toEqual([...new Set(wanted.map((one) => one.key))].sort());
        },
      ),
    );
  });

  it('lists a folder with another layout completely, and skips files as for local folders', async () => {
    const found = await find(
      bucketOf([
        'exports/a.jsonl',
        'exports/2026/b.json',
        'exports/2026/10/c.json.gz',
        'exports/notes.txt',
        'exports/2026/',
      ]),
      'exports',
      { since: Date.parse('2026-10-05T00:00:00Z'), accounts: new Set([ana]) },
    );
    expect(keysOf(found)).toEqual(['exports/2026/10/c.json.gz', 'exports/2026/b.json', 'exports/a.jsonl']);
    expect(found.skipped).toEqual([
      {
        file: 's3://trails/exports/notes.txt',
        why: `does not end in ${extensions.join(', ')}; name it to have it read`,
      },
    ]);
  });

  it('finds AWSLogs in a folder of the bucket', async () => {
    const inFolder = `o-exampleorgid/${key(ana, 'eu-central-1', '2026/10/05')}`;
    const bucket = bucketOf([inFolder, `o-exampleorgid/AWSLogs/${ana}/Config/x.json.gz`]);
    expect(keysOf(await find(bucket, ''))).toEqual([inFolder]);
  });

  it('takes a named object, whatever its name', async () => {
    const found = await find(
      bucketOf(['some/events', 'some/events.json', 'some/events/a.json']),
      'some/events',
    );
    expect(keysOf(found)).toEqual(['some/events']);
  });

  it('lists what is beside the archive as skipped', async () => {
    const found = await find(bucketOf([key(ana, 'eu-central-1', '2026/10/05'), 'athena/x.json']), '');
    expect(found.skipped).toEqual([
      {
        file: 's3://trails/athena/',
        why: 'not where CloudTrail delivers its log files; to read it, name it as a path',
      },
    ]);
  });

  it('is an error where there is nothing', async () => {
    const found = await find(bucketOf(['AWSLogs-old/a.json']), 'AWSLogs/');
    expect(found.errors).toEqual([
      { file: 's3://trails/AWSLogs/', reason: expect.stringMatching(/^there is nothing to read/) },
    ]);
  });

  it('goes on where folders cannot be listed, with one error for the same reason', async () => {
    const refuse = (prefix: string): void => {
      if (prefix.includes(ben)) throw s3Error('AccessDenied', 'Access Denied');
    };
    const regions = ['eu-central-1', 'eu-west-1', 'us-east-1'];
    const bucket = bucketOf([key(ana, 'eu-central-1', '2026/10/05')], refuse);
    const found = await findObjects(
      bucket,
      { bucket: bucket.name, prefix: `AWSLogs/o-exampleorgid/` },
      { scope: { accounts: new Set([ana, ben]), regions: new Set(regions) } },
    );
    expect(found.errors).toEqual([
      {
        file: `s3://trails/AWSLogs/o-exampleorgid/${ben}/CloudTrail/eu-central-1/`,
        reason:
          's3:ListBucket was denied: AccessDenied (Access Denied); allow it on the bucket (and 2 more folders)',
      },
    ]);
  });

  it.each([
    ['NoSuchBucket', 'there is no such bucket: NoSuchBucket (NoSuchBucket it is)'],
    [
      'SlowDown',
      'could not be listed, s3:ListBucket failed: SlowDown (SlowDown it is); S3 throttles the calls, try again later',
    ],
    [
      'ExpiredToken',
      'could not be listed, s3:ListBucket failed: ExpiredToken (ExpiredToken it is); log in again, or name another profile with --profile',
    ],
  ])('reports the error of S3: %s', async (name, reason) => {
    const bucket = bucketOf([], () => {
      throw s3Error(name);
    });
    expect((await find(bucket, 'AWSLogs')).errors).toEqual([{ file: 's3://trails/AWSLogs', reason }]);
  });

  it('ends when it is aborted', async () => {
    const controller = new AbortController();
    const bucket = bucketOf([], () => {
      controller.abort(new Error('interrupted'));
      throw s3Error('AbortError');
    });
    const found = findObjects(
      { ...bucket, signal: controller.signal },
      { bucket: 'trails', prefix: '' },
      { scope: {} },
    );
    await expect(found).rejects.toThrow('interrupted');
  });
});
