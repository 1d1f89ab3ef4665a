import { SendMessageBatchCommand, type SendMessageBatchRequestEntry, SQSClient } from '@aws-sdk/client-sqs';
import { mockClient } from 'aws-sdk-client-mock';
import { describe, expect, it } from 'vitest';
import { SendError, type SendOptions, sendAll } from '../../lib/aws/sqs.ts';

const url = 'https://sqs.eu-central-1.amazonaws.com/111122223333/trailseal-dev-ec2';

type Answer = 'taken' | 'busy' | 'refused';

/** A queue that answers a message, by its text and how often it came, as told. */
function queue(answer: (text: string, times: number) => Answer = () => 'taken') {
  const calls: SendMessageBatchRequestEntry[][] = [];
  const waits: number[] = [];
  const seen = new Map<string, number>();
  const client = new SQSClient({ region: 'eu-central-1' });
  mockClient(client)
    .on(SendMessageBatchCommand)
    .callsFake(({ Entries: entries }: { Entries: SendMessageBatchRequestEntry[] }) => {
      calls.push(entries);
      const failed = entries.flatMap(({ Id, MessageBody: text = '' }) => {
        const times = (seen.get(text) ?? 0) + 1;
        seen.set(text, times);
        const how = answer(text, times);
        if (how === 'taken') return [];
        const Code = how === 'busy' ? 'ServiceUnavailable' : 'InvalidMessageContents';
        return [{ Id, Code, SenderFault: how === 'refused' }];
      });
      return { Successful: [], Failed: failed };
    });
  const send = (bodies: readonly unknown[], options: SendOptions = {}) =>
    sendAll(client, url, bodies, {
      wait: async (milliseconds) => {
        waits.push(milliseconds);
      },
      ...options,
    });
  return { send, calls, waits, texts: () => calls.map((entries) => entries.map((each) => each.MessageBody)) };
}

/** What the promise rejects with. */
async function rejection(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => {
      throw new Error('it did not reject');
    },
    (error: unknown) => error,
  );
}

describe('sendAll', () => {
  it('sends ten messages a call, in their order', async () => {
    const { send, texts } = queue();
    await send(Array.from({ length: 23 }, (_, index) => index));
    expect(texts().map((texts) => texts.length)).toEqual([10, 10, 3]);
    expect(texts().flat()).toEqual(Array.from({ length: 23 }, (_, index) => String(index)));
  });

  it('calls nobody when there is nothing to send', async () => {
    const { send, calls } = queue();
    await send([]);
    expect(calls).toEqual([]);
  });

  it('keeps a call within 256 KiB of UTF-8', async () => {
    const { send, texts } = queue();
    const large = 'é'.repeat(50 * 1024);
    await send([large, large, large]);
    expect(texts().map((texts) => texts.length)).toEqual([2, 1]);
  });

  it('sends what is larger than that alone', async () => {
    const { send, texts } = queue();
    await send(['a', 'x'.repeat(300 * 1024), 'b']);
    expect(texts().map((texts) => texts.length)).toEqual([1, 1, 1]);
  });

  it('sends again what the queue could not take, and nothing else', async () => {
    const { send, texts, waits } = queue((text, times) => (text === '2' && times < 3 ? 'busy' : 'taken'));
    await send([1, 2, 3]);
    expect(texts()).toEqual([['1', '2', '3'], ['2'], ['2']]);
    expect(waits).toEqual([100, 400]);
  });

  it('gives up after four tries, and names what was not sent', async () => {
    const { send, calls } = queue((text) => (text === '2' ? 'busy' : 'taken'));
    const error = await rejection(send([1, 2, 3]));
    expect(error).toBeInstanceOf(SendError);
    expect(error).toMatchObject({ unsent: [1], queueUrl: url });
    expect(calls).toHaveLength(4);
  });

  it('does not try again what is wrong with the message, and sends the others', async () => {
    const { send, texts } = queue((text) => (text === '"bad"' ? 'refused' : 'taken'));
    const error = await rejection(send(['bad', ...Array.from({ length: 10 }, (_, index) => index)]));
    expect(error).toMatchObject({ unsent: [0], message: expect.stringContaining('InvalidMessageContents') });
    expect(texts().map((texts) => texts.length)).toEqual([10, 1]);
  });

  it('says which messages were not sent when a call fails', async () => {
    const client = new SQSClient({ region: 'eu-central-1' });
    const denied = Object.assign(new Error('no access'), { name: 'AccessDenied' });
    mockClient(client)
      .on(SendMessageBatchCommand)
      .resolvesOnce({ Successful: [], Failed: [] })
      .rejects(denied);
    const error = await rejection(sendAll(client, url, Array.from({ length: 12 }, String)));
    expect(error).toMatchObject({
      unsent: [10, 11],
      cause: denied,
      message: expect.stringContaining('sqs:SendMessage'),
    });
  });

  it('gives every message the delay and the attributes', async () => {
    const { send, calls } = queue();
    await send([1], { delaySeconds: 30, attributes: { reason: 'why' } });
    expect(calls).toEqual([
      [
        {
          Id: '0',
          MessageBody: '1',
          DelaySeconds: 30,
          MessageAttributes: { reason: { DataType: 'String', StringValue: 'why' } },
        },
      ],
    ]);
  });

  it('writes the characters that SQS refuses as JSON escapes', async () => {
    const { send, texts } = queue();
    await send(['\uffff\ufffe\ud800']);
    expect(texts()).toEqual([[String.raw`"\uffff\ufffe\ud800"`]]);
  });

  it('takes nothing that JSON cannot say', async () => {
    const { send } = queue();
    expect(await rejection(send([undefined]))).toBeInstanceOf(TypeError);
  });
});
