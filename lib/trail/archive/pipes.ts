/**
 * Pipes that have a writer already: standard input, and what a shell makes for `<(command)`. They are read without keeping
 * this thread from anything else, so that a signal ends the reading while the writer takes its time.
 */
import { fstatSync } from 'node:fs';
import { Socket } from 'node:net';
import { allowed } from './unpack.ts';

/**
 * @returns the number of the pipe, or of the socket in its place, that is open already and has this path; `undefined` for
 *   any other file.
 */
export function openPipe(path: string): number | undefined {
  const descriptor = descriptorOf(path);
  if (descriptor === undefined) return undefined;
  const kind = fstatSync(descriptor);
  return kind.isFIFO() || kind.isSocket() ? descriptor : undefined;
}

/** Opening a pipe again would need its writer again. */
function descriptorOf(path: string): number | undefined {
  if (path === '/dev/stdin') return 0;
  const [, number] = /^\/(?:dev|proc\/self)\/fd\/(\d+)$/.exec(path) ?? [];
  return number === undefined ? undefined : Number(number);
}

/**
 * All that is written to a pipe until its end.
 * @throws the signal's reason when aborted; what the file system throws; RangeError when there is no end within what
 *   memory can hold.
 * @example const bytes = await readPipe(0, signal);
 */
export async function readPipe(descriptor: number, signal: AbortSignal | undefined): Promise<Buffer> {
  const pipe = new Socket({ fd: descriptor, readable: true, writable: false });
  const abort = (): void => void pipe.destroy();
  signal?.addEventListener('abort', abort);
  try {
    const chunks: Buffer[] = [];
    let length = 0;
    for await (const chunk of pipe) {
      const bytes: Buffer = chunk;
      length = allowed(length + bytes.length);
      chunks.push(bytes);
    }
    signal?.throwIfAborted();
    return Buffer.concat(chunks, length);
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    signal?.removeEventListener('abort', abort);
    pipe.destroy();
  }
}
