/** A gate in a pipeline: it cannot pass by accident, and what is asked for is printed all the same. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { createVolume, put, record, trailseal, workFolder } from './command.ts';

const cwd = workFolder();
put(cwd, 'trail.json', [createVolume('vol-0a', true, '08:00:00')]);
put(cwd, 'reports.yml', 'version: 1\n');
put(cwd, 'disables.yml', 'version: 1\ncontrols: { ec2-volume-encryption: { enabled: false } }\n');
put(cwd, 'irrelevant.json', [record('s3.amazonaws.com', 'ListBuckets', '08:00:00')]);

/** What is asked for, and the reason that is given. */
const accidents: readonly (readonly [string, readonly string[], string])[] = [
  [
    'a misspelled control',
    ['trail.json', '--control', 'ec2-volume-encrytion'],
    '--control ec2-volume-encrytion: there is no such control; did you mean ec2-volume-encryption?',
  ],
  [
    'a misspelled control beside one that exists',
    ['trail.json', '--control', 'ec2-volume-encryption', '--control', 'kms-key-disabld'],
    '--control kms-key-disabld: there is no such control; did you mean kms-key-disabled?',
  ],
  [
    'a misspelled type',
    ['trail.json', '--type', 'AwsEc2Volum'],
    '--type AwsEc2Volum: there is no such type of resource; did you mean AwsEc2Volume?',
  ],
  [
    'a control and a type that do not go together',
    ['trail.json', '--control', 'ec2-volume-encryption', '--type', 'AwsKmsKey'],
    'no control that --control names concerns a type that --type names',
  ],
  [
    'a control that the policy disables',
    ['trail.json', '--control', 'ec2-volume-encryption', '--policy', 'disables.yml'],
    '--control ec2-volume-encryption: the policy does not enable it',
  ],
  [
    'a misspelled Region',
    ['trail.json', '--region', 'eu-centrl-1'],
    '--region eu-centrl-1: no relevant record is of it; did you mean eu-central-1?',
  ],
  [
    'a Region of which there is nothing, beside one that is there',
    ['trail.json', '--region', 'eu-central-1', '--region', 'us-east-1'],
    '--region us-east-1: no relevant record is of it (but of eu-central-1)',
  ],
  [
    'a misspelled account',
    ['trail.json', '--account', '111122223334'],
    '--account 111122223334: no relevant record is of it; did you mean 111122223333?',
  ],
  [
    'a period without records',
    ['trail.json', '--since', '2h'],
    'nothing was evaluated: the relevant records are from 2026-10-05T08:00:00.000Z to 2026-10-05T08:00:00.000Z, none of them from ',
  ],
  [
    'a period before all records',
    ['trail.json', '--until', '2026-10-04'],
    'nothing was evaluated: the relevant records are from 2026-10-05T08:00:00.000Z to 2026-10-05T08:00:00.000Z, none of them before 2026-10-05T00:00:00.000Z',
  ],
  [
    'records of which none is relevant',
    ['irrelevant.json'],
    'nothing was evaluated: no event in this input and scope is relevant to a control',
  ],
  ['no file', ['nowhere'], 'nothing was evaluated: no file was read'],
];

