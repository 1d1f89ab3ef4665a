/** Tells a person that it is AWS that takes its time. */
import { subscribe } from 'node:diagnostics_channel';

/** So long is nothing said, in milliseconds. */
const silence = 3_000;

/**
 * From now on, a line on `stream` tells, once, when a request has not been answered for three seconds; nothing where
 * `stream` is no terminal. Every request counts, those for credentials too.
 * Source: Node.js, "Diagnostics Channel", built-in channels of HTTP.
 */
export function tellOfWaiting(stream: Pick<NodeJS.WriteStream, 'isTTY' | 'write'>): void {
  if (stream.isTTY !== true) return;
  const waiting = new Map<unknown, NodeJS.Timeout>();
  let told = false;
  const tell = (): void => {
    if (!told) stream.write('waiting for AWS …\n');
    told = true;
  };
  const deleted = (message: unknown): void => {
    const request = requestOf(message);
    clearTimeout(waiting.get(request));
    waiting.delete(request);
  };
  subscribe('http.client.request.start', (message) => {
    if (!told) waiting.set(requestOf(message), setTimeout(tell, silence).unref());
  });
  subscribe('http.client.response.finish', deleted);
  subscribe('http.client.request.error', deleted);
}

function requestOf(message: unknown): unknown {
  return typeof message === 'object' && message !== null && 'request' in message
    ? message.request
    : undefined;
}
