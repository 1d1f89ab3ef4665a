/** Running sls, on this Node. */
import { spawnSync } from 'node:child_process';
import path from 'node:path';

const root = path.join(import.meta.dirname, '..', '..');

/** @returns how it ended, and all that it wrote. */
export function sls(...args: readonly string[]): { readonly status: number | null; readonly output: string } {
  const command = path.join(root, 'node_modules', 'osls', 'bin', 'serverless.js');
  const { PATH, HOME } = process.env;
  // Nothing of the caller's AWS settings or policy.
  const env = { PATH, HOME, AWS_REGION: 'eu-central-1' };
  const { status, stdout, stderr } = spawnSync(process.execPath, [command, ...args], {
    cwd: root,
    env,
    encoding: 'utf8',
  });
  return { status, output: `${stdout}${stderr}` };
}
