/**
 * The step of the GitHub Action: runs `trailseal`, and shows what came of it in the job's summary and as annotations. Plain
 * JavaScript for Node 20, which runners have.
 * Sources: GitHub Docs, "Workflow commands for GitHub Actions" (annotations, job summaries, stopping commands, outputs);
 * actions/toolkit, packages/core/src/command.ts (how values are escaped).
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { appendFileSync, existsSync, mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const trailseal = path.join(path.dirname(fileURLToPath(import.meta.url)), '..', '..', 'bin', 'trailseal.mjs');
/** GitHub shows ten annotations of each kind of a step. */
const shownAnnotations = 10;
/** GitHub refuses a larger summary. */
const longestSummary = 1024 * 1024;

/** An input of the action; empty where it is left out. */
const input = (name) => (process.env[`INPUT_${name}`] ?? '').trim();
/** The lines of an input. */
const lines = (name) =>
  input(name)
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
/** An option with a value, where the input has one. */
const option = (flag, value) => (value === '' ? [] : [`${flag}=${value}`]);

const folder = mkdtempSync(path.join(process.env['RUNNER_TEMP'] ?? tmpdir(), 'trailseal-'));
const files = {
  json: path.join(folder, 'trailseal.json'),
  markdown: path.join(folder, 'trailseal.md'),
  sarif: path.join(folder, 'trailseal.sarif'),
};

/** What a finding's severity is to GitHub; the others are notices. */
const kinds = { CRITICAL: 'error', HIGH: 'error', MEDIUM: 'warning' };
const severities = ['CRITICAL', 'HIGH', 'MEDIUM', 'LOW', 'INFORMATIONAL'];

const command = input('COMMAND');
const shared = [
  ...option('--since', input('SINCE')),
  ...option('--until', input('UNTIL')),
  ...lines('CONTROLS').flatMap((id) => option('--control', id)),
  ...lines('ACCOUNTS').flatMap((id) => option('--account', id)),
  ...lines('REGIONS').flatMap((name) => option('--region', name)),
  ...(input('ALLOW_EMPTY') === 'true' ? ['--allow-empty'] : []),
  '--format=json',
  `--write=markdown=${files.markdown}`,
];

/** The command line; `undefined` where the inputs are wrong, which is said then. */
function argumentsOf() {
  if (command === 'replay') {
    return [
      'replay',
      ...shared,
      ...option('--policy', input('POLICY')),
      ...option('--fail-on', input('FAIL_ON')),
      `--write=sarif=${files.sarif}`,
      `--out=${path.join(folder, 'out')}`,
      '--',
      ...lines('PATHS'),
    ];
  }
  if (command === 'policy-diff') {
    const now = input('POLICY') || 'trailseal.policy.yml';
    const old = input('OLD_POLICY') || policyOfBase(now);
    if (old === undefined) return undefined;
    const failing = input('FAIL_ON_CHANGE') === 'true' ? ['--fail-on-change'] : [];
    return ['policy', 'diff', ...shared, ...failing, '--', old, now, ...lines('PATHS')];
  }
  annotate('error', 'wrong usage', `command takes replay or policy-diff, not ${command || 'nothing'}`);
  return undefined;
}

