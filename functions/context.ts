/** What every function needs of its surroundings: clients that count their calls, a clock, and a place for what failed. */
import { setTimeout } from 'node:timers/promises';
import { SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { withoutNoncharacters } from '../lib/aws/sqs.ts';

/** Makes something of what is handed in; what was made last is kept for as long as the same is handed in. */
export function keptFor<From, Made>(make: (from: From) => Made): (from: From) => Made {
  let last: { readonly from: From; readonly made: Made } | undefined;
  return (from) => {
    last = last !== undefined && last.from === from ? last : { from, made: make(from) };
    return last.made;
  };
}

/** Waits so long, in milliseconds. */
export async function wait(milliseconds: number): Promise<void> {
  await setTimeout(milliseconds);
}

/**
 * Puts a message aside for people. The reason counts in the size that SQS takes, and is cut. A body that is too large
 * with it rejects: then the queue itself puts the message aside in the end, without a reason.
 * Source: Amazon SQS Developer Guide, "Message quotas".
 */
export function deadLettersTo(sqs: SQSClient, queueUrl: string) {
  return async (body: string, reason: string): Promise<void> => {
    await sqs.send(
      new SendMessageCommand({
        QueueUrl: queueUrl,
        MessageBody: withoutNoncharacters(body),
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
