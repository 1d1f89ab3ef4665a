/**
 * A proxy between microburst and an emulator. It restores the Host that the call was signed for, which microburst replaces
 * and ministack checks, records calls, and may have only a part of a batch carried out.
 */
import { nameOfCall } from '../crash/calls.ts';
import { forward, type HttpProxy, type ProxiedResponse, startProxy } from '../proxy.ts';

export interface Relay extends HttpProxy {
  /** From now on, calls reach the emulator as if they were made to this endpoint. */
  signedFor(endpoint: string): void;
}

export interface RelayedCall {
  /** `kms:EnableKey`; see `nameOfCall`. */
  readonly name: string;
  readonly path: string;
  readonly body: Buffer;
  /** The same for all attempts of one call that the SDK makes. */
  readonly invocation: string;
}

/** What a relay does with calls on their way. */
export interface RelayHooks {
  /** Called for each call that the emulator carried out, with the body that reached it. */
  done?(call: RelayedCall): void;
  /** The body that is sent instead. */
  change?(call: RelayedCall): string | undefined;
  /** Has only a part of the call carried out. */
  partly?(call: RelayedCall): PartialCall | undefined;
}

/** The part of a call that is carried out. */
export interface PartialCall {
  /** What is sent to the emulator; nothing where left out. */
  readonly body?: string;
  /** @param answered what the emulator answered; `undefined` where nothing was sent. */
  answer(answered: unknown): unknown;
}

export async function startRelay(upstream: string, hooks: RelayHooks = {}): Promise<Relay> {
  let host: string | undefined;
  const proxy = await startProxy(async ({ method, path, headers, body: signed }) => {
    const name = nameOfCall(method, path, headers, signed);
    const invocation = String(headers['amz-sdk-invocation-id']);
    const changed = hooks.change?.({ name, path, body: signed, invocation });
    const body = changed === undefined ? signed : paddedTo(signed.length, changed);
    const call: RelayedCall = { name, path, body, invocation };
    const restored = host === undefined ? headers : { ...headers, host };
    const send = async (sent: Buffer): Promise<ProxiedResponse> => {
      const response = await forward(upstream, { method, path, headers: restored, body: sent });
      if (response.status < 300) hooks.done?.({ ...call, body: sent });
      return response;
    };
    const part = hooks.partly?.(call);
    return part === undefined ? send(body) : sendPart(part, body.length, send);
  });
  return {
    ...proxy,
    signedFor(endpoint) {
      ({ host } = new URL(endpoint));
    },
  };
}

async function sendPart(
  { body, answer }: PartialCall,
  signedLength: number,
  send: (sent: Buffer) => Promise<ProxiedResponse>,
): Promise<ProxiedResponse> {
  const type = { 'content-type': 'application/x-amz-json-1.0' };
  const response: ProxiedResponse =
    body === undefined
      ? { status: 200, headers: type, body: Buffer.alloc(0) }
      : await send(paddedTo(signedLength, body));
  if (response.status >= 300) return response;
  const answered = body === undefined ? undefined : JSON.parse(response.body.toString('utf8'));
  const text = JSON.stringify(answer(answered));
  // The checksum is that of the emulator's own answer.
  const { 'x-amz-crc32': _sum, ...headers } = response.headers;
  return {
    ...response,
    headers: { ...headers, 'content-length': String(Buffer.byteLength(text)) },
    body: Buffer.from(text),
  };
}

/** JSON with spaces after it: its length was signed too. */
function paddedTo(length: number, json: string): Buffer {
  return Buffer.concat([Buffer.from(json)], length).fill(' ', Buffer.byteLength(json));
}
