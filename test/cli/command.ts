/** The `trailseal` command, run as people run it, in a folder of its own. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';

const bin = path.join(import.meta.dirname, '..', '..', 'bin', 'trailseal.mjs');

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const folders: string[] = [];
process.on('exit', () => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** An empty folder, to work in. */
export function workFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'trailseal-test-'));
  folders.push(folder);
  return folder;
}

/** Runs `trailseal` with `args` in `cwd`. @param variables of its environment, beside the stage that it works on. */
export function trailseal(
  cwd: string,
  args: readonly string[],
  input = '',
  variables: NodeJS.ProcessEnv = {},
): Ended {
  const done = spawnSync(process.execPath, [bin, ...args], {
    cwd,
    input,
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: '1', TRAILSEAL_STAGE: 'dev', ...variables },
    maxBuffer: 64 * 1024 * 1024,
  });
  return { code: done.status, stdout: done.stdout, stderr: done.stderr };
}

/** Writes `content` to `name` below `folder`; gzipped where the name says so. Objects become JSON. */
export function put(folder: string, name: string, content: unknown): string {
  const file = path.join(folder, name);
  mkdirSync(path.dirname(file), { recursive: true });
  const bytes = Buffer.isBuffer(content)
    ? content
    : Buffer.from(typeof content === 'string' ? content : JSON.stringify(content));
  writeFileSync(file, name.endsWith('.gz') ? gzipSync(bytes) : bytes);
  return file;
}

let serial = 0;

/** A CloudTrail record of 2026-10-05, at `time` (hh:mm:ss) where one is given. */
export function record(
  eventSource: string,
  eventName: string,
  time: string | undefined,
  more: Readonly<Record<string, unknown>> = {},
): Record<string, unknown> {
  serial += 1;
  return {
    eventVersion: '1.11',
    userIdentity: {
      type: 'IAMUser',
      principalId: 'AIDAEXAMPLE',
      arn: 'arn:aws:iam::111122223333:user/ana',
      accountId: '111122223333',
      userName: 'ana',
    },
    ...(time === undefined ? {} : { eventTime: `2026-10-05T${time}Z` }),
    eventSource,
    eventName,
    awsRegion: 'eu-central-1',
    sourceIPAddress: '192.0.2.7',
    userAgent: 'aws-cli/2.31.0',
    requestParameters: null,
    responseElements: null,
    eventID: `00000000-0000-4000-8000-${String(serial).padStart(12, '0')}`,
    readOnly: false,
    eventType: 'AwsApiCall',
    managementEvent: true,
    recipientAccountId: '111122223333',
    eventCategory: 'Management',
    ...more,
  };
}

/** CreateVolume answered with `vol-…`, encrypted or not. */
export function createVolume(id: string, encrypted: boolean, time?: string): Record<string, unknown> {
  return record('ec2.amazonaws.com', 'CreateVolume', time, {
    requestParameters: { size: '8', zone: 'eu-central-1a' },
    responseElements: { volumeId: id, size: '8', zone: 'eu-central-1a', status: 'creating', encrypted },
  });
}

export function deleteVolume(id: string, time?: string): Record<string, unknown> {
  return record('ec2.amazonaws.com', 'DeleteVolume', time, {
    requestParameters: { volumeId: id },
    responseElements: { _return: true },
  });
}

const key = '1234abcd-12ab-34cd-56ef-1234567890ab';

/** A KMS call on one key of the account. */
export function keyCall(eventName: string, time?: string): Record<string, unknown> {
  return record('kms.amazonaws.com', eventName, time, {
    requestParameters: { keyId: key },
    resources: [
      {
        accountId: '111122223333',
        type: 'AWS::KMS::Key',
        ARN: `arn:aws:kms:eu-central-1:111122223333:key/${key}`,
      },
    ],
  });
}
