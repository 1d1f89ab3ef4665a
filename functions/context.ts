/** What every function needs of its surroundings: clients that count their calls, a clock, and a place for what failed. */
import { setTimeout } from 'node:timers/promises';
import { SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';

/** Nothing in a function may be waited for longer than Lambda lets it run. */
export async function wait(milliseconds: number): Promise<void> {
  await setTimeout(milliseconds);
}

/**
 * Puts a message aside for people. SQS takes 256 KB with the attributes, so that a long reason is cut.
 * Source: Amazon SQS Developer Guide, "Message quotas".
 */
export function deadLettersTo(sqs: SQSClient, queueUrl: string) {
  return async (body: string, reason: string): Promise<void> => {
    await sqs.send(
      new SendMessageCommand({
        QueueUrl: queueUrl,
        MessageBody: body,
        MessageAttributes: { reason: { DataType: 'String', StringValue: printable(reason) } },
      }),
    );
  };
}

/** SQS refuses most control characters and half surrogates in what it carries. Source: SQS API, "SendMessage". */
function printable(reason: string): string {
  const text = reason
    .replace(/\p{Cc}/gu, ' ')
    .toWellFormed()
    .replace(/[\ufffe\uffff]/g, ' ')
    .trim();
  if (text === '') return 'no reason was given';
  return text.length > 1_000 ? `${text.slice(0, 999).toWellFormed()}…` : text;
}
