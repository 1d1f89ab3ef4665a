/** Webhooks: the JSON form by signed HTTPS requests. */

import type { ClientRequest, IncomingMessage } from 'node:http';
import { request as httpsRequest, type RequestOptions } from 'node:https';
import { isIP } from 'node:net';
import * as z from 'zod/mini';
import { printable } from '../findings/state/error.ts';
import { isPublicAddress, PrivateAddressError, publicLookup } from './addresses.ts';
import type { Notification } from './compose.ts';
import { DeliveryError } from './delivery-error.ts';
import { keyIn, signedHeaders } from './signature.ts';
import type { Target } from './target.ts';

export interface WebhookOptions {
  /** The name of the parameter that holds its URL and secret. */
  readonly parameter: string;
  /** The parameter's value, or what went wrong. */
  readonly read: () => Promise<string>;
  /** Whether the URL may lead to addresses that are not public. */
  readonly allowPrivate: boolean;
  readonly now: () => Date;
  readonly wait: (milliseconds: number) => Promise<unknown>;
  /** Makes a request, as that of `node:https` does. */
  readonly request?: (
    url: URL,
    options: RequestOptions,
    answered: (answer: IncomingMessage) => void,
  ) => ClientRequest;
}

/** The value of a webhook's parameter. */
const webhookSchema = z.object({ url: z.string(), secret: z.string() });

interface Endpoint {
  readonly url: URL;
  readonly key: Buffer;
}

interface Answer {
  readonly status: number;
  readonly retryAfter: string | undefined;
  readonly said: string;
}

const timeout = 10_000;
/** Milliseconds before the second try, and the third. */
const delays = [500, 2_000];
/** Longer than this the queue waits better than the function does. */
const longestWait = 10_000;
/** So much of an answer is read, for the reason. */
const readBytes = 512;

/** A webhook. An answer of 2xx means that it took the message. */
export function webhookTarget(options: WebhookOptions): Target {
  const name = `webhook ${options.parameter}`;
  return { name, send: (notification) => post(name, notification, options) };
}

async function post(name: string, { id, json }: Notification, options: WebhookOptions): Promise<void> {
  const endpoint = await endpointOf(name, options);
  for (let tries = 1; ; tries += 1) {
    const outcome = await attempt(name, endpoint, id, json, options);
    if (outcome === undefined) return;
    const wait = Math.max(delays[tries - 1] ?? 0, outcome.wait);
    if (outcome.error.permanent || tries > delays.length || wait > longestWait) throw outcome.error;
    await options.wait(wait);
  }
}

/** @returns `undefined` when it was taken, else why not, and how long the receiver wants us to wait. */
async function attempt(
  name: string,
  { url, key }: Endpoint,
  id: string,
  body: string,
  options: WebhookOptions,
): Promise<{ readonly error: DeliveryError; readonly wait: number } | undefined> {
  const now = options.now();
  let answer: Answer;
  try {
    answer = await exchange(url, body, signedHeaders(key, id, body, now), options);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const permanent = error instanceof PrivateAddressError;
    return {
      error: new DeliveryError(`The ${name} could not be called: ${reason}`, permanent, error),
      wait: 0,
    };
  }
  const { status, retryAfter, said } = answer;
  if (status >= 200 && status < 300) return undefined;
  const passing = status >= 500 || status === 429 || status === 408;
  const redirect =
    status >= 300 && status < 400 ? ' Redirects are not followed: set the URL that it leads to.' : '';
  const words = said === '' ? '' : ` and "${said}"`;
  const error = new DeliveryError(
    `The ${name} answered ${status}${words}.${redirect} ` +
      'Check its URL and secret, and what its receiver logs; then redrive the dead letter.',
    !passing,
  );
  return { error, wait: waitOf(retryAfter, now) };
}

/** Milliseconds. Source: RFC 9110, "Retry-After": seconds, or a date. */
function waitOf(retryAfter: string | undefined, now: Date): number {
  if (retryAfter === undefined) return 0;
  const wait = /^\d+$/.test(retryAfter) ? Number(retryAfter) * 1_000 : Date.parse(retryAfter) - now.getTime();
  return Number.isNaN(wait) ? 0 : Math.max(0, wait);
}

/** One request. Rejects when there was no answer in time. */
function exchange(
  url: URL,
  body: string,
  headers: Readonly<Record<string, string>>,
  { request = httpsRequest, allowPrivate }: WebhookOptions,
): Promise<Answer> {
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
      (answer) => {
        const { statusCode: status = 0, headers: answered } = answer;
        const done = (said: string) =>
          resolve({
            status,
            retryAfter: answered['retry-after'],
            said: printable(said.trim().slice(0, 200)),
          });
        let said = '';
        answer.setEncoding('utf8');
        answer.on('data', (chunk: string) => {
          said += chunk;
          // The status says enough: nobody makes us read on and on.
          if (said.length < readBytes) return;
          done(said);
          answer.destroy();
        });
        answer.on('end', () => done(said));
        answer.on('error', reject);
      },
    );
    call.on('error', reject);
    call.end(body);
  });
}

async function endpointOf(
  name: string,
  { parameter, read, allowPrivate }: WebhookOptions,
): Promise<Endpoint> {
  const wrong = (fault: string) =>
    new DeliveryError(
      `The ${name} can't be used: ${fault}. Set the parameter ${parameter}, a SecureString, to ` +
        '{"url": "https://…", "secret": "whsec_…"}, the secret of "openssl rand -base64 32" behind "whsec_".',
      true,
    );
  let value: string;
  try {
    value = await read();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new DeliveryError(`The parameter ${parameter} of a webhook can't be read: ${reason}`, false, error);
  }
  const { url: address, secret } = settingsIn(value) ?? {};
  if (address === undefined || secret === undefined) throw wrong('it is no JSON object with url and secret');
  const key = keyIn(secret);
  if (key === undefined) throw wrong('its secret is not "whsec_" and base64 of 24 to 64 bytes');
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url?.protocol !== 'https:') throw wrong('its URL does not begin with https://');
  if (url.username !== '' || url.password !== '') throw wrong('its URL holds a user name or password');
  const host = url.hostname.replace(/^\[|\]$/g, '');
  // Node looks up names only; an address is connected to as it is.
  if (!allowPrivate && isIP(host) !== 0 && !isPublicAddress(host)) {
    throw wrong('its address is not of the public internet, and the deployment allows no other');
  }
  return { url, key };
}

/** `undefined` for what is not as it should be; it is secret, so that no error may quote it. */
function settingsIn(value: string): z.infer<typeof webhookSchema> | undefined {
  try {
    const parsed = webhookSchema.safeParse(JSON.parse(value));
    return parsed.success ? parsed.data : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