/** The policy as the base branch of the pull request has it, in a file; one that only reports where it has none. */
function policyOfBase(file) {
  const base = process.env['GITHUB_BASE_REF'] ?? '';
  if (base === '') {
    annotate('error', 'wrong usage', 'policy-diff takes old-policy, except in a pull request');
    return undefined;
  }
  const git = (...words) =>
    execFileSync('git', words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  try {
    git('fetch', '--quiet', '--depth=1', 'origin', `refs/heads/${base}`);
  } catch (error) {
    annotate('error', 'no base branch', `git cannot fetch ${base}: ${error.stderr ?? error.message}`);
    return undefined;
  }
  const old = path.join(folder, 'old.policy.yml');
  const inRepository = path.posix.normalize(`${git('rev-parse', '--show-prefix').trim()}${file}`);
  const held = git('ls-tree', '--name-only', '--full-tree', 'FETCH_HEAD', inRepository).trim() !== '';
  writeFileSync(old, held ? git('show', `FETCH_HEAD:${inRepository}`) : 'version: 1\n');
  return old;
}

/** Runs the command and shows its results. @returns its exit code. */
function run(words) {
  const done = spawnSync(process.execPath, [trailseal, ...words], {
    encoding: 'utf8',
    maxBuffer: 1024 * 1024 * 1024,
  });
  writeFileSync(files.json, done.stdout ?? '');
  if (done.error !== undefined) process.stderr.write(`${done.error.message}\n`);
  literally(done.stderr ?? '');
  const code = done.status ?? 70;
  summarize();
  annotateAll(resultsIn(done.stdout ?? ''), code);
  append('GITHUB_OUTPUT', `exit-code=${code}\n`);
  for (const [name, file] of Object.entries(files)) {
    if (existsSync(file) && statSync(file).size > 0) append('GITHUB_OUTPUT', `${name}=${file}\n`);
  }
  return code;
}

/** Prints a text in which no line is a command to the runner, whatever a file or a resource is called. */
function literally(text) {
  if (text === '') return;
  const token = randomUUID();
  process.stdout.write(`::stop-commands::${token}\n${text}\n::${token}::\n`);
}

function summarize() {
  if (!existsSync(files.markdown)) return;
  const text = readFileSync(files.markdown, 'utf8');
  const short = Buffer.byteLength(text) < longestSummary;
  append('GITHUB_STEP_SUMMARY', short ? text : `${text.slice(0, longestSummary / 4)}\n\n… and more.\n`);
}

function resultsIn(text) {
  try {
    return JSON.parse(text);
  } catch {
    // It ended before it had any: what is wrong is on its stderr.
    return undefined;
  }
}

function annotateAll(results, code) {
  if (results === undefined) {
    annotate('error', 'Trailseal', `trailseal ended with ${code} before it had results; its log says why`);
    return;
  }
  const missing = [
    ...results.scopeErrors.map((text) => ['Not evaluated', text]),
    ...results.inputErrors.map(({ file, reason }) => ['Not read', `${file}: ${reason}`]),
  ];
  const found = command === 'replay' ? failuresOf(results) : changesOf(results);
  const all = [...missing.map(([title, text]) => ({ kind: 'error', title, text })), ...found];
  for (const kind of ['error', 'warning', 'notice']) {
    const some = all.filter((one) => one.kind === kind);
    const shown = some.length > shownAnnotations ? some.slice(0, shownAnnotations - 1) : some;
    for (const { title, text } of shown) annotate(kind, title, text);
    if (some.length > shown.length) {
      annotate(kind, 'Trailseal', `and ${some.length - shown.length} more in the summary`);
    }
  }
}

function failuresOf({ findings }) {
  return findings
    .filter(
      ({ status, verdict, exemption }) =>
        status === 'OPEN' && verdict === 'FAIL' && exemption?.state !== 'active',
    )
    .sort((one, other) => severities.indexOf(one.severity) - severities.indexOf(other.severity))
    .map(({ severity, control, evidence, account, region }) => ({
      kind: kinds[severity] ?? 'notice',
      title: `${severity} ${control}`,
      text: `${evidence.summary} (${account}, ${region})`,
    }));
}

function changesOf({ findings }) {
  return findings.map(({ change, control, resource, account, region, new: now }) => ({
    kind: 'warning',
    title: `${control} ${change}`,
    text: `${resource.id} (${account}, ${region}): ${now.reason}`,
  }));
}

function annotate(kind, title, text) {
  const value = (some) => some.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
  const property = (some) => value(some).replaceAll(':', '%3A').replaceAll(',', '%2C');
  process.stdout.write(`::${kind} title=${property(title)}::${value(text)}\n`);
}

/** Appends to a file that the runner names; nothing where it names none. */
function append(variable, text) {
  const file = process.env[variable] ?? '';
  if (file !== '') appendFileSync(file, text);
}

const args = argumentsOf();
process.exitCode = args === undefined ? 2 : run(args);
