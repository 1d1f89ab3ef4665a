/** What several functions share: memoized dependencies, waiting, and sending to the DLQ. */
import { setTimeout } from 'node:timers/promises';
import { SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { withoutNoncharacters } from '../lib/aws/sqs.ts';

/** Memoizes `make` for its last argument: the same argument gets the same result. */
export function keptFor<From, Made>(make: (from: From) => Made): (from: From) => Made {
  let last: { readonly from: From; readonly made: Made } | undefined;
  return (from) => {
    last = last !== undefined && last.from === from ? last : { from, made: make(from) };
    return last.made;
  };
}

/** @param milliseconds how long to wait. */
export async function wait(milliseconds: number): Promise<void> {
  await setTimeout(milliseconds);
}

/**
 * Sends a message to the DLQ. The reason counts towards the maximum message size of SQS, and is cut. Rejects for a body that
 * is too large with it: then the queue itself moves the message to the DLQ in the end, without a reason.
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

/** SQS refuses most control characters and half surrogates in messages and attributes. Source: SQS API, "SendMessage". */
function printable(reason: string): string {
  const text = reason
    .replace(/\p{Cc}/gu, ' ')
    .toWellFormed()
    .replace(/[\ufffe\uffff]/g, ' ')
    .trim();
  if (text === '') return 'no reason was given';
  return text.length > 1_000 ? `${text.slice(0, 999).toWellFormed()}…` : text;
}
