/** Packs Trailseal as it would be published, installs the package into an empty folder, and uses it there. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { list } from '../lib/core/json.ts';

const root = path.join(import.meta.dirname, '..');
const folder = mkdtempSync(path.join(tmpdir(), 'trailseal-package-'));
const npm = (args: readonly string[], cwd: string): string =>
  execFileSync('npm', [...args], { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
try {
  npm(['pack', '--silent', '--pack-destination', folder], root);
  const tarball = readdirSync(folder).find((name) => name.endsWith('.tgz'));
  assert(tarball !== undefined, 'npm pack made no package');
  writeFileSync(path.join(folder, 'package.json'), '{"private":true}\n');
  npm(['install', '--silent', '--no-audit', '--no-fund', '--omit=dev', `./${tarball}`], folder);

  const command = path.join(folder, 'node_modules', '.bin', 'trailseal');
  const run = (...args: string[]) => spawnSync(command, args, { cwd: folder, encoding: 'utf8' });
  const controls = run('controls', '--format', 'json');
  assert.equal(controls.status, 0, controls.stderr);
  const sample = path.join(folder, 'node_modules', 'trailseal', 'data', 'sample');
  const replay = run('replay', sample, '--format', 'json', '--threads', '2');
  assert.equal(replay.status, 0, replay.stderr);
  const findings = list(JSON.parse(replay.stdout), 'findings');
  assert(findings.length >= 30, `only ${findings.length} findings`);
  assert(readdirSync(path.join(folder, 'out')).includes('report.html'), 'no report.html was written');
  process.stdout.write(
    `${tarball}: ${list(JSON.parse(controls.stdout)).length} controls, ${findings.length} findings\n`,
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