describe('replay', () => {
  it.each(accidents)('of %s ends with 3, says why, and prints the JSON', (_what, args, reason) => {
    const { code, stdout, stderr } = trailseal(cwd, ['replay', ...args, '--format', 'json']);
    expect(code).toBe(3);
    expect(stderr).toContain(`trailseal: ${reason}`);
    expect(JSON.parse(stdout).scopeErrors).toContainEqual(expect.stringContaining(reason));
  });

  it('says the reason with --quiet too', () => {
    const { code, stdout, stderr } = trailseal(cwd, ['replay', 'trail.json', '--since', '2h', '--quiet']);
    expect({ code, lines: stdout.trim().split('\n').length }).toEqual({ code: 3, lines: 1 });
    expect(stderr).toContain('nothing was evaluated');
  });

  it('evaluates what exists beside what is misspelled', () => {
    const args = ['trail.json', '--control', 'ec2-volume-encryption', '--control', 'nonsense'];
    const { stdout } = trailseal(cwd, ['replay', ...args, '--format', 'json']);
    expect(JSON.parse(stdout)).toMatchObject({ matched: 1, verdicts: { PASS: 1 } });
  });

  it('ends with 0 where --allow-empty says that nothing may be evaluated, and says it still', () => {
    const { code, stderr } = trailseal(cwd, ['replay', 'trail.json', '--since', '2h', '--allow-empty']);
    expect(code).toBe(0);
    expect(stderr).toContain('nothing was evaluated');
  });

  it('ends with 3 for a file that cannot be read, --allow-empty or not', () => {
    expect(trailseal(cwd, ['replay', 'nowhere', '--allow-empty']).code).toBe(3);
  });

  it('ends with 0, and says nothing, where all that is named is there', () => {
    const args = ['--region', 'eu-central-1', '--account', '111122223333', '--type', 'AwsEc2Volume'];
    const { code, stderr } = trailseal(cwd, ['replay', 'trail.json', ...args]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });
});

describe('policy diff', () => {
  const diff = (...args: readonly string[]) =>
    trailseal(cwd, ['policy', 'diff', 'reports.yml', 'reports.yml', ...args, '--format', 'json']);

  it.each(accidents.filter(([, args]) => !args.includes('--policy')))(
    'over %s ends with 3, says why, and prints the JSON',
    (_what, args, reason) => {
      const { code, stdout, stderr } = diff(...args);
      expect(code).toBe(3);
      expect(stderr).toContain(`trailseal: ${reason}`);
      expect(JSON.parse(stdout).scopeErrors).toContainEqual(expect.stringContaining(reason));
    },
  );

  it('ends with 0 with --allow-empty, and where something was evaluated', () => {
    expect(diff('trail.json', '--since', '2h', '--allow-empty').code).toBe(0);
    expect(diff('trail.json').code).toBe(0);
  });

  it('compares a control that only one of the policies enables', () => {
    const args = ['reports.yml', 'disables.yml', 'trail.json', '--control', 'ec2-volume-encryption'];
    expect(trailseal(cwd, ['policy', 'diff', ...args]).code).toBe(0);
  });
});

describe('a name that is misspelled', () => {
  it.each([
    [['controls', 'kms-key-disabld'], 'there is no control kms-key-disabld; did you mean kms-key-disabled?'],
    [
      ['replay', 'trail.json', '--region', 'eu-central'],
      '--region takes a Region such as eu-central-1, not eu-central; did you mean eu-central-1?',
    ],
    [['undo', '--since', '1h', '--action', 'quarantin'], 'not quarantin; did you mean quarantine?'],
  ])('%j is answered with the one that was meant', (args, sentence) => {
    const { code, stderr } = trailseal(cwd, args);
    expect(code).toBe(2);
    expect(stderr).toContain(sentence);
  });
});

describe('the report of an earlier run', () => {
  /** A folder with a report, and what stands in it. */
  function reported() {
    const folder = workFolder();
    put(folder, 'fails.json', [createVolume('vol-0a', false, '08:00:00')]);
    trailseal(folder, ['replay', 'fails.json']);
    const read = () =>
      Object.fromEntries(
        readdirSync(path.join(folder, 'out')).map((name) => [
          name,
          readFileSync(path.join(folder, 'out', name), 'utf8'),
        ]),
      );
    return { folder, read, before: read() };
  }

  it.each([
    ['could read nothing', ['nowhere']],
    ['evaluated nothing', ['fails.json', '--since', '2h']],
  ])('stays where a run %s, which says so', (_what, args) => {
    const { folder, read, before } = reported();
    const { code, stdout, stderr } = trailseal(folder, ['replay', ...args]);
    expect(code).toBe(3);
    expect(stderr).toContain('out still has the report of an earlier run');
    expect(stdout).not.toContain('report.html');
    expect(read()).toEqual(before);
  });

  it('is replaced by an empty one where --allow-empty says that it is meant', () => {
    const { folder, read } = reported();
    trailseal(folder, ['replay', 'fails.json', '--since', '2h', '--allow-empty']);
    expect(JSON.parse(read()['summary.json'] ?? '')).toMatchObject({ matched: 0 });
  });

  it('is there for a first run that evaluated nothing', () => {
    const folder = workFolder();
    const { code } = trailseal(folder, ['replay', 'nowhere']);
    expect({ code, files: readdirSync(path.join(folder, 'out')).length }).toEqual({ code: 3, files: 4 });
  });
});
