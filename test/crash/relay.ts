/**
 * Stands between one process and the emulated AWS. It hears every call, and at one of them it has the process killed:
 * before the call has reached AWS, or when AWS has carried it out and the process does not know it yet.
 */
import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { nameOfCall } from './calls.ts';

/** Where, in the order of its calls from 1, a process is killed. */
export interface Kill {
  readonly call: number;
  readonly moment: 'before' | 'after';
}

export interface Call {
  readonly name: string;
  readonly body: string;
}

export interface Relay {
  /** `http://127.0.0.1:PORT` */
  readonly endpoint: string;
  /** All calls that were made, in their order. */
  readonly made: readonly Call[];
  /** Those that AWS has carried out. */
  readonly done: readonly Call[];
  stop(): Promise<void>;
}

const agent = new Agent({ keepAlive: true });

/** @param die ends the process; nothing that it may still ask for reaches AWS from then on. */
export async function startRelay(upstream: string, kill: Kill | undefined, die: () => void): Promise<Relay> {
  const made: Call[] = [];
  const done: Call[] = [];
  let dead = false;
  const end = (): void => {
    dead = true;
    die();
  };

  async function take(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const body = await bytesOf(incoming);
    if (dead) return;
    const { method = 'GET', url = '/', headers } = incoming;
    const call = { name: nameOfCall(method, url, headers, body), body: body.toString('utf8') };
    made.push(call);
    const here = made.length === kill?.call;
    if (here && kill?.moment === 'before') return end();
    const answer = await onward(upstream, { method, url, headers }, body);
    if (answer.status < 300) done.push(call);
    if (here) return end();
    if (dead) return;
    outgoing.writeHead(answer.status, answer.headers);
    outgoing.end(answer.body);
  }

  const server = createServer((incoming, outgoing) => {
    take(incoming, outgoing).catch((error: unknown) => {
      outgoing.destroy(error instanceof Error ? error : new Error(String(error)));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port is free');
  return {
    endpoint: `http://127.0.0.1:${address.port}`,
    made,
    done,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

function onward(
  upstream: string,
  { method, url, headers }: Required<Pick<IncomingMessage, 'method' | 'url' | 'headers'>>,
  body: Buffer,
): Promise<Answer> {
  const { hostname, port } = new URL(upstream);
  return new Promise((resolve, reject) => {
    const asked = request({ agent, hostname, port, method, path: url, headers }, (answer) => {
      bytesOf(answer).then(
        (bytes) => resolve({ status: answer.statusCode ?? 502, headers: answer.headers, body: bytes }),
        reject,
      );
    });
    asked.once('error', reject);
    asked.end(body);
  });
}

async function bytesOf(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk);
  return Buffer.concat(chunks);
}
