/** The receiver of `examples/`, in a process of its own, called as the webhook target calls. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compose } from '../../lib/notifications/compose.ts';
import { triggerOfTransition } from '../../lib/notifications/trigger.ts';
import { signedHeaders } from '../../lib/notifications/webhook-endpoint.ts';
import { transition } from './events.ts';

const receiver = path.resolve('examples', 'webhook-receiver.mjs');
const key = Buffer.alloc(32, 7);
const trigger = triggerOfTransition(transition());
const [notice] = compose(trigger === undefined ? [] : [trigger], () => undefined, 'dev');
if (notice === undefined) throw new Error('nothing was composed');
const { id, json, subject } = notice;
let child: ChildProcess;
let url: string;
let printed = '';

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('there is no port');
  return address.port;
}

/** The status that the receiver answers with. */
async function answer(body: string, headers: Readonly<Record<string, string>>): Promise<number> {
  return (await fetch(url, { method: 'POST', body, headers })).status;
}

beforeAll(async () => {
  const port = await freePort();
  url = `http://127.0.0.1:${port}/`;
  const env = { ...process.env, PORT: String(port), SECRET: `whsec_${key.toString('base64')}` };
  child = spawn(process.execPath, [receiver], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  child.stdout?.on('data', (some) => (printed += some));
  for (let tries = 0; tries < 100; tries += 1) {
    if (
      await answer('', {}).then(
        () => true,
        () => false,
      )
    )
      return;
    await setTimeout(100);
  }
  throw new Error('the receiver did not start');
});
afterAll(() => child.kill());

describe('the receiver', () => {
  it('has twenty lines', () => {
    expect(readFileSync(receiver, 'utf8').trimEnd().split('\n').length).toBeLessThanOrEqual(20);
  });

  it('accepts a notification, and reports it once, also where it comes twice', async () => {
    expect(await answer(json, signedHeaders(key, id, json, new Date()))).toBe(204);
    expect(await answer(json, signedHeaders(key, id, json, new Date()))).toBe(204);
    expect(printed).toBe(`${subject}\n`);
  });

  it.each([
    ['that is changed', `${json} `, signedHeaders(key, id, json, new Date())],
    ['with another secret', json, signedHeaders(Buffer.alloc(32, 8), id, json, new Date())],
    ['that is ten minutes old', json, signedHeaders(key, id, json, new Date(Date.now() - 600_000))],
    ['without a signature', json, {}],
  ])('refuses one %s', async (_what, body, headers) => {
    expect(await answer(body, headers)).toBe(401);
  });
});
