/** The clients against a server of this machine, so that endpoints, retries and the network are the real ones. */
import { createServer, type RequestListener, type Server } from 'node:http';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { clientsByAccountRegion, lazyClients } from '../../lib/aws/clients.ts';
import { accountRegionKey } from '../../lib/core/account-region.ts';
import { AwsFacts } from '../../lib/pipeline/aws-facts.ts';
import { makeClients } from '../../lib/services/clients.ts';
import { aws as kmsAws } from '../../lib/services/kms/aws.ts';
import { clients as kmsClients } from '../../lib/services/kms/clients.ts';
import { key, region, start } from '../pipeline/gathering.ts';

const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
let server: Server | undefined;

/** Serves KMS at the endpoint that the environment names. */
async function serve(answer: RequestListener): Promise<void> {
  const made = createServer(answer);
  server = made;
  await new Promise<void>((resolve) => made.listen(0, '127.0.0.1', resolve));
  const address = made.address();
  if (typeof address !== 'object' || address === null) throw new Error('the server has no port');
  vi.stubEnv('AWS_ENDPOINT_URL_KMS', `http://127.0.0.1:${address.port}`);
}

afterEach(() => {
  vi.unstubAllEnvs();
  server?.closeAllConnections();
  server?.close();
});

async function read() {
  const provider = new AwsFacts({
    readers: kmsAws.readers,
    clients: clientsByAccountRegion(makeClients, ({ region: where }) => ({
      region: where,
      credentials,
      maxAttempts: 2,
    })),
    now: () => new Date(start),
    wait: async () => undefined,
  });
  const [facts] = await provider.gather([{ resource: key, facts: ['kms.keyState'] }]);
  return facts?.['kms.keyState'];
}

describe('clients', () => {
  it('ask the endpoint that the environment names', async () => {
    await serve((_request, response) => {
      response.setHeader('content-type', 'application/x-amz-json-1.1');
      response.end(JSON.stringify({ KeyMetadata: { KeyId: key.id, KeyState: 'Disabled' } }));
    });
    expect(await read()).toMatchObject({ known: true, value: { keyState: 'Disabled' } });
  });

  it('try a throttled call as often as they may, and then say so', async () => {
    let calls = 0;
    await serve((_request, response) => {
      calls += 1;
      response.statusCode = 400;
      response.setHeader('content-type', 'application/x-amz-json-1.1');
      response.end(JSON.stringify({ __type: 'ThrottlingException', message: 'Rate exceeded' }));
    });
    expect(await read()).toMatchObject({ known: false, reason: 'throttled' });
    expect(calls).toBe(2);
  });

  it('say so when the connection breaks', async () => {
    await serve((request) => {
      request.socket.destroy();
    });
    expect(await read()).toMatchObject({ known: false, reason: 'failed' });
  });

  it('are made once for each account and Region, and each when it is first used', () => {
    const asked: string[] = [];
    const clients = clientsByAccountRegion(makeClients, (where) => {
      asked.push(accountRegionKey(where));
      return { region: where.region, credentials };
    });
    expect(clients({ account: '111122223333', region }).ec2).toBe(
      clients({ account: '111122223333', region }).ec2,
    );
    expect(clients({ account: '444455556666', region }).ec2).not.toBe(
      clients({ account: '111122223333', region }).ec2,
    );
    expect(asked).toEqual(['111122223333/us-east-1', '444455556666/us-east-1']);
  });

  it('of services that a function was not given are not there', () => {
    const clients = lazyClients({ kms: kmsClients.kms }, { region, credentials });
    expect(clients.kms).toBe(clients.kms);
    expect(() => clients.eks).toThrow(/eks/);
  });

  it('are for the Region asked for', async () => {
    expect(await makeClients({ region: 'eu-west-1', credentials }).eks.config.region()).toBe('eu-west-1');
  });
});
