/** The steps of the GitHub Action, run as a runner runs them. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import * as z from 'zod/mini';
import { createVolume, put, workFolder } from '../cli/command.ts';

const folder = path.join(import.meta.dirname, '..', '..', 'deploy', 'github');
const action = z
  .object({
    inputs: z.record(z.string(), z.object({ description: z.string(), default: z.optional(z.string()) })),
    outputs: z.record(z.string(), z.object({ description: z.string(), value: z.string() })),
    runs: z.object({
      using: z.literal('composite'),
      steps: z.array(
        z.object({
          name: z.string(),
          shell: z.literal('bash'),
          run: z.string(),
          env: z.optional(z.record(z.string(), z.string())),
        }),
      ),
    }),
  })
  .parse(parse(readFileSync(path.join(folder, 'action.yml'), 'utf8')));

interface Job {
  readonly code: number | null;
  readonly log: string;
  readonly summary: string;
  readonly outputs: Readonly<Record<string, string>>;
}

/** Runs all steps with these inputs in `cwd`, until one fails. */
function job(
  cwd: string,
  inputs: Readonly<Record<string, string>>,
  more: Readonly<Record<string, string>> = {},
): Job {
  const temp = workFolder();
  const [summary, output] = ['summary', 'output'].map((name) => path.join(temp, name)) as [string, string];
  const given = (name: string) => inputs[name] ?? action.inputs[name]?.default ?? '';
  let log = '';
  let code: number | null = 0;
  for (const step of action.runs.steps) {
    const env = Object.entries(step.env ?? {}).map(([name, value]): [string, string] => [
      name,
      value.replace(/\$\{\{ inputs\.([\w-]+) \}\}/g, (_all, input: string) => given(input)),
    ]);
    const done = spawnSync('bash', ['--noprofile', '--norc', '-eo', 'pipefail', '-c', step.run], {
      cwd,
      encoding: 'utf8',
      env: {
        ...process.env,
        GITHUB_BASE_REF: '',
        ...Object.fromEntries(env),
        GITHUB_ACTION_PATH: folder,
        GITHUB_STEP_SUMMARY: summary,
        GITHUB_OUTPUT: output,
        RUNNER_TEMP: temp,
        ...more,
      },
    });
    log += done.stdout + done.stderr;
    code = done.status;
    if (code !== 0) break;
  }
  const textOf = (file: string) => (existsSync(file) ? readFileSync(file, 'utf8') : '');
  const outputs = Object.fromEntries(
    textOf(output)
      .split('\n')
      .filter((line) => line.includes('='))
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
  return { code, log, summary: textOf(summary), outputs };
}

/** The lines that a runner takes for commands. */
function commandsIn(log: string): readonly string[] {
  let stoppedBy: string | undefined;
  return log.split('\n').flatMap((line) => {
    const text = line.trimStart();
    if (stoppedBy !== undefined) {
      if (text === `::${stoppedBy}::`) stoppedBy = undefined;
      return [];
    }
    const stop = /^::stop-commands::(.*)$/.exec(text);
    if (stop !== null) {
      stoppedBy = stop[1];
      return [];
    }
    return text.startsWith('::') ? [text] : [];
  });
}

function archive(...records: readonly unknown[]): string {
  const cwd = workFolder();
  put(cwd, 'trail/a.json', records);
  return cwd;
}
const failing = createVolume('vol-0a', false, '08:00:00');

describe('the action', () => {
  it('takes every input as a variable, and none as text of a script', () => {
    for (const { run } of action.runs.steps) expect(run).not.toContain('${{');
    const used = action.runs.steps.flatMap(({ env = {} }) => Object.values(env));
    expect(used.sort()).toEqual(
      Object.keys(action.inputs)
        .map((name) => `\${{ inputs.${name} }}`)
        .sort(),
    );
  });

  it('has the outputs that its step sets', () => {
    const { outputs } = job(archive(failing), { paths: 'trail' });
    expect(Object.keys(outputs).sort()).toEqual(Object.keys(action.outputs).sort());
    for (const [name, { value }] of Object.entries(action.outputs)) {
      expect(value).toBe(`\${{ steps.run.outputs.${name} }}`);
    }
  });

  it('refuses a command that it does not know', () => {
    const { code, log } = job(archive(failing), { command: 'scan', paths: 'trail' });
    expect(code).toBe(2);
    expect(commandsIn(log)).toEqual([
      '::error title=wrong usage::command takes replay or policy-diff, not scan',
    ]);
  });
});

describe('replay in a pull request', () => {
  it('fails where --fail-on is reached, with a summary and an annotation', () => {
    const { code, log, summary, outputs } = job(archive(failing), { paths: 'trail', 'fail-on': 'HIGH' });
    expect(code).toBe(1);
    expect(summary).toContain('**1 open failure** (1 high)');
    expect(commandsIn(log)).toEqual([
      expect.stringMatching(
        /^::error title=HIGH ec2-volume-encryption::.*vol-0a.*\(111122223333, eu-central-1\)$/,
      ),
    ]);
    expect(outputs['exit-code']).toBe('1');
    expect(JSON.parse(readFileSync(outputs['sarif'] ?? '', 'utf8'))).toMatchObject({
      runs: [{ results: [{ ruleId: 'ec2-volume-encryption' }] }],
    });
  });

  it('passes where nothing fails', () => {
    const { code, log, summary } = job(archive(createVolume('vol-0a', true, '08:00:00')), { paths: 'trail' });
    expect({ code, commands: commandsIn(log) }).toEqual({ code: 0, commands: [] });
    expect(summary).toContain('**No open failure** among 1 evaluations.');
  });

  it('does not pass for a misspelled Region, and says which one was meant', () => {
    const { code, log, summary } = job(archive(failing), { paths: 'trail', regions: 'eu-centrl-1' });
    expect(code).toBe(3);
    expect(commandsIn(log)).toEqual([
      '::error title=Not evaluated::--region eu-centrl-1: no relevant record is of it; did you mean eu-central-1?',
    ]);
    expect(summary).toContain('did you mean eu-central-1?');
  });

  it('passes for an empty period with allow-empty', () => {
    const inputs = { paths: 'trail', since: '2h', 'allow-empty': 'true' };
    expect(job(archive(failing), inputs).code).toBe(0);
  });

  it('says so where it ended before it had results', () => {
    const { code, log } = job(archive(failing), { paths: 'trail', policy: 'nowhere.yml' });
    expect(code).toBe(2);
    expect(commandsIn(log)).toEqual([
      '::error title=Trailseal::trailseal ended with 2 before it had results; its log says why',
    ]);
    expect(log).toContain('cannot read nowhere.yml');
  });

  it('shows ten annotations of a kind at most, and how many more there are', () => {
    const many = Array.from({ length: 12 }, (_, n) => createVolume(`vol-${n}`, false, '08:00:00'));
    const commands = commandsIn(job(archive(...many), { paths: 'trail' }).log);
    expect(commands).toHaveLength(10);
    expect(commands.at(-1)).toBe('::error title=Trailseal::and 3 more in the summary');
  });

  it('takes no name from an event or of a file for a command', () => {
    const cwd = archive(createVolume('vol\n::error::forged', false, '08:00:00'));
    writeFileSync(path.join(cwd, 'trail', 'x.json'), 'not json');
    renameSync(path.join(cwd, 'trail', 'x.json'), path.join(cwd, '::warning::forged.json'));
    const { log } = job(cwd, { paths: 'trail\n::warning::forged.json' });
    const commands = commandsIn(log);
    expect(commands).toHaveLength(2);
    expect(commands.filter((command) => /^::(error|warning)::/.test(command))).toEqual([]);
  });

  it('takes no path for an option, and no input for a command of the shell', () => {
    const cwd = archive(failing);
    const { code, log } = job(cwd, { paths: 'trail\n--out=elsewhere', since: '$(touch made)' });
    expect(code).toBe(2);
    expect(existsSync(path.join(cwd, 'made'))).toBe(false);
    expect(existsSync(path.join(cwd, 'elsewhere'))).toBe(false);
    expect(log).toContain('--since takes a time');
  });
});

describe('policy-diff in a pull request', () => {
  const disabled = 'version: 1\ncontrols: { ec2-volume-encryption: { enabled: false } }\n';

  it('shows what the new policy changes, and fails where that is asked for', () => {
    const cwd = archive(failing);
    put(cwd, 'old.yml', 'version: 1\n');
    put(cwd, 'new.yml', disabled);
    const inputs = { command: 'policy-diff', paths: 'trail', 'old-policy': 'old.yml', policy: 'new.yml' };
    const { code, log, summary, outputs } = job(cwd, inputs);
    expect(code).toBe(0);
    expect(summary).toContain('| disappears | ec2-volume-encryption |');
    expect(commandsIn(log)).toEqual([
      expect.stringMatching(/^::warning title=ec2-volume-encryption disappears::vol-0a /),
    ]);
    expect(outputs['sarif']).toBeUndefined();
    expect(job(cwd, { ...inputs, 'fail-on-change': 'true' }).code).toBe(1);
  });

  /** A clone of a repository whose branch main has this policy, and whose working tree has another one. */
  function pullRequest(base: string | undefined, head: string): string {
    const origin = workFolder();
    const git = (cwd: string, ...words: readonly string[]) =>
      execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.com', ...words], {
        cwd,
        stdio: 'pipe',
      });
    git(origin, 'init', '--quiet', '--initial-branch=main');
    if (base !== undefined) put(origin, 'policies/trailseal.policy.yml', base);
    put(origin, 'trail/a.json', [failing]);
    git(origin, 'add', '.');
    git(origin, 'commit', '--quiet', '--message=base');
    const clone = workFolder();
    git(clone, 'clone', '--quiet', origin, '.');
    mkdirSync(path.join(clone, 'policies'), { recursive: true });
    put(clone, 'policies/trailseal.policy.yml', head);
    return clone;
  }

  it.each([
    ['the base branch has', 'version: 1\n'],
    ['only reports, where the base branch has none', undefined],
  ])('compares with the policy that %s', (_what, base) => {
    const inputs = { command: 'policy-diff', paths: 'trail', policy: 'policies/trailseal.policy.yml' };
    const { code, log, summary } = job(pullRequest(base, disabled), inputs, { GITHUB_BASE_REF: 'main' });
    expect({ code, log }).toMatchObject({ code: 0 });
    expect(summary).toContain('| disappears | ec2-volume-encryption |');
  });

  it('needs old-policy outside of a pull request', () => {
    const { code, log } = job(archive(failing), { command: 'policy-diff', paths: 'trail' });
    expect(code).toBe(2);
    expect(commandsIn(log)).toEqual([
      '::error title=wrong usage::policy-diff takes old-policy, except in a pull request',
    ]);
  });
});
