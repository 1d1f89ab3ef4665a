/**
 * Stands between microburst and an emulator. It lets the emulator see the Host that the call was signed for, which
 * microburst replaces and ministack checks, and tells what was called.
 */
import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { nameOfCall } from '../crash/calls.ts';

export interface Relay {
  /** `http://127.0.0.1:PORT` */
  readonly endpoint: string;
  /** From now on, calls come to the emulator as if made to this endpoint. */
  callsAreFor(endpoint: string): void;
  stop(): Promise<void>;
}

export interface Call {
  /** `kms:EnableKey`; see `nameOfCall`. */
  readonly name: string;
  readonly path: string;
  readonly body: Buffer;
  /** The same for all tries of one call that the SDK makes. */
  readonly invocation: string;
}

/** What is done with a call on its way. */
export interface Between {
  /** Told of each that the emulator carried out, with what of it went on. */
  done?(call: Call): void;
  /** What goes on in its place. */
  change?(call: Call): string | undefined;
  /** Has only a part of it carried out. */
  cut?(call: Call): Cut | undefined;
}

/** What is left of a call that is to be carried out in part. */
export interface Cut {
  /** What the emulator is asked for; nothing where left out. */
  readonly body?: string;
  /** @param told what the emulator answered; `undefined` where it was not asked. */
  answer(told: unknown): unknown;
}

const agent = new Agent({ keepAlive: true });

export async function startRelay(upstream: string, between: Between = {}): Promise<Relay> {
  let host: string | undefined;

  async function take(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const asked = await bytesOf(incoming);
    const { method = 'GET', url: path = '/', headers } = incoming;
    const name = nameOfCall(method, path, headers, asked);
    const invocation = String(headers['amz-sdk-invocation-id']);
    const changed = between.change?.({ name, path, body: asked, invocation });
    const body = changed === undefined ? asked : asLongAs(asked, changed);
    const call: Call = { name, path, body, invocation };
    const signed = host === undefined ? headers : { ...headers, host };
    const onward = async (sent: Buffer): Promise<Answer> => {
      const answer = await ask(upstream, { method, path, headers: signed }, sent);
      if (answer.status < 300) between.done?.({ ...call, body: sent });
      return answer;
    };
    const cut = between.cut?.(call);
    const answer = await (cut === undefined ? onward(body) : inPart(cut, body, onward));
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

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

async function inPart(
  { body, answer }: Cut,
  whole: Buffer,
  onward: (sent: Buffer) => Promise<Answer>,
): Promise<Answer> {
  const type = { 'content-type': 'application/x-amz-json-1.0' };
  const given: Answer =
    body === undefined
      ? { status: 200, headers: type, body: Buffer.alloc(0) }
      : await onward(asLongAs(whole, body));
  if (given.status >= 300) return given;
  const told = JSON.stringify(
    answer(body === undefined ? undefined : JSON.parse(given.body.toString('utf8'))),
  );
  // The checksum is of what was not answered.
  const { 'x-amz-crc32': _sum, ...headers } = given.headers;
  return {
    ...given,
    headers: { ...headers, 'content-length': String(Buffer.byteLength(told)) },
    body: Buffer.from(told),
  };
}

/** JSON with spaces behind it: its length was signed too. */
function asLongAs(signed: Buffer, json: string): Buffer {
  return Buffer.concat([Buffer.from(json)], signed.length).fill(' ', Buffer.byteLength(json));
}

function ask(
  upstream: string,
  asked: { readonly method: string; readonly path: string; readonly headers: IncomingMessage['headers'] },
  body: Buffer,
): Promise<Answer> {
  const { hostname, port } = new URL(upstream);
  return new Promise((resolve, reject) => {
    const onward = request({ agent, hostname, port, ...asked }, (answer) => {
      bytesOf(answer).then(
        (bytes) => resolve({ status: answer.statusCode ?? 502, headers: answer.headers, body: bytes }),
        reject,
      );
    });
    onward.once('error', reject);
    onward.end(body);
  });
}

async function bytesOf(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk);
  return Buffer.concat(chunks);
}
