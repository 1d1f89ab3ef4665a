/** Where a webhook is and how requests to it are signed: the value of an SSM parameter, which is a secret. */
import { createHmac } from 'node:crypto';
import { isIP } from 'node:net';
import { GetParameterCommand, type SSMClient } from '@aws-sdk/client-ssm';
import * as z from 'zod/mini';
import { DeliveryError } from './delivery.ts';
import { isPublicAddress } from './special-addresses.ts';

/** The IAM action; that of the key is kms:Decrypt, and of a secret in Secrets Manager secretsmanager:GetSecretValue. */
export const readPermission = 'ssm:GetParameter';

/** Milliseconds for which a value is used again. */
const keptFor = 60_000;

/**
 * @param name of a SecureString parameter, or `/aws/reference/secretsmanager/NAME` for a secret in Secrets Manager.
 *   Source: AWS Systems Manager User Guide, "Referencing AWS Secrets Manager secrets from Parameter Store parameters".
 * @returns reads the value, at most once a minute. It rejects with what the SDK throws.
 * @example
 * const read = secretReader(ssmClient({ region: 'eu-central-1' }), '/trailseal/dev/hook', Date.now);
 * const value = await read();
 */
export function secretReader(client: SSMClient, name: string, now: () => number): () => Promise<string> {
  let held: { readonly value: string; readonly until: number } | undefined;
  return async () => {
    if (held !== undefined && now() < held.until) return held.value;
    const answer = await client.send(new GetParameterCommand({ Name: name, WithDecryption: true }));
    const value = answer.Parameter?.Value;
    if (value === undefined) throw new TypeError(`the parameter ${name} has no value`);
    held = { value, until: now() + keptFor };
    return value;
  };
}

/** A webhook's URL and the key that signs requests to it. */
export interface WebhookEndpoint {
  readonly url: URL;
  readonly key: Buffer;
}

/** The value of a webhook's parameter. */
const webhookSchema = z.object({ url: z.string(), secret: z.string() });

/**
 * Reads and checks a webhook's parameter.
 * @param target the target's name, for the error.
 * @param source `read` answers with the parameter's value; `allowPrivate` allows addresses that are not public.
 * @throws DeliveryError that says what is wrong with the parameter, and never quotes it.
 * @example
 * const { url, key } = await endpointOf('webhook /trailseal/dev/hook', { parameter, read, allowPrivate: false });
 */
export async function endpointOf(
  target: string,
  {
    parameter,
    read,
    allowPrivate,
  }: {
    readonly parameter: string;
    readonly read: () => Promise<string>;
    readonly allowPrivate: boolean;
  },
): Promise<WebhookEndpoint> {
  const wrong = (fault: string) =>
    new DeliveryError(
      `The ${target} can't be used: ${fault}. Set the parameter ${parameter}, a SecureString, to ` +
        '{"url": "https://…", "secret": "whsec_…"}, the secret of "openssl rand -base64 32" after "whsec_".',
      true,
    );
  let value: string;
  try {
    value = await read();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new DeliveryError(`The parameter ${parameter} of a webhook can't be read: ${reason}`, false, error);
  }
  const { url: address, secret } = parseParameter(value) ?? {};
  if (address === undefined || secret === undefined)
    throw wrong('its parameter is not a JSON object with url and secret');
  const key = signingKey(secret);
  if (key === undefined) throw wrong('its secret is not "whsec_" and base64 of 24 to 64 bytes');
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url?.protocol !== 'https:') throw wrong('its URL does not begin with https://');
  if (url.username !== '' || url.password !== '') throw wrong('its URL holds a user name or password');
  const host = url.hostname.replace(/^\[|\]$/g, '');
  // Node looks up names only, and connects to an address as it is.
  if (!allowPrivate && isIP(host) !== 0 && !isPublicAddress(host)) {
    throw wrong('its address is not public, and the deployment allows no other');
  }
  return { url, key };
}

/** `undefined` for a value that is not valid; it is secret, so that no error may quote it. */
function parseParameter(value: string): z.infer<typeof webhookSchema> | undefined {
  try {
    const parsed = webhookSchema.safeParse(JSON.parse(value));
    return parsed.success ? parsed.data : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** The key in a secret, "whsec_" and base64 of 24 to 64 bytes; `undefined` for anything else. */
function signingKey(secret: string): Buffer | undefined {
  const [, base64] = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(secret) ?? [];
  if (base64 === undefined) return undefined;
  const key = Buffer.from(base64, 'base64');
  return key.length >= 24 && key.length <= 64 ? key : undefined;
}

/**
 * The headers by which a webhook's receiver verifies that a request is ours, unchanged and fresh. The time is signed: a
 * receiver refuses a request that is older than some minutes, and an id that it has had already, so that nobody can replay one.
 * Source: Standard Webhooks (standardwebhooks.com), "Signature scheme": libraries that check it exist for most languages.
 * @param id the notification's.
 * @example
 * signedHeaders(key, notification.id, notification.json, new Date())['webhook-signature']; // 'v1,…'
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
