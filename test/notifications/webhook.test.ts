/** Webhooks against a local server. It speaks HTTP: TLS is Node's own. */
import { createHmac } from 'node:crypto';
import { createServer, request as httpRequest, type IncomingHttpHeaders, type Server } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { compose, type Notification } from '../../lib/notifications/compose.ts';
import { DeliveryError } from '../../lib/notifications/delivery.ts';
import { triggerOfTransition } from '../../lib/notifications/trigger.ts';
import { type WebhookOptions, webhookTarget } from '../../lib/notifications/webhook.ts';
import { transition } from './events.ts';

const base64 = Buffer.alloc(32, 7).toString('base64');
const secret = `whsec_${base64}`;
const now = new Date('2026-11-21T10:00:05.000Z');

interface Received {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** A receiver that gives these responses, and then the last one again and again. */
async function receiver(...replies: readonly Reply[]) {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8');
    request.on('data', (chunk: string) => {
      body += chunk;
    });
    request.on('end', () => {
      received.push({ method: request.method, url: request.url, headers: request.headers, body });
      const reply = replies[Math.min(received.length, replies.length) - 1] ?? { status: 204 };
      response.writeHead(reply.status, reply.headers).end(reply.body);
    });
  });
  servers.push(server);
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  return { received, url: `https://127.0.0.1:${port}/hooks?team=1` };
}

function target(url: string, options: Partial<WebhookOptions> = {}) {
  const waits: number[] = [];
  const webhook = webhookTarget({
    parameter: '/trailseal/dev/webhook',
    read: async () => JSON.stringify({ url, secret }),
    allowPrivate: true,
    now: () => now,
    wait: async (milliseconds) => void waits.push(milliseconds),
    request: (called, settings, onResponse) =>
      httpRequest(new URL(called.href.replace('https:', 'http:')), { ...settings }, onResponse),
    ...options,
  });
  return { webhook, waits };
}

const notification = ((): Notification => {
  const trigger = triggerOfTransition(transition());
  const [one] = compose(trigger === undefined ? [] : [trigger], () => undefined, 'dev');
  if (one === undefined) throw new Error('nothing was composed');
  return one;
})();

async function rejection(promise: Promise<unknown>): Promise<DeliveryError> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof DeliveryError) return error;
    throw error;
  }
  throw new Error('it did not reject');
}

describe('a webhook', () => {
  it('gets the JSON format by POST', async () => {
    const { received, url } = await receiver();
    await target(url).webhook.send(notification);
    expect(received.map(({ method, url: path, body }) => ({ method, path, body }))).toEqual([
      { method: 'POST', path: '/hooks?team=1', body: notification.json },
    ]);
  });

  it('can verify by the signature that the request is ours, unchanged and fresh', async () => {
    const { received, url } = await receiver();
    await target(url).webhook.send(notification);
    const [request] = received;
    const signed = `${request?.headers['webhook-id']}.${request?.headers['webhook-timestamp']}.${request?.body}`;
    expect(request?.headers['webhook-signature']).toBe(
      `v1,${createHmac('sha256', Buffer.from(base64, 'base64')).update(signed).digest('base64')}`,
    );
  });

  it('gets the time in seconds, and an id that stays the same over attempts', async () => {
    const { received, url } = await receiver({ status: 503 }, { status: 204 });
    await target(url).webhook.send(notification);
    expect(received.map(({ headers }) => [headers['webhook-id'], headers['webhook-timestamp']])).toEqual([
      [notification.id, '1795255205'],
      [notification.id, '1795255205'],
    ]);
  });

  it.each([500, 502, 503, 429, 408])('that answers %i is called three times in all', async (status) => {
    const { received, url } = await receiver({ status });
    const { webhook, waits } = target(url);
    const { permanent } = await rejection(webhook.send(notification));
    expect({ permanent, calls: received.length, waits }).toEqual({
      permanent: false,
      calls: 3,
      waits: [500, 2_000],
    });
  });

  it.each([
    ['seconds', '7', 7_000],
    ['a date', 'Sat, 21 Nov 2026 10:00:09 GMT', 4_000],
  ])('gets the wait that it asks for in %s', async (_what, retryAfter, milliseconds) => {
    const { url } = await receiver({ status: 429, headers: { 'retry-after': retryAfter } }, { status: 200 });
    const { webhook, waits } = target(url);
    await webhook.send(notification);
    expect(waits).toEqual([milliseconds]);
  });

  it('that asks for a longer wait is retried through the queue', async () => {
    const { received, url } = await receiver({ status: 429, headers: { 'retry-after': '3600' } });
    const { webhook, waits } = target(url);
    const { permanent } = await rejection(webhook.send(notification));
    expect({ permanent, calls: received.length, waits }).toEqual({ permanent: false, calls: 1, waits: [] });
  });

  it.each([400, 401, 404, 410])('that answers %i is not called again', async (status) => {
    const { received, url } = await receiver({ status, body: 'no such\nhook' });
    const { permanent, message } = await rejection(target(url).webhook.send(notification));
    expect({ permanent, message, calls: received.length }).toEqual({
      permanent: true,
      message:
        `The webhook /trailseal/dev/webhook answered ${status} and "no such\\u000ahook". ` +
        "Check its URL and secret, and its receiver's log; then redrive the dead letter.",
      calls: 1,
    });
  });

  it('is not followed when it redirects', async () => {
    const elsewhere = await receiver();
    const { url } = await receiver({ status: 307, headers: { location: elsewhere.url } });
    const { permanent, message } = await rejection(target(url).webhook.send(notification));
    expect({ permanent, followed: elsewhere.received.length }).toEqual({ permanent: true, followed: 0 });
    expect(message).toContain('answered 307. Redirects are not followed: set the URL that it leads to.');
  });

  it('that sends an endless body is cut short', async () => {
    const { url } = await receiver({ status: 400, body: 'x'.repeat(1_000_000) });
    const { message } = await rejection(target(url).webhook.send(notification));
    expect(message).toContain(`answered 400 and "${'x'.repeat(200)}".`);
  });

  it('that does not answer at all is called again', async () => {
    const { url } = await receiver();
    for (const server of servers.splice(0)) server.close();
    const { webhook, waits } = target(url);
    const { permanent } = await rejection(webhook.send(notification));
    expect({ permanent, waits }).toEqual({ permanent: false, waits: [500, 2_000] });
  });

  it('is never called in plain text', async () => {
    const { received, url } = await receiver();
    const { webhook } = target(url, { request: httpsRequest });
    await rejection(webhook.send(notification));
    expect(received).toEqual([]);
  });
});

