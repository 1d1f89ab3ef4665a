/** The `trailseal` command as users run it, against an emulator. */
import { spawn } from 'node:child_process';
import path from 'node:path';
import { type Ended, workFolder } from '../cli/command.ts';

const bin = path.join(import.meta.dirname, '..', '..', 'bin', 'trailseal.mjs');

/**
 * Runs `trailseal` without blocking this process, which has to read what an emulator that it started writes: an
 * emulator that nobody reads from stops in the middle of an answer.
 */
export async function trailsealAt(endpoint: string, args: readonly string[]): Promise<Ended> {
  const child = spawn(process.execPath, [bin, ...args], {
    cwd: workFolder(),
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      NO_COLOR: '1',
      AWS_ENDPOINT_URL: endpoint,
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
    },
  });
  const written = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      written[name] += text;
    });
  }
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  return { code, ...written };
}
