/** An HTTP proxy before an emulator of AWS: what the relays of the fault and the crash tests have in common. */
import { Agent, createServer, type IncomingMessage, request } from 'node:http';

export interface ProxiedRequest {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

export interface ProxiedResponse {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

export interface HttpProxy {
  /** `http://127.0.0.1:PORT` */
  readonly endpoint: string;
  stop(): Promise<void>;
}

/**
 * Starts a proxy on a free port.
 * @param handle answers a request; `undefined` leaves the caller without a response. Where it rejects, the connection is
 *   cut.
 */
export async function startProxy(
  handle: (proxied: ProxiedRequest) => Promise<ProxiedResponse | undefined>,
): Promise<HttpProxy> {
  const server = createServer((incoming, outgoing) => {
    const { method = 'GET', url: path = '/', headers } = incoming;
    bytesOf(incoming)
      .then((body) => handle({ method, path, headers, body }))
      .then(
        (response) => {
          if (response !== undefined)
            outgoing.writeHead(response.status, response.headers).end(response.body);
        },
        (error: unknown) => outgoing.destroy(error instanceof Error ? error : new Error(String(error))),
      );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port is free');
  return {
    endpoint: `http://127.0.0.1:${address.port}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const agent = new Agent({ keepAlive: true });

/** Sends a request on to an emulator. Rejects when there is no response. */
export function forward(
  upstream: string,
  { method, path, headers, body }: ProxiedRequest,
): Promise<ProxiedResponse> {
  const { hostname, port } = new URL(upstream);
  return new Promise((resolve, reject) => {
    const call = request({ agent, hostname, port, method, path, headers }, (response) => {
      bytesOf(response).then(
        (bytes) => resolve({ status: response.statusCode ?? 502, headers: response.headers, body: bytes }),
        reject,
      );
    });
    call.once('error', reject);
    call.end(body);
  });
}

async function bytesOf(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk);
  return Buffer.concat(chunks);
}
