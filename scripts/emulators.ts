/**
 * Emulators of AWS for tests: installed from PyPI into a Python virtual environment of their own under
 * `node_modules/.cache/`, at pinned versions, and run on free ports of this machine for as long as a test runs.
 */
import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Emulator {
  /** `http://127.0.0.1:PORT` */
  readonly endpoint: string;
  stop(): Promise<void>;
}

const moto = 'moto[server]==5.2.5';

/** Starts moto. Throws, with what it wrote, when it does not answer within a minute. */
export async function startMoto(): Promise<Emulator> {
  const python = pythonWith([moto]);
  const port = await freePort();
  return startServer(
    python,
    ['-m', 'moto.server', '-H', '127.0.0.1', '-p', String(port)],
    port,
    '/moto-api/',
  );
}

/**
 * A Python that has these packages. It is set up once for each list of packages; a set-up that was broken off
 * is begun anew.
 * @param requirements as pip takes them, each with its exact version.
 * @returns the path of its interpreter.
 */
export function pythonWith(requirements: readonly string[]): string {
  const name = createHash('sha256').update(requirements.join('\n')).digest('hex').slice(0, 12);
  const folder = path.join(import.meta.dirname, '..', 'node_modules', '.cache', `python-${name}`);
  const python =
    process.platform === 'win32'
      ? path.join(folder, 'Scripts', 'python.exe')
      : path.join(folder, 'bin', 'python');
  const complete = path.join(folder, 'complete');
  if (existsSync(complete)) return python;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  execFileSync(process.platform === 'win32' ? 'python' : 'python3', ['-m', 'venv', folder], {
    stdio: 'inherit',
  });
  execFileSync(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...requirements], {
    stdio: 'inherit',
  });
  writeFileSync(complete, `${requirements.join('\n')}\n`);
  return python;
}

/** Runs a server until it is stopped; `ready` is a path that it answers when it is up. */
async function startServer(
  command: string,
  args: readonly string[],
  port: number,
  ready: string,
): Promise<Emulator> {
  const endpoint = `http://127.0.0.1:${port}`;
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let written = '';
  const keep = (chunk: Buffer) => {
    written = `${written}${chunk.toString('utf8')}`.slice(-10_000);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', (error) => {
      written = `${written}${error.message}`;
      resolve();
    });
  });
  const stop = async (): Promise<void> => {
    child.kill();
    await ended;
  };
  let running = true;
  void ended.then(() => {
    running = false;
  });
  for (const giveUp = Date.now() + 60_000; running && Date.now() < giveUp; await sleep(200)) {
    if (await answers(`${endpoint}${ready}`)) return { endpoint, stop };
  }
  await stop();
  throw new Error(`${args.join(' ')} does not answer at ${endpoint}: ${written}`);
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url)).ok;
  } catch {
    // Refused: it is not up yet.
    return false;
  }
}

/** A port that nothing listens on just now. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : undefined;
      server.close(() => (port === undefined ? reject(new Error('no port is free')) : resolve(port)));
    });
  });
}
