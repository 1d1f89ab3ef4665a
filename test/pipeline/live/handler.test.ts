/** The evaluator as Lambda calls it: what a queue is answered, and what whoever invokes it by hand. */
import { TransactWriteItemsCommand } from '@aws-sdk/client-dynamodb';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { describe, expect, it } from 'vitest';
import { deliveriesInAll } from '../../../lib/pipeline/live/redelivery.ts';
import {
  disabled,
  dynamodb,
  fromSqs,
  keyId,
  queue,
  setUpFunction,
  sqs,
  started,
} from './evaluator-function.ts';

setUpFunction();

describe('the evaluator’s function', () => {
  it('returns the result of a bare envelope', async () => {
    expect(await started()(disabled)).toMatchObject([
      { results: [{ control: 'kms-key-disabled', resource: keyId, outcome: 'FAIL' }] },
    ]);
  });

  it('rejects a bare envelope that fails, with the reason', async () => {
    dynamodb.on(TransactWriteItemsCommand).rejects(new Error('no such table'));
    await expect(started()(disabled)).rejects.toThrow(/no such table/);
  });

  it('returns no failures to a queue when all is handled, including messages sent to the DLQ', async () => {
    expect(await started()(fromSqs({ one: disabled, two: 'no JSON' }))).toEqual({ batchItemFailures: [] });
    const [letter] = sqs.commandCalls(SendMessageCommand).map(({ args: [{ input }] }) => input);
    expect(letter).toMatchObject({
      QueueUrl: `${queue}-dead-letters`,
      MessageBody: 'no JSON',
      MessageAttributes: { reason: { StringValue: expect.stringMatching(/^it is no JSON/) } },
    });
  });

  it('has the queue deliver only failed messages again', async () => {
    dynamodb.on(TransactWriteItemsCommand).rejects(new Error('no such table'));
    expect(await started()(fromSqs({ one: disabled, two: 'no JSON' }))).toEqual({
      batchItemFailures: [{ itemIdentifier: 'one' }],
    });
  });

  it('sends messages that failed too often to the DLQ, with the reason', async () => {
    dynamodb.on(TransactWriteItemsCommand).rejects(new Error('no such table'));
    expect(await started()(fromSqs({ one: disabled }, deliveriesInAll))).toEqual({ batchItemFailures: [] });
    const [letter] = sqs.commandCalls(SendMessageCommand).map(({ args: [{ input }] }) => input);
    expect(letter?.MessageAttributes?.['reason']?.StringValue).toMatch(
      /^It failed 15 times, the last time with StateTableError: .*no such table/,
    );
  });
});
