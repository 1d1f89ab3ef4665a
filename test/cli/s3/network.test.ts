/** S3's client against a server of this machine, so that connections, retries and redirects are the real ones. */
import { createServer, type RequestListener, type Server } from 'node:http';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { regionOf } from '../../../cli/s3/bucket.ts';
import { fetchObject } from '../../../cli/s3/fetch.ts';
import { s3Client } from '../../../lib/aws/sdk.ts';

let server: Server | undefined;

/** A client of an S3 that answers its requests so, one after the other; the last answer stays. */
async function clientOf(...answers: readonly RequestListener[]) {
  let calls = 0;
  const made = createServer((request, response) => {
    const answer = answers[Math.min(calls, answers.length - 1)];
    calls += 1;
    answer?.(request, response);
  });
  server = made;
  await new Promise<void>((resolve) => made.listen(0, '127.0.0.1', resolve));
  const address = made.address();
  if (typeof address !== 'object' || address === null) throw new Error('the server has no port');
  vi.stubEnv('AWS_ENDPOINT_URL_S3', `http://127.0.0.1:${address.port}`);
  const client = s3Client({
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
  return { client, calls: () => calls };
}

afterEach(() => {
  vi.unstubAllEnvs();
  server?.closeAllConnections();
  server?.close();
});

const whole: RequestListener = (_request, response) => {
  response.setHeader('content-length', 10);
  response.end('{"a":[1]}}');
};
const cut: RequestListener = (_request, response) => {
  response.setHeader('content-length', 10);
  response.write('{"a"', () => response.destroy());
};
const failing =
  (status: number, code: string, headers: Readonly<Record<string, string>> = {}): RequestListener =>
  (_request, response) => {
    response.writeHead(status, { 'content-type': 'application/xml', ...headers });
    response.end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>${code} it is</Message></Error>`);
  };

async function fetched(...answers: readonly RequestListener[]) {
  const { client, calls } = await clientOf(...answers);
  const bucket = { name: 'trails', client };
  const content = await fetchObject(bucket, { key: 'a.json', bytes: 10 }, async () => undefined);
  return { content: Buffer.isBuffer(content) ? content.toString() : content.reason, calls: calls() };
}

describe('the client of S3', () => {
  it('retries a call that S3 throttles', async () => {
    expect(await fetched(failing(503, 'SlowDown'), whole)).toEqual({ content: '{"a":[1]}}', calls: 2 });
  });

  it('reports a connection that breaks within a body, so that the object is fetched again', async () => {
    expect(await fetched(cut, whole)).toEqual({ content: '{"a":[1]}}', calls: 2 });
  });

  it('reports an object that S3 denies', async () => {
    expect(await fetched(failing(403, 'AccessDenied'))).toEqual({
      content:
        's3:GetObject was denied: AccessDenied (AccessDenied it is); allow it on the objects of the bucket',
      calls: 1,
    });
  });

  it('follows to the Region of a bucket', async () => {
    const there = { 'x-amz-bucket-region': 'eu-central-1' };
    const { client } = await clientOf(failing(301, 'PermanentRedirect', there), (_request, response) => {
      response.writeHead(200, there);
      response.end();
    });
    expect(await regionOf(client, 'trails')).toBe('eu-central-1');
  });

  it('does not know the Region of a bucket that it may not read', async () => {
    const { client } = await clientOf(failing(403, 'AccessDenied'));
    expect(await regionOf(client, 'trails')).toBeUndefined();
  });
});
