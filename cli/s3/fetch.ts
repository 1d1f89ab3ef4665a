/** Fetches an object's bytes. */
import { Readable } from 'node:stream';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { reasonOf } from '../../lib/aws/reason.ts';
import { maxBytes } from '../../lib/trail/archive/unpack.ts';
import type { Bucket, StoredObject } from './bucket.ts';
import { whyNotFetched } from './reason.ts';

/** Milliseconds before the second and the third attempt at a body that was interrupted. */
const delays = [200, 1_000];

export type Wait = (milliseconds: number) => Promise<unknown>;

/** The body ended, or the connection broke, before it was complete. */
class BodyInterrupted extends Error {
  override readonly name = 'BodyInterrupted';
}

/**
 * An object's bytes. The SDK retries calls that S3 does not answer; an interrupted body is retried here.
 * @returns the bytes, or why they could not be fetched. Rejects when the bucket's signal is aborted, with its reason.
 */
export async function fetchObject(
  bucket: Bucket,
  object: StoredObject,
  wait: Wait,
): Promise<Buffer | { readonly reason: string }> {
  if (object.bytes > maxBytes) return { reason: `it is larger than ${maxBytes / 1e6} MB: split it` };
  for (let tries = 1; ; tries += 1) {
    try {
      return await fetchOnce(bucket, object);
    } catch (error) {
      bucket.signal?.throwIfAborted();
      if (!(error instanceof BodyInterrupted)) return { reason: whyNotFetched(error) };
      const delay = delays[tries - 1];
      if (delay === undefined) return { reason: `its body was interrupted ${tries} times: ${error.message}` };
      await wait(delay);
    }
  }
}

async function fetchOnce({ name, client, signal }: Bucket, { key, bytes }: StoredObject): Promise<Buffer> {
  const { Body: body, ContentLength: length = bytes } = await client.send(
    new GetObjectCommand({ Bucket: name, Key: key }),
    signal === undefined ? {} : { abortSignal: signal },
  );
  if (!(body instanceof Readable)) throw new TypeError('the SDK gave no stream for the body of an object');
  const content = Buffer.allocUnsafe(length);
  let filled = 0;
  const stop = () => body.destroy(new Error('aborted'));
  signal?.addEventListener('abort', stop, { once: true });
  try {
    for await (const chunk of body) {
      const part: unknown = chunk;
      if (!(part instanceof Uint8Array)) throw new TypeError('the body of an object did not arrive as bytes');
      if (filled + part.length > length)
        throw new BodyInterrupted(`more than the ${length} bytes that were announced`);
      content.set(part, filled);
      filled += part.length;
    }
  } catch (error) {
    if (error instanceof BodyInterrupted || error instanceof TypeError) throw error;
    throw new BodyInterrupted(`${reasonOf(error)}, after ${filled} of ${length} bytes`, { cause: error });
  } finally {
    signal?.removeEventListener('abort', stop);
  }
  if (filled < length) throw new BodyInterrupted(`after ${filled} of ${length} bytes`);
  return content;
}
