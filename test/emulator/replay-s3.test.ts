/** Replay of an archive where AWS keeps it: the command as users run it, against the S3 and CloudTrail of moto. */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { CloudTrailClient, CreateTrailCommand } from '@aws-sdk/client-cloudtrail';
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { type ReplayJson, replaySchema } from '../../cli/output/replay-schema.ts';
import { createVolume, type Ended, put, trailseal, workFolder } from '../cli/command.ts';

const root = path.join(import.meta.dirname, '..', '..');
const sample = path.join(root, 'data', 'sample');
// A Region of its own, so that no other test sees its trail.
const region = 'ap-northeast-2';
const organization = 'AWSLogs/o-exampleorgid';
const env = {
  ...process.env,
  NO_COLOR: '1',
  AWS_ENDPOINT_URL: inject('moto'),
  AWS_ACCESS_KEY_ID: 'test',
  AWS_SECRET_ACCESS_KEY: 'test',
  AWS_EC2_METADATA_DISABLED: 'true',
  AWS_REGION: region,
};
const config = {
  region,
  endpoint: inject('moto'),
  credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  forcePathStyle: true,
};
const s3 = new S3Client(config);

async function upload(bucket: string, key: string, content: Buffer | string): Promise<void> {
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: content }));
}

function replayed(args: readonly string[], environment: NodeJS.ProcessEnv = env): Ended {
  const done = spawnSync(
    process.execPath,
    [path.join(root, 'bin', 'trailseal.mjs'), 'replay', ...args, '--format', 'json'],
    { cwd: workFolder(), encoding: 'utf8', env: environment, maxBuffer: 64 * 1024 * 1024 },
  );
  return { code: done.status, stdout: done.stdout, stderr: done.stderr };
}

function resultOf({ stdout, stderr }: Ended): ReplayJson {
  if (stdout === '') throw new Error(stderr);
  return replaySchema.parse(JSON.parse(stdout));
}

/** What a replay makes of an archive, apart from where its files are. */
function made(json: ReplayJson, prefix: string): unknown {
  const { generatedAt: _generatedAt, sources: _sources, skipped: _skipped, ...rest } = json;
  const inputErrors = rest.inputErrors.map((error) => ({ ...error, file: error.file.replace(prefix, '') }));
  return { ...rest, inputErrors };
}

beforeAll(async () => {
  const location = { LocationConstraint: region } as const;
  for (const bucket of ['sample-archive', 'odd-archive']) {
    await s3.send(new CreateBucketCommand({ Bucket: bucket, CreateBucketConfiguration: location }));
  }
  const files = readdirSync(sample, { recursive: true, withFileTypes: true }).filter((file) => file.isFile());
  for (const file of files) {
    const name = path.join(file.parentPath, file.name);
    await upload('sample-archive', path.relative(sample, name).replaceAll(path.sep, '/'), readFileSync(name));
  }
  const [one, two] = [createVolume('vol-0a', false, '08:00:00'), createVolume('vol-0b', false, '09:00:00')];
  await upload('odd-archive', 'exports/a & ü+.json', JSON.stringify([one]));
  await upload('odd-archive', 'exports/2026/b.jsonl', JSON.stringify(two));
  await upload('odd-archive', 'exports/c.json.gz', Buffer.from('1f8b080000', 'hex'));
  const cloudtrail = new CloudTrailClient(config);
  await cloudtrail.send(
    new CreateTrailCommand({ Name: 'everything', S3BucketName: 'sample-archive', IsOrganizationTrail: true }),
  );
}, 120_000);

describe('a replay from S3', () => {
  it('has the same result as a replay of the same files', () => {
    const folder = workFolder();
    const local = trailseal(folder, ['replay', sample, '--format', 'json']);
    const remote = replayed(['s3://sample-archive']);
    expect(remote.code).toBe(local.code);
    expect(made(resultOf(remote), 's3://sample-archive')).toEqual(made(resultOf(local), sample));
  });

  it('reads only the days, accounts and Regions in scope', () => {
    const scope = ['--since', '2026-10-06', '--until', '2026-10-08', '--account', '111122223333'];
    const json = resultOf(
      replayed([`s3://sample-archive/${organization}`, ...scope, '--region', 'us-east-1']),
    );
    const wanted = readdirSync(path.join(sample, organization, '111122223333/CloudTrail/us-east-1/2026/10'))
      .filter((day) => day >= '06' && day <= '09')
      .flatMap((day) =>
        readdirSync(path.join(sample, organization, '111122223333/CloudTrail/us-east-1/2026/10', day)),
      );
    expect(json.files).toBe(wanted.length);
  });

  it('evaluates its scope as a replay of all files does', () => {
    const scope = ['--since', '2026-10-01', '--until', '2026-10-12', '--account', '111122223333'];
    const folder = workFolder();
    const local = resultOf(trailseal(folder, ['replay', sample, ...scope, '--format', 'json']));
    const remote = resultOf(replayed(['s3://sample-archive/', ...scope]));
    expect(remote.findings).toEqual(local.findings);
    expect(remote.files).toBeLessThan(local.files);
  });

  it('reads the bucket of a trail', () => {
    const args = ['--since', '2026-10-06', '--until', '2026-10-06'];
    const ofTrail = replayed(['--trail', 'everything', ...args]);
    const ofBucket = replayed([`s3://sample-archive/${organization}/`, ...args]);
    expect(resultOf(ofTrail).sources).toEqual(['s3://sample-archive/AWSLogs/']);
    expect(made(resultOf(ofTrail), '')).toEqual(made(resultOf(ofBucket), ''));
  });

  it('says what to do about a missing trail', () => {
    const { code, stderr } = replayed(['--trail', 'nothing']);
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /^trailseal: there is no trail nothing in ap-northeast-2; the trails there are: .*everything.*\. Use its ARN, name its Region with --region, or name its bucket: trailseal replay s3:\/\/BUCKET\/PREFIX\n$/,
    );
  });

  it('reads folders with another layout, and reports their errors', () => {
    const ended = replayed(['s3://odd-archive/exports']);
    const { files, findings, inputErrors } = resultOf(ended);
    expect({ files, code: ended.code, ids: findings.map(({ resource }) => resource.id) }).toEqual({
      files: 3,
      code: 3,
      ids: ['vol-0a', 'vol-0b'],
    });
    expect(inputErrors).toEqual([
      {
        file: 's3://odd-archive/exports/c.json.gz',
        reason: 'truncated gzip: the end of the file is missing; no record could be read',
      },
    ]);
  });

  it('combines S3 and files, each object once', () => {
    const file = put(workFolder(), 'local.json', [createVolume('vol-0c', false, '10:00:00')]);
    const uris = ['s3://odd-archive/exports/2026/b.jsonl', 's3://odd-archive/exports/2026'];
    const { findings, records } = resultOf(replayed([...uris, file]));
    expect(findings.map(({ resource }) => resource.id)).toEqual(['vol-0b', 'vol-0c']);
    expect(records).toBe(2);
  });

  it('finds a bucket of another Region than the configured one', () => {
    const ended = replayed(['s3://odd-archive/exports/2026/'], { ...env, AWS_REGION: 'us-west-2' });
    expect(resultOf(ended).files).toBe(1);
  });

  it('reads the rest where there is no such bucket', () => {
    const ended = replayed(['s3://no-such-archive', 's3://odd-archive/exports/2026/']);
    expect(ended.code).toBe(3);
    expect(resultOf(ended)).toMatchObject({
      files: 1,
      inputErrors: [
        { file: 's3://no-such-archive/', reason: expect.stringMatching(/^there is no such bucket: /) },
      ],
    });
  });
});
