import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { mockClient } from 'aws-sdk-client-mock';
import { expect, it } from 'vitest';
import { deadLettersTo } from '../../../functions/context.ts';
import { parseBody, publishBody } from '../../../lib/pipeline/live/message.ts';

/** Puts one message aside. @returns what was sent to the queue. */
async function sent(body: string, reason: string) {
  const client = new SQSClient({ region: 'eu-central-1' });
  const mock = mockClient(client);
  await deadLettersTo(client, 'https://sqs.eu-central-1.amazonaws.com/111122223333/dead')(body, reason);
  const [call] = mock.commandCalls(SendMessageCommand);
  return call?.args[0].input;
}

it('a message in the DLQ keeps its meaning, without the characters that SQS refuses', async () => {
  const body = JSON.stringify(publishBody(['trailseal/eks-audit-logging/\ufffe\uffff']));
  const message = await sent(body, 'no');
  expect(message?.MessageBody).not.toMatch(/[\ufffe\uffff]/);
  expect(parseBody(message?.MessageBody ?? '')).toEqual(parseBody(body));
});

it.each([
  ['of several lines', 'one\ntwo\u0000', 'one two'],
  ['that is broken', 'half \ud800 a pair \uffff', 'half \ufffd a pair'],
  ['that is blank', '\n', 'no reason was given'],
  ['that is long', 'x'.repeat(1_001), `${'x'.repeat(999)}…`],
])('a reason %s is made valid for SQS', async (_what, reason, told) => {
  const message = await sent('{}', reason);
  expect(message?.MessageAttributes?.['reason']?.StringValue).toBe(told);
});
