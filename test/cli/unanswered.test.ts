/** What operators are told, and how soon, where AWS does not answer or somebody else answers in its place. */
import { execFile } from 'node:child_process';
import { channel } from 'node:diagnostics_channel';
import { createServer } from 'node:net';
import path from 'node:path';
import { GetCallerIdentityCommand, STSClient, STSServiceException } from '@aws-sdk/client-sts';
import { mockClient } from 'aws-sdk-client-mock';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { openSession } from '../../cli/aws/session.ts';
import { tellOfWaiting } from '../../cli/aws/waiting.ts';
import { UnansweredError, UsageError } from '../../cli/exit.ts';
import { type Ended, trailseal, workFolder } from './command.ts';

const bin = path.join(import.meta.dirname, '..', '..', 'bin', 'trailseal.mjs');

describe('an AWS that accepts and never answers', () => {
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

  const advice = 'see whether there is such a Region, and whether this machine reaches it';

  // 8 and 15 seconds are waited by design; the rest is for a busy machine to start, and far from the 75 of before.
  it.concurrent.each([
    [
      ['kill-switch', 'on'],
      `trailseal: the kill switch is NOT engaged: AWS is not reached in eu-central-1: it was asked 2 times, and did not answer within 4 seconds; ${advice}\n`,
      20,
    ],
    [
      ['breaker', 'show'],
      `trailseal: AWS is not reached in eu-central-1: it was asked 3 times, and did not answer within 5 seconds; ${advice}\n`,
      30,
    ],
  ])('ends %j with a sentence', { timeout: 60_000 }, async (args, sentence, within) => {
    const { code, stderr, seconds } = await ask(...args);
    expect({ code, stderr }).toEqual({ code: 3, stderr: sentence });
    expect(seconds).toBeLessThan(within);
  });
});

describe('whose credentials they are', () => {
  const sts = mockClient(STSClient);
  beforeEach(() => sts.reset());
  afterAll(() => sts.restore());

  /** What is thrown where STS answers so. */
  async function refusedBy(error: Error): Promise<unknown> {
    sts.on(GetCallerIdentityCommand).rejects(error);
    return openSession(undefined, 'eu-central-1').catch((thrown: unknown) => thrown);
  }

  function answer(name: string, message = ''): Error {
    return new STSServiceException({ name, message, $fault: 'client', $metadata: { httpStatusCode: 403 } });
  }

  it.each(['ExpiredToken', 'InvalidClientTokenId', 'SignatureDoesNotMatch', 'AccessDenied'])(
    'is a matter of credentials where AWS says %s',
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
    'is no matter of credentials where it says %s',
    async (name) => {
      expect(await refusedBy(answer(name, '\u001b[2J'))).toEqual(
        new UnansweredError(
          String.raw`AWS does not tell whose credentials these are in eu-central-1: ${name} (\u{1b}[2J); see whether it is AWS that answers: a proxy may, or what AWS_ENDPOINT_URL names`,
        ),
      );
    },
  );

  it('is not told without an account', async () => {
    sts.on(GetCallerIdentityCommand).resolves({});
    await expect(openSession(undefined, 'eu-central-1')).rejects.toThrow(
      new UnansweredError('STS does not tell the account of these credentials in eu-central-1'),
    );
  });
});

describe('what is named in no Region', () => {
  it.each([
    [
      'trailseal/kms-key-deletion/111122223333/evil.example:99/x',
      "a finding's id takes a Region such as eu-central-1, not evil.example:99",
    ],
    [
      'arn:aws:ec2:evil.example/x:111122223333:volume/vol-1',
      "a resource's ARN takes a Region such as eu-central-1, not evil.example/x",
    ],
  ])('%s is refused before anything is asked', (name, sentence) => {
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

  /** What a terminal, or a file, is told from now on. */
  function listening(isTTY: boolean): readonly string[] {
    const told: string[] = [];
    tellOfWaiting({ isTTY, write: (text: string | Uint8Array) => told.push(String(text)) > 0 });
    return told;
  }

  it('is told after three seconds', () => {
    const told = listening(true);
    start.publish({ request: {} });
    vi.advanceTimersByTime(2_999);
    const before = [...told];
    vi.advanceTimersByTime(1);
    expect([before, told]).toEqual([[], ['waiting for AWS …\n']]);
  });

  it('is told once', () => {
    const told = listening(true);
    for (const request of [{}, {}]) start.publish({ request });
    vi.advanceTimersByTime(3_000);
    start.publish({ request: {} });
    vi.advanceTimersByTime(3_000);
    expect(told).toEqual(['waiting for AWS …\n']);
  });

  it.each(['http.client.response.finish', 'http.client.request.error'])(
    'is not told after %s',
    (deletion) => {
      const told = listening(true);
      const request = {};
      start.publish({ request });
      channel(deletion).publish({ request });
      vi.advanceTimersByTime(60_000);
      expect(told).toEqual([]);
    },
  );

  it('is told on a terminal only', () => {
    const told = listening(false);
    start.publish({ request: {} });
    vi.advanceTimersByTime(60_000);
    expect(told).toEqual([]);
  });
});
