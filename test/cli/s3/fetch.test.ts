import { Readable } from 'node:stream';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { describe, expect, it } from 'vitest';
import { fetchObject } from '../../../cli/s3/fetch.ts';
import { bucketOf, s3Error } from './bucket.ts';

type Answer =
  | { readonly chunks: readonly string[]; readonly error?: Error; readonly length?: number }
  | Error;

/** Fetches `a.json` of ten bytes from a bucket that answers so, one answer after the other; the last one stays. */
async function fetched(answers: readonly Answer[]) {
  const bucket = bucketOf([]);
  const waits: number[] = [];
  let calls = 0;
  bucket.mock.on(GetObjectCommand).callsFake(() => {
    const answer = answers[Math.min(calls, answers.length - 1)];
    calls += 1;
    if (answer === undefined || answer instanceof Error) throw answer;
    const { chunks, error, length = 10 } = answer;
    const body = Readable.from(
      (function* () {
        for (const chunk of chunks) yield Buffer.from(chunk);
        if (error !== undefined) throw error;
      })(),
    );
    return { Body: body, ContentLength: length };
  });
  const content = await fetchObject(bucket, { key: 'a.json', bytes: 10 }, async (milliseconds) => {
    waits.push(milliseconds);
  });
  return { content: Buffer.isBuffer(content) ? content.toString() : content.reason, calls, waits };
}

const denied = (action: string) =>
  s3Error('AccessDenied', `User: arn:aws:iam::111122223333:user/ana is not authorized to perform: ${action}`);

describe('fetching an object', () => {
  it('joins its chunks', async () => {
    expect(await fetched([{ chunks: ['{"a":', '[1]', '}}'] }])).toEqual({
      content: '{"a":[1]}}',
      calls: 1,
      waits: [],
    });
  });

  it('uses the length of the answer, as the listing may be older', async () => {
    expect((await fetched([{ chunks: ['{}'], length: 2 }])).content).toBe('{}');
  });

  it.each([
    ['ends early', { chunks: ['{"a"'] }],
    ['fails on the way', { chunks: ['{"a"'], error: new Error('aborted') }],
    ['is longer than announced', { chunks: ['{"a":[1]}}', ' '] }],
  ])('retries where the body %s', async (_, answer) => {
    expect(await fetched([answer, answer, { chunks: ['{"a":[1]}}'] }])).toEqual({
      content: '{"a":[1]}}',
      calls: 3,
      waits: [200, 1000],
    });
  });

  it('gives up after three attempts, with the bytes received', async () => {
    expect(await fetched([{ chunks: ['{"a"'] }])).toMatchObject({
      content: 'its body was interrupted 3 times: after 4 of 10 bytes',
      calls: 3,
    });
  });

  it('reports a broken connection', async () => {
    expect((await fetched([{ chunks: ['{"a"'], error: new Error('aborted') }])).content).toBe(
      'its body was interrupted 3 times: Error (aborted), after 4 of 10 bytes',
    );
  });

  it.each([
    [
      s3Error('NoSuchKey', 'The specified key does not exist.'),
      'it was deleted after it was listed: NoSuchKey (The specified key does not exist)',
    ],
    [
      s3Error('InvalidObjectState', "The operation is not valid for the object's storage class"),
      "it is archived in a storage class of S3 Glacier: InvalidObjectState (The operation is not valid for the object's storage class); restore it first (aws s3api restore-object), or exclude its day with --since",
    ],
    [
      denied('s3:GetObject'),
      's3:GetObject was denied: AccessDenied (User: arn:aws:iam::111122223333:user/ana is not authorized to perform: s3:GetObject); allow it on the objects of the bucket',
    ],
    [
      denied('kms:Decrypt'),
      'kms:Decrypt was denied: AccessDenied (User: arn:aws:iam::111122223333:user/ana is not authorized to perform: kms:Decrypt); allow it on the key that the object is encrypted with',
    ],
    [
      s3Error('KMS.DisabledException', 'the key is disabled.'),
      'it could not be decrypted: KMS.DisabledException (the key is disabled); check the KMS key that it is encrypted with',
    ],
    [
      s3Error('InternalError', 'We encountered an internal error.'),
      'could not be fetched, s3:GetObject failed: InternalError (We encountered an internal error)',
    ],
  ])('reports the error and what to do: $name', async (error, reason) => {
    expect(await fetched([error])).toEqual({ content: reason, calls: 1, waits: [] });
  });

  it('does not fetch an object that exceeds memory', async () => {
    const bucket = bucketOf([]);
    const content = await fetchObject(bucket, { key: 'a.json', bytes: 2e9 }, async () => undefined);
    expect(content).toEqual({ reason: 'it is larger than 1900 MB: split it' });
  });

  it('ends when it is aborted', async () => {
    const controller = new AbortController();
    const bucket = { ...bucketOf([]), signal: controller.signal };
    const body = new Readable({ read: () => controller.abort(new Error('interrupted')) });
    bucket.mock.on(GetObjectCommand).callsFake(() => ({ Body: body, ContentLength: 10 }));
    const content = fetchObject(bucket, { key: 'a.json', bytes: 10 }, async () => undefined);
    await expect(content).rejects.toThrow('interrupted');
  });
});
