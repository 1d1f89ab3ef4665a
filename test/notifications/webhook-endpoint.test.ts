import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { mockClient } from 'aws-sdk-client-mock';
import { describe, expect, it } from 'vitest';
import { secretReader } from '../../lib/notifications/webhook-endpoint.ts';

function parameter(...values: readonly string[]) {
  const client = new SSMClient({ region: 'eu-central-1' });
  const mock = mockClient(client).on(GetParameterCommand, { Name: '/webhook', WithDecryption: true });
  for (const [index, Value] of values.entries()) {
    if (index < values.length - 1) mock.resolvesOnce({ Parameter: { Value } });
    else mock.resolves({ Parameter: { Value } });
  }
  let now = 0;
  const read = secretReader(client, '/webhook', () => now);
  return {
    read,
    pass: (milliseconds: number) => {
      now += milliseconds;
    },
  };
}

describe('a secret', () => {
  it('is kept for a minute', async () => {
    const { read, pass } = parameter('old', 'new');
    await read();
    pass(59_999);
    expect(await read()).toBe('old');
  });

  it('is read again after a minute', async () => {
    const { read, pass } = parameter('old', 'new');
    await read();
    pass(60_000);
    expect(await read()).toBe('new');
  });
});
