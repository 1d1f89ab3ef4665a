/** Webhooks as targets: the JSON format by signed HTTPS requests. */

import type { ClientRequest, IncomingMessage } from 'node:http';
import { request as httpsRequest, type RequestOptions } from 'node:https';
import { printable } from '../core/text.ts';
import type { Notification } from './compose.ts';
import { DeliveryError, type DeliveryTarget } from './delivery.ts';
import { PrivateAddressError, publicLookup } from './webhook-addresses.ts';
import { endpointOf, signedHeaders, type WebhookEndpoint } from './webhook-endpoint.ts';

export interface WebhookOptions {
  /** The name of the parameter that holds its URL and secret. */
  readonly parameter: string;
  /** The parameter's value; rejects when it can't be read. */
  readonly read: () => Promise<string>;
  /** Whether the URL may lead to addresses that are not public. */
  readonly allowPrivate: boolean;
  readonly now: () => Date;
  readonly wait: (milliseconds: number) => Promise<unknown>;
  /** Makes a request, as that of `node:https` does. */
  readonly request?: (
    url: URL,
    options: RequestOptions,
    onResponse: (response: IncomingMessage) => void,
  ) => ClientRequest;
}

interface WebhookResponse {
  readonly status: number;
  readonly retryAfter: string | undefined;
  /** The beginning of its body. */
  readonly text: string;
}

const timeout = 10_000;
/** Milliseconds before the second attempt, and the third. */
const delays = [500, 2_000];
/** Milliseconds; the queue waits longer at no cost. */
const longestWait = 10_000;
/** How much of a response's body is read, for the error. */
const readBytes = 512;

/**
 * A webhook. A response of 2xx means that it accepted the notification.
 * @example
 * await webhookTarget({ parameter, read, allowPrivate: false, now: () => new Date(), wait }).send(notification);
 */
export function webhookTarget(options: WebhookOptions): DeliveryTarget {
  const name = `webhook ${options.parameter}`;
  return {
    name,
    kind: 'webhook',
    send: (notification) => post(name, notification, options),
  };
}

async function post(name: string, { id, json }: Notification, options: WebhookOptions): Promise<void> {
  const endpoint = await endpointOf(name, options);
  for (let attempts = 1; ; attempts += 1) {
    const outcome = await attempt(name, endpoint, id, json, options);
    if (outcome === undefined) return;
    const wait = Math.max(delays[attempts - 1] ?? 0, outcome.wait);
    if (outcome.error.permanent || attempts > delays.length || wait > longestWait) throw outcome.error;
    await options.wait(wait);
  }
}

/** @returns `undefined` when it was accepted, else why not, and how long the receiver wants us to wait. */
async function attempt(
  name: string,
  { url, key }: WebhookEndpoint,
  id: string,
  body: string,
  options: WebhookOptions,
): Promise<{ readonly error: DeliveryError; readonly wait: number } | undefined> {
  const now = options.now();
  let response: WebhookResponse;
  try {
    response = await exchange(url, body, signedHeaders(key, id, body, now), options);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const permanent = error instanceof PrivateAddressError;
    return {
      error: new DeliveryError(`The ${name} could not be called: ${reason}`, permanent, error),
      wait: 0,
    };
  }
  const { status, retryAfter, text } = response;
  if (status >= 200 && status < 300) return undefined;
  const temporary = status >= 500 || status === 429 || status === 408;
  const redirect =
    status >= 300 && status < 400 ? ' Redirects are not followed: set the URL that it leads to.' : '';
  const words = text === '' ? '' : ` and "${text}"`;
  const error = new DeliveryError(
    `The ${name} answered ${status}${words}.${redirect} ` +
      "Check its URL and secret, and its receiver's log; then redrive the dead letter.",
    !temporary,
  );
  return { error, wait: waitOf(retryAfter, now) };
}

/** Milliseconds. Source: RFC 9110, "Retry-After": seconds, or a date. */
function waitOf(retryAfter: string | undefined, now: Date): number {
  if (retryAfter === undefined) return 0;
  const wait = /^\d+$/.test(retryAfter) ? Number(retryAfter) * 1_000 : Date.parse(retryAfter) - now.getTime();
  return Number.isNaN(wait) ? 0 : Math.max(0, wait);
}

/** One request. Rejects when there was no response in time. */
function exchange(
  url: URL,
  body: string,
  headers: Readonly<Record<string, string>>,
  { request = httpsRequest, allowPrivate }: WebhookOptions,
): Promise<WebhookResponse> {
  return new Promise((resolve, reject) => {
    const call = request(
      url,
      {
        method: 'POST',
        headers: {
          ...headers,
          'content-type': 'application/json; charset=utf-8',
          'content-length': Buffer.byteLength(body),
          'user-agent': 'Trailseal',
        },
        signal: AbortSignal.timeout(timeout),
        ...(allowPrivate ? {} : { lookup: publicLookup }),
      },
      (response) => {
        const { statusCode: status = 0, headers: responseHeaders } = response;
        const done = (text: string) =>
          resolve({
            status,
            retryAfter: responseHeaders['retry-after'],
            text: printable(text.trim().slice(0, 200)),
          });
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          text += chunk;
          // An endless response would occupy the function, and the status is enough.
          if (text.length < readBytes) return;
          done(text);
          response.destroy();
        });
        response.on('end', () => done(text));
        response.on('error', reject);
      },
    );
    call.on('error', reject);
    call.end(body);
  });
}
