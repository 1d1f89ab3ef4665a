/** Bringing an object's bytes here. */
import { Readable } from 'node:stream';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { reasonOf } from '../../lib/aws/reason.ts';
import { maxBytes } from '../../lib/trail/archive/unpack.ts';
import type { Bucket, StoredObject } from './bucket.ts';
import { whyNotFetched } from './reason.ts';

/** Milliseconds before the second try of a body that broke off, and the third. */
const delays = [200, 1_000];

export type Wait = (milliseconds: number) => Promise<unknown>;

/** The body ended, or the connection did, before all of it was here. */
class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

/**
 * An object's bytes. The SDK tries again what S3 does not answer; a body that breaks off is tried again here.
 * @returns the bytes, or why they could not be had. Rejects when the bucket's signal is aborted, with its reason.
 */
export async function fetchObject(
  bucket: Bucket,
  object: StoredObject,
  wait: Wait,
): Promise<Buffer | { readonly reason: string }> {
  if (object.bytes > maxBytes) return { reason: `it is larger than ${maxBytes / 1e6} MB; split it` };
  for (let tries = 1; ; tries += 1) {
    try {
      return await fetchOnce(bucket, object);
    } catch (error) {
      bucket.signal?.throwIfAborted();
      if (!(error instanceof Interrupted)) return { reason: whyNotFetched(error) };
      const delay = delays[tries - 1];
      if (delay === undefined) return { reason: `its body broke off ${tries} times: ${error.message}` };
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
      if (!(part instanceof Uint8Array))
        throw new TypeError('the body of an object came as something else than bytes');
      if (filled + part.length > length)
        throw new Interrupted(`more than the ${length} bytes that were told`);
      content.set(part, filled);
      filled += part.length;
    }
  } catch (error) {
    if (error instanceof Interrupted || error instanceof TypeError) throw error;
    throw new Interrupted(`${reasonOf(error)}, after ${filled} of ${length} bytes`, { cause: error });
  } finally {
    signal?.removeEventListener('abort', stop);
  }
  if (filled < length) throw new Interrupted(`after ${filled} of ${length} bytes`);
  return content;
}
