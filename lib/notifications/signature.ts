/**
 * Signatures by which a webhook's receiver knows that a request is ours, untouched and fresh.
 * Source: Standard Webhooks (standardwebhooks.com), "Signature scheme": libraries that check it exist for most languages.
 */
import { createHmac } from 'node:crypto';

/** The key in a secret, "whsec_" and base64 of 24 to 64 bytes; `undefined` for anything else. */
export function keyIn(secret: string): Buffer | undefined {
  const [, base64] = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(secret) ?? [];
  if (base64 === undefined) return undefined;
  const key = Buffer.from(base64, 'base64');
  return key.length >= 24 && key.length <= 64 ? key : undefined;
}

/**
 * The headers of a request. The time is signed: a receiver refuses what is older than some minutes, and an id that it has
 * had already, so that nobody can send a request again.
 */
export function signedHeaders(
  key: Buffer,
  id: string,
  body: string,
  now: Date,
): Readonly<Record<'webhook-id' | 'webhook-timestamp' | 'webhook-signature', string>> {
  const timestamp = String(Math.floor(now.getTime() / 1_000));
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64');
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` };
}
