import { DynamoDBClient, TransactWriteItemsCommand } from '@aws-sdk/client-dynamodb';
import { expect, it } from 'vitest';
import { at } from '../../../lib/core/json.ts';

it('a write that the SDK tries again, as its answer was lost, is the same request, which DynamoDB carries out once', async () => {
  const client = new DynamoDBClient({
    region: 'eu-central-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    maxAttempts: 2,
  });
  const tokens: unknown[] = [];
  client.middlewareStack.add(
    () => async (args) => {
      const body = at(args.request, 'body');
      tokens.push(
        body instanceof Uint8Array
          ? at(JSON.parse(new TextDecoder().decode(body)), 'ClientRequestToken')
          : body,
      );
      throw Object.assign(new Error('no answer'), { name: 'TimeoutError' });
    },
    { step: 'finalizeRequest', priority: 'low' },
  );
  await expect(client.send(new TransactWriteItemsCommand({ TransactItems: [] }))).rejects.toThrow(
    'no answer',
  );
  expect(tokens).toEqual([expect.stringMatching(/./), tokens[0]]);
});
