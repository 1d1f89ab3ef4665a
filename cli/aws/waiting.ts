/** Says on a terminal that AWS is slow to answer. */
import { subscribe } from 'node:diagnostics_channel';

/** Milliseconds without an answer before the line is written. */
const silence = 3_000;

/**
 * From now on, writes one line to `stream` when a request has had no answer for three seconds; nothing where `stream` is
 * no terminal. Every request counts, those for credentials too.
 * Source: Node.js, "Diagnostics Channel", built-in channels of HTTP.
 */
export function announceWaiting(stream: Pick<NodeJS.WriteStream, 'isTTY' | 'write'>): void {
  if (stream.isTTY !== true) return;
  const waiting = new Map<unknown, NodeJS.Timeout>();
  let announced = false;
  const announce = (): void => {
    if (!announced) stream.write('waiting for AWS …\n');
    announced = true;
  };
  const finished = (message: unknown): void => {
    const request = requestOf(message);
    clearTimeout(waiting.get(request));
    waiting.delete(request);
  };
  subscribe('http.client.request.start', (message) => {
    if (!announced) waiting.set(requestOf(message), setTimeout(announce, silence).unref());
  });
  subscribe('http.client.response.finish', finished);
  subscribe('http.client.request.error', finished);
}

function requestOf(message: unknown): unknown {
  return typeof message === 'object' && message !== null && 'request' in message
    ? message.request
    : undefined;
}
