/** What commands print, and how soon, where AWS does not answer or another host answers in its place. */
import { execFile } from 'node:child_process';
import { channel } from 'node:diagnostics_channel';
import { createServer } from 'node:net';
import path from 'node:path';
import { GetCallerIdentityCommand, STSClient, STSServiceException } from '@aws-sdk/client-sts';
import { mockClient } from 'aws-sdk-client-mock';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { openSession } from '../../cli/aws/session.ts';
import { announceWaiting } from '../../cli/aws/waiting.ts';
import { UnansweredError, UsageError } from '../../cli/exit.ts';
import { type Ended, trailseal, workFolder } from './command.ts';

const bin = path.join(import.meta.dirname, '..', '..', 'bin', 'trailseal.mjs');

describe('an AWS that accepts connections and never answers', () => {
  const mute = createServer();
  let endpoint = '';

  beforeAll(async () => {
    await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve));
    const address = mute.address();
    if (address === null || typeof address === 'string') throw new Error('there is no port');
    endpoint = `http://127.0.0.1:${address.port}`;
  });
  afterAll(() => mute.close());

  function ask(...args: readonly string[]): Promise<Ended & { readonly seconds: number }> {
    const begun = performance.now();
    const env = {
      ...process.env,
      AWS_ENDPOINT_URL: endpoint,
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
    };
    return new Promise((resolve) => {
      const child = execFile(
        process.execPath,
        [bin, ...args, '--region', 'eu-central-1'],
        { cwd: workFolder(), env },
        (_error, stdout, stderr) =>
          resolve({ code: child.exitCode, stdout, stderr, seconds: (performance.now() - begun) / 1_000 }),
      );
    });
  }

  const advice = 'check that the Region exists and that this machine can reach it';

  // 8 and 15 seconds are the limits; the rest is for a busy machine to start. The SDK's own limits would take 75.
  it.concurrent.each([
    [
      ['kill-switch', 'on', '--stage', 'dev'],
      `trailseal: the kill switch is NOT engaged: cannot reach AWS in eu-central-1: no answer within 4 seconds, in 2 attempts; ${advice}\n`,
      20,
    ],
    [
      ['breaker', 'show'],
      `trailseal: cannot reach AWS in eu-central-1: no answer within 5 seconds, in 3 attempts; ${advice}\n`,
      30,
    ],
  ])('ends %j with an error', { timeout: 60_000 }, async (args, sentence, within) => {
    const { code, stderr, seconds } = await ask(...args);
    expect({ code, stderr }).toEqual({ code: 3, stderr: sentence });
    expect(seconds).toBeLessThan(within);
  });
});

describe('the caller’s identity', () => {
  const sts = mockClient(STSClient);
  beforeEach(() => sts.reset());
  afterAll(() => sts.restore());

  /** The error where STS answers with this one. */
  async function refusedBy(error: Error): Promise<unknown> {
    sts.on(GetCallerIdentityCommand).rejects(error);
    return openSession(undefined, 'eu-central-1').catch((thrown: unknown) => thrown);
  }

  function answer(name: string, message = ''): Error {
    return new STSServiceException({ name, message, $fault: 'client', $metadata: { httpStatusCode: 403 } });
  }

  it.each(['ExpiredToken', 'InvalidClientTokenId', 'SignatureDoesNotMatch', 'AccessDenied'])(
    'blames the credentials for the error %s',
    async (name) => {
      expect(await refusedBy(answer(name))).toEqual(
        new UsageError(
          `AWS does not accept the credentials, or there are none: ${name}; ` +
            'log in (aws login, aws sso login), set AWS_PROFILE, or name a profile with --profile',
        ),
      );
    },
  );

  it.each(['NotFound', 'InternalFailure', 'SyntaxError'])(
    'does not blame the credentials for the error %s',
    async (name) => {
      expect(await refusedBy(answer(name, '\u001b[2J'))).toEqual(
        new UnansweredError(
          String.raw`cannot tell whose credentials these are: STS in eu-central-1 failed: ${name} (\u{1b}[2J); check that AWS itself answered, not a proxy or the host in AWS_ENDPOINT_URL`,
        ),
      );
    },
  );

  it('is an error without an account', async () => {
    sts.on(GetCallerIdentityCommand).resolves({});
    await expect(openSession(undefined, 'eu-central-1')).rejects.toThrow(
      new UnansweredError('STS in eu-central-1 did not return the account of these credentials'),
    );
  });
});

describe('a name with an invalid Region', () => {
  it.each([
    [
      'trailseal/kms-key-deletion/111122223333/evil.example:99/x',
      "a finding's id takes a Region such as eu-central-1, not evil.example:99",
    ],
    [
      'arn:aws:ec2:evil.example/x:111122223333:volume/vol-1',
      "a resource's ARN takes a Region such as eu-central-1, not evil.example/x",
    ],
  ])('%s is rejected before any call to AWS', (name, sentence) => {
    const { code, stderr } = trailseal(workFolder(), ['undo', name, '--dry-run']);
    expect({ code, stderr }).toEqual({ code: 2, stderr: `trailseal: ${sentence}\n` });
  });
});

describe('waiting for AWS', () => {
  const start = channel('http.client.request.start');
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  /** The lines that are written to a terminal, or to a file, from now on. */
  function linesOn(isTTY: boolean): readonly string[] {
    const lines: string[] = [];
    announceWaiting({ isTTY, write: (text: string | Uint8Array) => lines.push(String(text)) > 0 });
    return lines;
  }

  it('is announced after three seconds', () => {
    const lines = linesOn(true);
    start.publish({ request: {} });
    vi.advanceTimersByTime(2_999);
    const before = [...lines];
    vi.advanceTimersByTime(1);
    expect([before, lines]).toEqual([[], ['waiting for AWS …\n']]);
  });

  it('is announced once', () => {
    const lines = linesOn(true);
    for (const request of [{}, {}]) start.publish({ request });
    vi.advanceTimersByTime(3_000);
    start.publish({ request: {} });
    vi.advanceTimersByTime(3_000);
    expect(lines).toEqual(['waiting for AWS …\n']);
  });

  it.each(['http.client.response.finish', 'http.client.request.error'])(
    'is not announced after %s',
    (ending) => {
      const lines = linesOn(true);
      const request = {};
      start.publish({ request });
      channel(ending).publish({ request });
      vi.advanceTimersByTime(60_000);
      expect(lines).toEqual([]);
    },
  );

  it('is announced only on a terminal', () => {
    const lines = linesOn(false);
    start.publish({ request: {} });
    vi.advanceTimersByTime(60_000);
    expect(lines).toEqual([]);
  });
});
