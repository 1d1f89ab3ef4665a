/**
 * A proxy between one process and the emulated AWS. It records every call, and at one of them it has the process killed:
 * before the call has reached AWS, or after AWS has carried it out and before the process knows.
 */
import { forward, type HttpProxy, type ProxiedRequest, type ProxiedResponse, startProxy } from '../proxy.ts';
import { nameOfCall } from './calls.ts';

/** Where, in the order of its calls from 1, a process is killed. */
export interface Kill {
  readonly call: number;
  readonly moment: 'before' | 'after';
}

/** Calls of a process that AWS does not carry out. */
export interface Fault {
  /** `events:PutEvents` */
  readonly name: string;
  /** How many of them, from the first. */
  readonly times: number;
  /** What AWS answers. @param body of the call. */
  answer(body: unknown): { readonly status: number; readonly body: unknown };
}

export interface Call {
  /** `kms:EnableKey` */
  readonly name: string;
  readonly body: string;
}

export interface RecordingProxy extends HttpProxy {
  /** All calls that were made, in their order. */
  readonly made: readonly Call[];
  /** The calls that AWS has carried out. */
  readonly done: readonly Call[];
}

/** @param onKill ends the process; from then on none of its calls reaches AWS. */
export async function startRelay(
  upstream: string,
  kill: Kill | undefined,
  onKill: () => void,
  fault?: Fault,
): Promise<RecordingProxy> {
  const made: Call[] = [];
  const done: Call[] = [];
  let killed = false;
  const end = (): undefined => {
    killed = true;
    onKill();
  };
  const handle = async (proxied: ProxiedRequest): Promise<ProxiedResponse | undefined> => {
    if (killed) return undefined;
    const { method, path, headers, body } = proxied;
    const call = { name: nameOfCall(method, path, headers, body), body: body.toString('utf8') };
    made.push(call);
    const here = made.length === kill?.call;
    if (here && kill?.moment === 'before') return end();
    const before = made.filter(({ name }) => name === fault?.name).length;
    if (fault !== undefined && call.name === fault.name && before <= fault.times) {
      return answered(fault.answer(JSON.parse(call.body)));
    }
    const response = await forward(upstream, proxied);
    if (response.status < 300) done.push(call);
    if (here) return end();
    return killed ? undefined : response;
  };
  return { ...(await startProxy(handle)), made, done };
}

function answered({ status, body }: { readonly status: number; readonly body: unknown }): ProxiedResponse {
  const text = Buffer.from(JSON.stringify(body));
  const headers = { 'content-type': 'application/x-amz-json-1.1', 'content-length': String(text.length) };
  return { status, headers, body: text };
}
