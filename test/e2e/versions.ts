/** Versions of the project, each in a folder of its own, and what is deployed and run from there. */
import { execFileSync, spawn } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { operatorParameter } from './callers.ts';
import { env, operatorEnv } from './deployed-stack.ts';
import type { Ran } from './deployment.ts';
import { account, region, withoutSettings } from './emulated-aws.ts';

const root = path.join(import.meta.dirname, '..', '..');
const policy = 'test/e2e/upgrade.policy.yml';

export const stage = 'e2e-upgrade';

export interface Version {
  /** Where it is checked out. */
  readonly folder: string;
  /** The format version of its state. */
  readonly formatVersion: number;
}

/** What is checked out here. */
export function thisVersion(): Promise<Version> {
  return versionIn(root);
}

/** The commit before, or `undefined` where the history is not there, as in a shallow clone. */
export async function previousVersion(): Promise<Version | undefined> {
  const folder = path.join(mkdtempSync(path.join(tmpdir(), 'trailseal-previous-')), 'trailseal');
  try {
    execFileSync('git', ['worktree', 'add', '--detach', folder, 'HEAD~1'], { cwd: root, stdio: 'pipe' });
  } catch {
    rmSync(path.dirname(folder), { recursive: true, force: true });
    return undefined;
  }
  symlinkSync(path.join(root, 'node_modules'), path.join(folder, 'node_modules'));
  copyFileSync(path.join(root, policy), path.join(folder, policy));
  return versionIn(folder);
}

export function removeVersion({ folder }: Version): void {
  if (folder === root) return;
  execFileSync('git', ['worktree', 'remove', '--force', folder], { cwd: root });
  rmSync(path.dirname(folder), { recursive: true, force: true });
}

async function versionIn(folder: string): Promise<Version> {
  const file = path.join(folder, 'lib/findings/state/item.ts');
  const formatVersion = Number(/export const formatVersion = (\d+);/.exec(await readFile(file, 'utf8'))?.[1]);
  if (Number.isNaN(formatVersion)) throw new TypeError(`${file} has no format version`);
  return { folder, formatVersion };
}

/** `sls COMMAND` of a version. Rejects, with all that it wrote, when it fails. */
export async function sls(version: Version, command: 'deploy' | 'remove'): Promise<void> {
  const params = ['insights=false', 'retainState=false', operatorParameter(account), `policy=${policy}`];
  const args = [command, '--stage', stage, '--region', region, ...params.flatMap((one) => ['--param', one])];
  const { code, all } = await run(version, 'node_modules/osls/bin/serverless.js', args, env);
  if (code !== 0) throw new Error(`sls ${command} in ${version.folder} failed (${code}):\n${all}`);
}

/** `trailseal COMMAND` of a version, as the operator runs it. */
export function trailseal(version: Version, ...args: readonly string[]): Promise<Ran> {
  return run(version, 'bin/trailseal.mjs', [...args, '--stage', stage, '--region', region], operatorEnv);
}

function run(
  { folder }: Version,
  script: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<Ran> {
  if (!existsSync(path.join(folder, script))) throw new Error(`${folder} has no ${script}`);
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [script, ...args], {
      cwd: folder,
      env: { ...withoutSettings(process.env), ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let out = '';
    let all = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text;
      all += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      all += text;
    });
    child.once('error', reject);
    child.once('close', (code) => resolve({ code: code ?? 1, out, all }));
  });
}
