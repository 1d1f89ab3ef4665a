/**
 * Runs one of the project's programs on a fresh clone: installs what is missing, and only then, and starts the
 * program on Node 24. Plain JavaScript for Node 20, because it runs before anything is installed.
 *
 * Usage: node scripts/run.mjs SCRIPT [ARGUMENT…]
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { findNode, launch } from '../bin/launch.mjs';

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..');

/** Whether every package that the lock file asks for is there in the version that it names. */
function installed() {
  const wanted = packagesOf('package-lock.json');
  const present = packagesOf(path.join('node_modules', '.package-lock.json'));
  if (wanted === undefined || present === undefined || findNode() === undefined) return false;
  return Object.entries(wanted).every(([folder, entry]) => {
    if (folder === '' || entry.optional === true) return true;
    return present[folder]?.version === entry.version && existsSync(path.join(root, folder, 'package.json'));
  });
}

function packagesOf(lock) {
  try {
    return JSON.parse(readFileSync(path.join(root, lock), 'utf8')).packages;
  } catch (error) {
    if (error.code === 'ENOENT' || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** `npm ci`, with everything that it says on stderr: stdout belongs to the program. */
function install() {
  process.stderr.write('Installing what Trailseal needs (npm ci)…\n');
  // Packages that ask for a newer Node than this one run on the Node 24 that is being installed: no warnings of that.
  const args = ['ci', '--loglevel=error', '--no-audit', '--no-fund', '--include=dev', '--include=optional'];
  const npm = process.env.npm_execpath;
  const [command, all] = npm === undefined ? ['npm', args] : [process.execPath, [npm, ...args]];
  const done = spawnSync(command, all, {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell: npm === undefined && process.platform === 'win32',
  });
  if (done.status !== 0) {
    process.stderr.write(`npm ci failed${done.error === undefined ? '' : `: ${done.error.message}`}\n`);
    process.exit(done.status ?? 1);
  }
}

const [script, ...args] = process.argv.slice(2);
if (script === undefined) {
  process.stderr.write('usage: node scripts/run.mjs SCRIPT [ARGUMENT…]\n');
  process.exit(2);
}
if (!installed()) install();
await launch(path.join(root, script), args);
