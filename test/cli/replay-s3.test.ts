import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { createVolume, put, trailseal, workFolder } from './command.ts';

const bin = path.join(import.meta.dirname, '..', '..', 'bin', 'trailseal.mjs');

/** Runs a replay in an environment without credentials, except those of `env`. */
function replayed(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const done = spawnSync(process.execPath, [bin, 'replay', ...args], {
    cwd: workFolder(),
    encoding: 'utf8',
    env: {
      PATH: process.env['PATH'],
      HOME: workFolder(),
      AWS_EC2_METADATA_DISABLED: 'true',
      NO_COLOR: '1',
      ...env,
    },
  });
  return { code: done.status, stderr: done.stderr, stdout: done.stdout };
}

const credentials = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' };

describe('the sources of a replay', () => {
  it('are required', () => {
    expect(trailseal(workFolder(), ['replay'])).toEqual({
      code: 2,
      stdout: '',
      stderr: 'trailseal: replay takes what to read: files, folders, s3://BUCKET/PREFIX, or --trail NAME\n',
    });
  });

  it.each(['s3://', 's3:///prefix', 's3://a bucket/x'])('in S3 need the name of a bucket: %s', (uri) => {
    const { code, stderr } = replayed([uri], credentials);
    expect(code).toBe(2);
    expect(stderr).toBe(
      `trailseal: an archive in S3 is written s3://BUCKET or s3://BUCKET/PREFIX, not ${uri}\n`,
    );
  });

  it('in S3 need credentials', () => {
    const { code, stderr } = replayed(['s3://trails']);
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /^trailseal: there are no AWS credentials to read S3: .*; log in \(aws login, aws sso login\), set AWS_PROFILE, or name a profile with --profile\n$/,
    );
  });

  it('are read with the credentials of --profile', () => {
    const { code, stderr } = replayed(['s3://trails', '--profile', 'audit']);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^trailseal: there are no AWS credentials of profile audit to read S3: /);
  });

  it("by a trail's name need a Region", () => {
    expect(replayed(['--trail', 'management'], credentials)).toEqual({
      code: 2,
      stdout: '',
      stderr:
        'trailseal: no Region is configured in which to find trail management: use its ARN, name its Region with --region, or set AWS_REGION\n',
    });
  });

  it('are read without the AWS SDK where they are not in S3', () => {
    const file = put(workFolder(), 'a.json', createVolume('vol-0a', true, '08:00:00'));
    const refusing = `import { registerHooks } from 'node:module';
      registerHooks({ resolve(name, context, next) {
        if (/^@(aws-sdk|smithy)\\//.test(name)) throw new Error('it loads ' + name);
        return next(name, context);
      } });`;
    const NODE_OPTIONS = `--import=data:text/javascript,${encodeURIComponent(refusing)}`;
    expect(replayed([file, '--quiet'], { NODE_OPTIONS })).toMatchObject({ code: 0, stderr: '' });
    expect(replayed(['s3://trails'], { NODE_OPTIONS }).stderr).toContain('it loads @aws-sdk/');
  });
});
