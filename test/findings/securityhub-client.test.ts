/** The publisher with the client that it is made for, against a server of this machine: the network is the real one. */
import { createServer, type RequestListener, type Server } from 'node:http';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { securityHubClient } from '../../lib/aws/sdk.ts';
import { Publisher } from '../../lib/findings/publisher.ts';
import { asffOf } from './publishing.ts';

let server: Server | undefined;

/** Serves Security Hub at the endpoint that the environment names. */
async function serve(answer: RequestListener): Promise<void> {
  const made = createServer((request, response) => {
    request.resume().once('end', () => answer(request, response));
  });
  server = made;
  await new Promise<void>((resolve) => made.listen(0, '127.0.0.1', resolve));
  const address = made.address();
  if (typeof address !== 'object' || address === null) throw new Error('the server has no port');
  vi.stubEnv('AWS_ENDPOINT_URL_SECURITYHUB', `http://127.0.0.1:${address.port}`);
}

afterEach(() => {
  vi.unstubAllEnvs();
  server?.closeAllConnections();
  server?.close();
});

function publish() {
  const publisher = new Publisher({
    clientOf: () =>
      securityHubClient({
        region: 'eu-central-1',
        credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
      }),
    now: () => new Date(),
    wait: async () => undefined,
    random: Math.random,
  });
  return publisher.publish([asffOf('f1')]);
}

describe('the client for Security Hub', () => {
  it('asks the endpoint that the environment names', async () => {
    await serve((_request, response) => {
      response.end(JSON.stringify({ FailedCount: 0, SuccessCount: 1, FailedFindings: [] }));
    });
    expect(await publish()).toEqual({ accepted: ['f1'], refused: [], deferred: [] });
  });

  it('tries each call once, so that the publisher alone says how often Security Hub is asked', async () => {
    let calls = 0;
    await serve((_request, response) => {
      calls += 1;
      response.statusCode = 503;
      response.end('{}');
    });
    const { deferred } = await publish();
    expect([calls, deferred.map(({ id }) => id)]).toEqual([5, ['f1']]);
  });

  it('has what a broken connection left undone deferred', async () => {
    await serve((request) => request.socket.destroy());
    expect((await publish()).deferred.map(({ id }) => id)).toEqual(['f1']);
  });

  it('knows an account without Security Hub', async () => {
    await serve((_request, response) => {
      response.statusCode = 401;
      response.setHeader('x-amzn-ErrorType', 'InvalidAccessException');
      response.end(JSON.stringify({ Message: 'Account 111122223333 is not subscribed to AWS Security Hub' }));
    });
    expect((await publish()).off).toMatchObject({
      because: 'not-enabled',
      message: expect.stringContaining('is not subscribed to AWS Security Hub'),
    });
  });
});
