/**
 * Stands between microburst and an emulator. It lets the emulator see the Host that the call was signed for, which
 * microburst replaces and ministack checks, and tells what was called.
 */
import { createServer, type IncomingMessage, request } from 'node:http';

export interface Relay {
  /** `http://127.0.0.1:PORT` */
  readonly endpoint: string;
  /** From now on, calls come to the emulator as if made to this endpoint. */
  callsAreFor(endpoint: string): void;
  stop(): Promise<void>;
}

/** @param heard is told of each call before it goes on. */
export async function startRelay(
  upstream: string,
  heard: (path: string, body: Buffer) => void = () => undefined,
): Promise<Relay> {
  const { hostname, port } = new URL(upstream);
  let host: string | undefined;
  const server = createServer((incoming, outgoing) => {
    void bytesOf(incoming).then(
      (body) => {
        const { method, url: path = '/', headers } = incoming;
        heard(path, body);
        const signed = host === undefined ? headers : { ...headers, host };
        const onward = request({ hostname, port, method, path, headers: signed }, (answer) => {
          outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
          answer.pipe(outgoing);
        });
        onward.once('error', (error) => outgoing.destroy(error));
        onward.end(body);
      },
      (error) => outgoing.destroy(error),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port is free');
  return {
    endpoint: `http://127.0.0.1:${address.port}`,
    callsAreFor(endpoint) {
      ({ host } = new URL(endpoint));
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function bytesOf(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk);
  return Buffer.concat(chunks);
}
