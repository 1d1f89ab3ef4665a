/**
 * Emulators of AWS for tests: installed from PyPI into a Python virtual environment of their own under
 * `node_modules/.cache/`, at pinned versions, and run on free ports of this machine for as long as a test runs.
 */
import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Emulator {
  /** `http://127.0.0.1:PORT` */
  readonly endpoint: string;
  stop(): Promise<void>;
}

export const moto = 'moto[server]==5.2.5';
const ministack = 'ministack==1.5.33';
const microburst = 'microburst==0.10.0';

export interface MotoOptions {
  /** Whether its Security Hub ignores updates that are not newer, and says when it took one, as the real one does. */
  readonly asSecurityHub?: boolean;
  /** All of its environment; this program's own where left out. */
  readonly env?: NodeJS.ProcessEnv;
}

/** Starts moto. Throws, with what it wrote, when it does not answer within a minute. */
export async function startMoto({
  asSecurityHub = false,
  env = process.env,
}: MotoOptions = {}): Promise<Emulator> {
  const port = await freePort();
  return startServer({
    python: pythonWith([moto]),
    args: ['moto.server', '-H', '127.0.0.1', '-p', String(port)],
    port,
    ready: '/moto-api/',
    env: { ...env, ...(asSecurityHub ? { MOTO_AS_SECURITY_HUB: '1' } : {}) },
  });
}

/** What ministack is to be. */
export interface MinistackOptions {
  readonly account: string;
  readonly region: string;
  /**
   * All of its environment but the settings made here. The functions that it runs inherit it, and run on the `node`
   * that comes first in its PATH: so they are told the endpoints of other emulators.
   */
  readonly env: NodeJS.ProcessEnv;
  /** A file for all that it writes, what functions log included. */
  readonly log: string;
}

/**
 * Starts ministack, which also checks whether callers are allowed what they ask for: it answers the root user of
 * its account, whose access key is `test`, and a deployed function by the function's role.
 */
export async function startMinistack({ account, region, env, log }: MinistackOptions): Promise<Emulator> {
  const port = await freePort();
  return startServer({
    python: pythonWith([ministack]),
    args: ['ministack'],
    port,
    ready: '/_ministack/ready',
    env: {
      ...env,
      AUTH: 'true',
      BIND_HOST: '127.0.0.1',
      GATEWAY_PORT: String(port),
      // Its listener for devices would be open to the network: it binds to all addresses, whatever BIND_HOST says.
      IOT_MTLS_ENABLED: '0',
      MINISTACK_ACCOUNT_ID: account,
      MINISTACK_HOST: '127.0.0.1',
      MINISTACK_REGION: region,
      AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`,
    },
    log,
  });
}

/**
 * Starts microburst before an emulator: a proxy that answers as AWS does when it throttles, fails or is slow, or cuts
 * connections, for the calls that it is told to (`POST /_microburst/rules`).
 * @param upstream the emulator's endpoint.
 */
export async function startMicroburst(
  upstream: string,
  env: NodeJS.ProcessEnv = process.env,
): Promise<Emulator> {
  const port = await freePort();
  return startServer({
    python: pythonWith([microburst]),
    args: ['microburst', '--upstream', upstream, '--port', String(port)],
    port,
    ready: '/_microburst/health',
    env,
  });
}

/**
 * A Python that has these packages. It is set up once for each list of packages, by one of those who want it at the same
 * time; a set-up that was interrupted is begun anew.
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
  const lock = `${folder}.lock`;
  while (!existsSync(complete)) {
    if (!taken(lock)) {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500);
      continue;
    }
    try {
      if (!existsSync(complete)) setUp(folder, python, requirements);
    } finally {
      rmSync(lock, { force: true });
    }
  }
  return python;
}

/** @returns whether the lock is this program's now: not while another one that runs still has it. */
function taken(lock: string): boolean {
  mkdirSync(path.dirname(lock), { recursive: true });
  try {
    writeFileSync(lock, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (!isFault(error, 'EEXIST')) throw error;
  }
  try {
    process.kill(Number(readFileSync(lock, 'utf8')), 0);
  } catch (error) {
    // Its owner has ended, or the lock has been deleted meanwhile.
    if (isFault(error, 'ESRCH')) rmSync(lock, { force: true });
    else if (!isFault(error, 'ENOENT') && !isFault(error, 'EPERM')) throw error;
  }
  return false;
}

function isFault(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}

function setUp(folder: string, python: string, requirements: readonly string[]): void {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  execFileSync(process.platform === 'win32' ? 'python' : 'python3', ['-m', 'venv', folder], {
    stdio: 'inherit',
  });
  execFileSync(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...requirements], {
    stdio: 'inherit',
  });
  writeFileSync(path.join(folder, 'complete'), `${requirements.join('\n')}\n`);
}

interface Server {
  readonly python: string;
  /** The module, and what it takes. */
  readonly args: readonly string[];
  readonly port: number;
  /** A path that it answers when it is up. */
  readonly ready: string;
  readonly env: NodeJS.ProcessEnv;
  readonly log?: string;
}

/**
 * Runs a server until it is stopped, or until this program ends in whatever way: `emulator.py` waits for the end of
 * its standard input. Its process group is its own, so that an interrupt from the terminal leaves it to be stopped
 * in order.
 */
async function startServer({ python, args, port, ready, env, log }: Server): Promise<Emulator> {
  const endpoint = `http://127.0.0.1:${port}`;
  // A file and no pipe: a program that waits for a command in a blocking way would leave a pipe to fill up, at which
  // the server stops.
  const file = log ?? path.join(mkdtempSync(path.join(tmpdir(), 'trailseal-emulator-')), 'log');
  const output = openSync(file, 'w');
  const child = spawn(python, [path.join(import.meta.dirname, 'emulator.py'), ...args], {
    stdio: ['pipe', output, output],
    env,
    detached: process.platform !== 'win32',
  });
  closeSync(output);
  let failure = '';
  const deleted = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', (error) => {
      failure = error.message;
      resolve();
    });
  });
  let running = true;
  void deleted.then(() => {
    running = false;
    if (log === undefined) rmSync(path.dirname(file), { recursive: true, force: true });
  });
  const stop = async (): Promise<void> => {
    child.stdin?.end();
    await Promise.race([deleted, sleep(5_000, undefined, { ref: false })]);
    if (running) child.kill('SIGKILL');
    await deleted;
  };
  for (const giveUp = Date.now() + 60_000; running && Date.now() < giveUp; await sleep(200)) {
    if (await answers(`${endpoint}${ready}`)) return { endpoint, stop };
  }
  const written = existsSync(file) ? readFileSync(file, 'utf8').slice(-10_000) : '';
  await stop();
  throw new Error(`${args.join(' ')} does not answer at ${endpoint}: ${failure}${written}`);
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
