/**
 * Sending to SQS, as many messages a call as it takes, and each one that it refuses again by itself; and changing when what
 * was received is delivered again.
 */
import { setTimeout } from 'node:timers/promises';
import {
  type BatchResultErrorEntry,
  ChangeMessageVisibilityBatchCommand,
  ChangeMessageVisibilityCommand,
  SendMessageBatchCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { codeOf, reasonOf } from './reason.ts';

/** The IAM action that sending needs; there is none of its own for batches. */
export const sendPermission = 'sqs:SendMessage';

export interface SendOptions {
  /** How long SQS keeps each message back: 0 to 900 seconds. */
  readonly delaySeconds?: number;
  /** Message attributes, of type String, the same for every message. None may be empty. */
  readonly attributes?: Readonly<Record<string, string>>;
  /** Waits between tries, in milliseconds. */
  readonly wait?: (milliseconds: number) => Promise<unknown>;
}

/** Not every message was sent; what was sent stays sent. */
export class SendError extends Error {
  override readonly name = 'SendError';
  readonly queueUrl: string;
  /** The bodies that the queue did not take, by their places among those given. */
  readonly unsent: readonly number[];

  constructor(queueUrl: string, unsent: readonly number[], total: number, because: string, cause?: unknown) {
    super(
      `${unsent.length} of ${total} messages could not be sent to ${queueUrl}: ${because}. ` +
        `Check that the queue exists and that ${sendPermission} on it is allowed; the same messages may be sent again.`,
      { cause },
    );
    this.queueUrl = queueUrl;
    this.unsent = unsent;
  }
}

/**
 * The most messages, and bytes, of one call. SQS takes 1 MiB now; 256 KiB is what it took before, and what some
 * Regions and emulators still do. Source: Amazon SQS API Reference, "SendMessageBatch".
 */
const batchEntries = 10;
const batchBytes = 256 * 1024;
/** Milliseconds before the second try of what was refused, the third, … */
const delays = [100, 400, 1_600];

interface PreparedEntry {
  readonly position: number;
  readonly text: string;
  readonly bytes: number;
}

/**
 * Sends each body as one message of JSON, in the order given as far as SQS keeps any.
 * @returns when the queue has taken all of them. Rejects with a `SendError` that names those it did not take.
 */
export async function sendAll(
  client: SQSClient,
  queueUrl: string,
  bodies: readonly unknown[],
  { delaySeconds, attributes, wait = setTimeout }: SendOptions = {},
): Promise<void> {
  const messageAttributes = Object.fromEntries(
    Object.entries(attributes ?? {}).map(([name, value]) => [
      name,
      { DataType: 'String', StringValue: value },
    ]),
  );
  const attributeBytes = Object.entries(attributes ?? {}).reduce(
    (sum, [name, value]) => sum + Buffer.byteLength(name) + Buffer.byteLength(value) + 'String'.length,
    0,
  );
  const messages = bodies.map((body, position): PreparedEntry => {
    const text = messageText(body);
    return { position, text, bytes: Buffer.byteLength(text) + attributeBytes };
  });

  /** @returns the messages that SQS refused, with its reason. */
  async function send(batch: readonly PreparedEntry[]): Promise<ReadonlyMap<number, BatchResultErrorEntry>> {
    const answer = await client.send(
      new SendMessageBatchCommand({
        QueueUrl: queueUrl,
        Entries: batch.map(({ position, text }) => ({
          Id: String(position),
          MessageBody: text,
          ...(delaySeconds === undefined ? {} : { DelaySeconds: delaySeconds }),
          ...(attributes === undefined ? {} : { MessageAttributes: messageAttributes }),
        })),
      }),
    );
    return new Map((answer.Failed ?? []).map((failed) => [Number(failed.Id), failed]));
  }

  const refused: { readonly position: number; readonly because: string }[] = [];
  const batches = inBatches(messages);
  for (const [index, batch] of batches.entries()) {
    let left = batch;
    for (let tries = 1; left.length > 0; tries += 1) {
      let failed: ReadonlyMap<number, BatchResultErrorEntry>;
      try {
        failed = await send(left);
      } catch (error) {
        const unsent = [...refused, ...left, ...batches.slice(index + 1).flat()].map(
          ({ position }) => position,
        );
        throw new SendError(queueUrl, unsent, bodies.length, reasonOf(error), error);
      }
      const delay = delays[tries - 1];
      const again: PreparedEntry[] = [];
      for (const message of left) {
        const failure = failed.get(message.position);
        if (failure === undefined) continue;
        // What is wrong with the message itself stays wrong.
        if (failure.SenderFault !== true && delay !== undefined) again.push(message);
        else {
          const because = `${failure.Code ?? 'refused'}${failure.Message ? ` (${failure.Message})` : ''}`;
          refused.push({ position: message.position, because });
        }
      }
      left = again;
      if (left.length > 0 && delay !== undefined) await wait(delay);
    }
  }
  if (refused.length > 0) {
    const reasons = [...new Set(refused.map(({ because }) => because))];
    const unsent = refused.map(({ position }) => position);
    throw new SendError(queueUrl, unsent, bodies.length, reasons.join('; '));
  }
}

/** The IAM action that hiding needs; there is none of its own for batches. */
export const hidePermission = 'sqs:ChangeMessageVisibility';

/** A message that was received, and the seconds after which the queue delivers it again. */
export interface Hidden {
  /** The receipt handle of its last delivery. */
  readonly receipt: string;
  readonly seconds: number;
}

/**
 * Has the queue deliver messages again after so many seconds from now, in place of the rest of its visibility timeout.
 * @returns for each message that the queue did not change, the reason: it comes again when its visibility timeout ends.
 *   Rejects with what the SDK throws.
 * Source: Amazon SQS API Reference, "ChangeMessageVisibilityBatch": at most 10 entries, 0 to 43,200 seconds.
 */
export async function hideFor(
  client: SQSClient,
  queueUrl: string,
  messages: readonly Hidden[],
): Promise<readonly string[]> {
  const unchanged: string[] = [];
  for (let first = 0; first < messages.length; first += batchEntries) {
    const { Failed = [] } = await client.send(
      new ChangeMessageVisibilityBatchCommand({
        QueueUrl: queueUrl,
        Entries: messages.slice(first, first + batchEntries).map(({ receipt, seconds }, index) => ({
          Id: String(first + index),
          ReceiptHandle: receipt,
          VisibilityTimeout: seconds,
        })),
      }),
    );
    unchanged.push(
      ...Failed.map(({ Code, Message }) => `${Code ?? 'refused'}${Message ? ` (${Message})` : ''}`),
    );
  }
  return unchanged;
}

/**
 * Whether the queue delivered a message with this receipt, and has neither delivered it again nor deleted it; then it is
 * hidden for so many seconds from now. Rejects with what the SDK throws where SQS does not say.
 * Source: Amazon SQS API Reference, "ChangeMessageVisibility" (errors; ReceiptHandleIsInvalid, and InvalidParameterValue
 * of the query protocol).
 * @example await isInFlight(sqs, queueUrl, { receipt, seconds: 30 })
 */
export async function isInFlight(
  client: SQSClient,
  queueUrl: string,
  { receipt, seconds }: Hidden,
): Promise<boolean> {
  try {
    await client.send(
      new ChangeMessageVisibilityCommand({
        QueueUrl: queueUrl,
        ReceiptHandle: receipt,
        VisibilityTimeout: seconds,
      }),
    );
    return true;
  } catch (error) {
    if (/ReceiptHandleIsInvalid|InvalidParameterValue/.test(codeOf(error))) return false;
    throw error;
  }
}

function messageText(body: unknown): string {
  const json: string | undefined = JSON.stringify(body);
  if (json === undefined) throw new TypeError('a message of a queue has to be something that JSON can say');
  return withoutNoncharacters(json);
}

/**
 * JSON in which the two characters of the Basic Multilingual Plane that SQS refuses, and JSON.stringify does not
 * escape, are escaped. Source: Amazon SQS API Reference, "SendMessageBatch" (InvalidMessageContents).
 */
export function withoutNoncharacters(json: string): string {
  return json.replace(/[\ufffe\uffff]/g, (character) =>
    character === '\ufffe' ? String.raw`\ufffe` : String.raw`\uffff`,
  );
}

/** As few batches as keep the order; a message that is too large by itself is alone, for SQS to refuse. */
function inBatches(messages: readonly PreparedEntry[]): readonly (readonly PreparedEntry[])[] {
  const batches: PreparedEntry[][] = [];
  let bytes = 0;
  for (const message of messages) {
    const last = batches.at(-1);
    if (last === undefined || last.length === batchEntries || bytes + message.bytes > batchBytes) {
      batches.push([message]);
      bytes = message.bytes;
    } else {
      last.push(message);
      bytes += message.bytes;
    }
  }
  return batches;
}