describe("a webhook's parameter", () => {
  it.each([
    ['not JSON', 'https://hooks.example/x'],
    ['without a secret', JSON.stringify({ url: 'https://hooks.example/x' })],
    ['a secret without its prefix', JSON.stringify({ url: 'https://hooks.example/x', secret: base64 })],
    ['a short secret', JSON.stringify({ url: 'https://hooks.example/x', secret: 'whsec_c2hvcnQ=' })],
    ['plain HTTP', JSON.stringify({ url: 'http://hooks.example/x', secret })],
    ['another protocol', JSON.stringify({ url: 'file:///etc/passwd', secret })],
    ['no URL', JSON.stringify({ url: 'hooks.example', secret })],
    ['a password in the URL', JSON.stringify({ url: 'https://a:b@hooks.example/x', secret })],
  ])('is a permanent error: %s', async (_what, value) => {
    const { webhook } = target('', { read: async () => value });
    const { permanent, message } = await rejection(webhook.send(notification));
    expect(permanent).toBe(true);
    expect(message).toMatch(/^The webhook \/trailseal\/dev\/webhook can't be used: /);
  });

  it('is never quoted in an error', async () => {
    const { webhook } = target('', {
      read: async () => `{"url": "https://hooks.example/token", "secret": ${base64}`,
    });
    const { message } = await rejection(webhook.send(notification));
    expect(message).not.toMatch(new RegExp(`token|${base64.slice(0, 10)}`));
  });

  it('that can not be read is a temporary error', async () => {
    const { webhook } = target('', { read: () => Promise.reject(new Error('throttled')) });
    const { permanent, message } = await rejection(webhook.send(notification));
    expect({ permanent, message }).toEqual({
      permanent: false,
      message: "The parameter /trailseal/dev/webhook of a webhook can't be read: throttled",
    });
  });
});

describe('an address that is not public', () => {
  it.each([
    'https://127.0.0.1/x',
    'https://10.0.0.1/x',
    'https://169.254.169.254/latest/meta-data',
    'https://2130706433/x',
    'https://0x7f.1/x',
    'https://[::1]/x',
    'https://[fd00:ec2::254]/x',
    'https://[::ffff:127.0.0.1]/x',
    'https://[64:ff9b::7f00:1]/x',
  ])('is not called: %s', async (url) => {
    const { webhook } = target(url, { allowPrivate: false });
    const { permanent, message } = await rejection(webhook.send(notification));
    expect(permanent).toBe(true);
    expect(message).toContain('its address is not public');
  });

  it('is not called under a name either', async () => {
    const { received, url } = await receiver();
    const { webhook } = target(url.replace('127.0.0.1', 'localhost'), { allowPrivate: false });
    const { permanent, message } = await rejection(webhook.send(notification));
    expect({ permanent, calls: received.length }).toEqual({ permanent: true, calls: 0 });
    expect(message).toContain('"localhost" has an address that is not public');
  });
});
