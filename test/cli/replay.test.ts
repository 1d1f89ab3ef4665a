import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { closeSync, existsSync, openSync, readdirSync, readFileSync, writeSync } from 'node:fs';
import { constants } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { type ReplayJson, replaySchema } from '../../cli/output/replay-schema.ts';
import { createVolume, deleteVolume, keyCall, put, record, trailseal, workFolder } from './command.ts';

const root = path.join(import.meta.dirname, '..', '..');

function replayed(cwd: string, args: readonly string[]): ReplayJson & { code: number | null } {
  const { code, stdout } = trailseal(cwd, ['replay', ...args, '--format', 'json']);
  return { ...replaySchema.parse(JSON.parse(stdout)), code };
}

function balances({ records, matched, ignored, rejected }: ReplayJson): boolean {
  return records === matched + Object.values(ignored).reduce((sum, count) => sum + count, 0) + rejected;
}

describe('replay of an archive', () => {
  it('opens a finding where a resource fails', () => {
    const cwd = workFolder();
    put(cwd, 'trail/a.json.gz', { Records: [createVolume('vol-0a', false, '08:00:00')] });
    const { findings } = replayed(cwd, ['trail']);
    expect(findings).toMatchObject([
      {
        control: 'ec2-volume-encryption',
        verdict: 'FAIL',
        status: 'OPEN',
        resource: { type: 'AwsEc2Volume', id: 'vol-0a' },
        account: '111122223333',
        region: 'eu-central-1',
        openedAt: '2026-10-05T08:00:00.000Z',
        closedAt: null,
        actor: { name: 'ana', sourceIp: '192.0.2.7', userAgent: 'aws-cli/2.31.0' },
      },
    ]);
  });

  it('follows a resource through time, across files that are out of order', () => {
    const cwd = workFolder();
    put(cwd, 'trail/a.json', { Records: [keyCall('EnableKey', '10:00:00')] });
    put(cwd, 'trail/b.json', { Records: [keyCall('DisableKey', '08:00:00')] });
    const { findings } = replayed(cwd, ['trail', '--control', 'kms-key-disabled']);
    expect(findings).toMatchObject([
      {
        status: 'RESOLVED',
        verdict: 'FAIL',
        openedAt: '2026-10-05T08:00:00.000Z',
        closedAt: '2026-10-05T10:00:00.000Z',
      },
    ]);
  });

  it('archives the finding of a resource that is deleted', () => {
    const cwd = workFolder();
    put(cwd, 'a.json', [createVolume('vol-0a', false, '08:00:00'), deleteVolume('vol-0a', '09:00:00')]);
    expect(replayed(cwd, ['a.json']).findings).toMatchObject([{ status: 'ARCHIVED', verdict: 'FAIL' }]);
  });

  it('counts a resource that only passed, and does not list it', () => {
    const cwd = workFolder();
    put(cwd, 'a.json', [createVolume('vol-0a', true, '08:00:00')]);
    expect(replayed(cwd, ['a.json'])).toMatchObject({ findings: [], verdicts: { PASS: 1, FAIL: 0 } });
  });

  it('evaluates a record without time, id and version', () => {
    const cwd = workFolder();
    const bare = {
      eventSource: 'ec2.amazonaws.com',
      eventName: 'CreateVolume',
      responseElements: { volumeId: 'vol-0a', encrypted: false },
    };
    put(cwd, 'a.json', bare);
    expect(replayed(cwd, ['a.json']).findings).toMatchObject([
      { status: 'OPEN', openedAt: null, eventIds: [] },
    ]);
  });

  it('counts equal records once, and records of equal eventID as often as they differ', () => {
    const cwd = workFolder();
    const one = createVolume('vol-0a', false, '08:00:00');
    const other = { ...createVolume('vol-0b', false, '08:00:00'), eventID: one['eventID'] };
    put(cwd, 'trail/a.json', { Records: [one, other] });
    put(cwd, 'trail/b.json.gz', { Records: [one] });
    const result = replayed(cwd, ['trail']);
    expect(result.ignored['duplicate']).toBe(1);
    expect(result.findings.map(({ resource }) => resource.id)).toEqual(['vol-0a', 'vol-0b']);
  });

  it('ignores failed calls and dry runs', () => {
    const cwd = workFolder();
    const failed = {
      ...createVolume('vol-0a', false, '08:00:00'),
      errorCode: 'Client.UnauthorizedOperation',
    };
    const dry = { ...createVolume('vol-0b', false, '08:00:00'), errorCode: 'Client.DryRunOperation' };
    put(cwd, 'a.json', [failed, dry]);
    expect(replayed(cwd, ['a.json'])).toMatchObject({
      findings: [],
      ignored: { 'failed-call': 1, 'dry-run': 1 },
    });
  });

  it('has the same result with one thread and with several', () => {
    const cwd = workFolder();
    for (let file = 0; file < 12; file += 1) {
      put(cwd, `trail/${file}.json.gz`, {
        Records: [createVolume(`vol-${file}`, file % 2 === 0, `08:00:${10 + file}`)],
      });
    }
    const strip = ({ generatedAt: _at, code: _code, ...rest }: ReturnType<typeof replayed>) => rest;
    const [one, several] = ['1', '3'].map((threads) => strip(replayed(cwd, ['trail', '--threads', threads])));
    expect(several).toEqual(one);
  });
});

describe('the JSON of a replay', () => {
  it('matches its schema', () => {
    const cwd = workFolder();
    put(cwd, 'a.json', [createVolume('vol-0a', false, '08:00:00'), 7]);
    const { stdout } = trailseal(cwd, ['replay', 'a.json', '--format', 'json']);
    const schema = JSON.parse(readFileSync(path.join(root, 'docs/schemas/replay.schema.json'), 'utf8'));
    const validate = new Ajv2020({ strict: false }).compile(schema);
    expect(validate(JSON.parse(stdout)), JSON.stringify(validate.errors)).toBe(true);
  });
});

describe('the scope of a replay', () => {
  const cwd = workFolder();
  put(cwd, 'a.json', [
    createVolume('vol-0a', false, '08:00:00'),
    { ...createVolume('vol-0b', false, '09:00:00'), awsRegion: 'us-east-1' },
    { ...createVolume('vol-0c', false, '10:00:00'), recipientAccountId: '444455556666' },
    keyCall('DisableKey', '11:00:00'),
  ]);

  it.each([
    [
      ['--since', '2026-10-05T09:00:00Z'],
      ['vol-0b', 'vol-0c', '1234abcd-12ab-34cd-56ef-1234567890ab'],
    ],
    [['--until', '2026-10-05T09:00:00Z'], ['vol-0a']],
    [['--until', '2026-10-04'], []],
    [
      ['--until', '2026-10-05', '--control', 'ec2-volume-encryption'],
      ['vol-0a', 'vol-0b', 'vol-0c'],
    ],
    [['--account', '444455556666'], ['vol-0c']],
    [['--region', 'us-east-1'], ['vol-0b']],
    [['--control', 'kms-key-disabled'], ['1234abcd-12ab-34cd-56ef-1234567890ab']],
  ])('is narrowed by %j', (args, ids) => {
    const result = replayed(cwd, ['a.json', ...args]);
    expect(result.findings.map(({ resource }) => resource.id)).toEqual(ids);
    expect(balances(result)).toBe(true);
  });
});

describe('bad input', () => {
  const whole = gzipSync(JSON.stringify({ Records: [createVolume('vol-0a', false, '08:00:00')] }));

  it.each([
    ['a truncated gzip', 'bad.json.gz.raw', whole.subarray(0, whole.length - 12)],
    ['broken JSON', 'bad.json', '{"Records":[{"eventSource":"ec2.amazonaws.com",'],
    ['an empty file', 'bad.json', ''],
    ['a file that is no archive', 'bad.json', '{"hello":"world"}'],
    ['plain text', 'bad.json', 'not json at all'],
    ['an element that is no record', 'bad.json', '{"Records":[null]}'],
  ])('such as %s is named with the reason, and the rest is processed', (_what, name, content) => {
    const cwd = workFolder();
    put(cwd, 'good.json', [createVolume('vol-0b', false, '08:00:00')]);
    put(cwd, name, content);
    const result = replayed(cwd, ['good.json', name]);
    expect(result.inputErrors.some(({ file, reason }) => file.endsWith(name) && reason !== '')).toBe(true);
    expect(result.findings.map(({ resource }) => resource.id)).toContain('vol-0b');
    expect(balances(result)).toBe(true);
    expect(result.code).toBe(3);
  });

  it('such as a missing path is named with the reason', () => {
    const cwd = workFolder();
    put(cwd, 'good.json', [createVolume('vol-0b', false, '08:00:00')]);
    const result = replayed(cwd, ['good.json', 'nowhere']);
    expect(result.inputErrors).toMatchObject([{ file: 'nowhere' }]);
    expect(result.code).toBe(3);
  });
});

describe('a path that is no file', () => {
  const cwd = workFolder();
  spawnSync('mkfifo', [path.join(cwd, 'pipe')]);

  it.each(['pipe', '/dev/zero', '/dev/null'])('is reported, and not waited for: %s', (name) => {
    expect(replayed(cwd, [name])).toMatchObject({ records: 0, inputErrors: [{ file: name }], code: 3 });
  });
});

describe('an interruption', () => {
  it('leaves only complete files, and exit code 130', async () => {
    const cwd = workFolder();
    const many = Array.from({ length: 20_000 }, (_, n) => createVolume(`vol-${n}`, false, '08:00:00'));
    put(cwd, 'a.json', many);
    const bin = path.join(root, 'bin', 'trailseal.mjs');
    const child = spawn(process.execPath, [bin, 'replay', 'a.json'], { cwd, stdio: 'ignore' });
    const ended = endOf(child);
    const out = path.join(cwd, 'out');
    while (!existsSync(out) || !readdirSync(out).some((name) => name.endsWith('.partial'))) {
      if (child.exitCode !== null) break;
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    // As a terminal and the launcher together do.
    child.kill('SIGINT');
    child.kill('SIGINT');
    expect(await ended).toBe(130);
    expect(readdirSync(out).filter((name) => name.endsWith('.partial'))).toEqual([]);
  });

  it.each(['SIGINT', 'SIGTERM'] as const)(
    'by %s ends the reading of a pipe whose writer takes its time, within two seconds',
    async (signal) => {
      const cwd = workFolder();
      const pipe = path.join(cwd, 'pipe');
      spawnSync('mkfifo', [pipe]);
      // Opened for both, it has a writer for as long as this test wants.
      const both = openSync(pipe, 'r+');
      writeSync(both, `${JSON.stringify(createVolume('vol-0a', false, '08:00:00'))}\n`);
      const bin = path.join(root, 'bin', 'trailseal.mjs');
      for (const args of [
        ['replay', '/dev/stdin'],
        ['explain', '-'],
      ]) {
        const child = spawn(process.execPath, [bin, ...args], { cwd, stdio: [both, 'ignore', 'ignore'] });
        const ended = endOf(child);
        await new Promise((resolve) => setTimeout(resolve, 1_500));
        const at = performance.now();
        child.kill(signal);
        expect(await ended).toBe(130);
        expect(performance.now() - at).toBeLessThan(2_000);
      }
      closeSync(both);
    },
  );

  it.each(['SIGINT', 'SIGTERM'] as const)(
    'by %s ends the reading of one large file within two seconds',
    async (signal) => {
      const cwd = workFolder();
      const record = JSON.stringify(createVolume('vol-0a', false, '08:00:00'));
      // Each record is another one, so that all of them are kept.
      const lines = Array.from({ length: 60_000 }, (_, n) => record.replace('vol-0a', `vol-${n}`));
      put(cwd, 'a.jsonl', lines.join('\n'));
      const bin = path.join(root, 'bin', 'trailseal.mjs');
      const child = spawn(process.execPath, [bin, 'replay', 'a.jsonl'], { cwd, stdio: 'ignore' });
      const ended = endOf(child);
      await new Promise((resolve) => setTimeout(resolve, 1_500));
      const at = performance.now();
      child.kill(signal);
      expect([130, 143]).toContain(await ended);
      expect(performance.now() - at).toBeLessThan(2_000);
    },
  );
});

/** The exit code as a shell shows it: 128 and the signal's number, where a signal ended it. */
function endOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve) =>
    child.on('exit', (code, signal) => resolve(code ?? 128 + constants.signals[signal ?? 'SIGKILL'])),
  );
}

describe('copies of a record', () => {
  it('are counted in little memory, however small the file is that holds them', () => {
    const cwd = workFolder();
    const record = JSON.stringify(createVolume('vol-0a', false, '08:00:00'));
    const copies = 400_000;
    put(cwd, 'a.json.gz', `{"Records":[${`${record},`.repeat(copies - 1)}${record}]}`);
    const memory = `data:text/javascript,process.on('exit',()=>process.stderr.write('KB '+process.resourceUsage().maxRSS))`;
    const args = [
      '--import',
      memory,
      path.join(root, 'cli', 'main.ts'),
      'replay',
      'a.json.gz',
      '--format',
      'json',
    ];
    const done = spawnSync(process.execPath, args, { cwd, encoding: 'utf8' });
    const { records, matched, ignored } = JSON.parse(done.stdout);
    expect({ records, matched, duplicate: ignored.duplicate }).toEqual({
      records: copies,
      matched: 1,
      duplicate: copies - 1,
    });
    expect(Number(/KB (\d+)/.exec(done.stderr)?.[1])).toBeLessThan(400_000);
  });
});

describe('exit codes', () => {
  const cwd = workFolder();
  put(cwd, 'fails.json', [createVolume('vol-0a', false, '08:00:00')]);
  put(cwd, 'passes.json', [createVolume('vol-0a', true, '08:00:00')]);
  put(cwd, 'broken.policy.yml', 'version: 1\ncontrols:\n  no-such-control: {}\n');

  it.each([
    ['success', ['replay', 'fails.json'], 0],
    ['an open failure that reaches --fail-on', ['replay', 'fails.json', '--fail-on', 'low'], 1],
    ['no open failure', ['replay', 'passes.json', '--fail-on', 'INFORMATIONAL'], 0],
    ['no path', ['replay'], 2],
    ['an unknown option', ['replay', 'fails.json', '--nonsense'], 2],
    ['an invalid time', ['replay', 'fails.json', '--since', 'yesterday'], 2],
    ['a day that does not exist', ['replay', 'fails.json', '--since', '2026-02-30'], 2],
    ['an invalid Region', ['replay', 'fails.json', '--region', 'mars'], 2],
    ['an output folder without a name', ['replay', 'fails.json', '--out', ''], 2],
    [
      'an output folder where the system allows none',
      ['replay', 'fails.json', '--out', '/proc/no/folder'],
      2,
    ],
    ['a policy with an error', ['replay', 'fails.json', '--policy', 'broken.policy.yml'], 2],
    ['a missing policy', ['replay', 'fails.json', '--policy', 'nowhere.yml'], 2],
    ['an output folder below a file', ['replay', 'fails.json', '--out', 'fails.json/out'], 2],
    ['an unknown command', ['nonsense'], 2],
    ['help', ['--help'], 0],
  ])('for %s', (_what, args, code) => {
    expect(trailseal(cwd, args).code).toBe(code);
  });
});

describe('the output folder', () => {
  const cwd = workFolder();
  put(cwd, 'a.json', [createVolume('vol-0a', false, '08:00:00'), createVolume('vol-0b', true, '08:00:00')]);
  const ended = trailseal(cwd, ['replay', 'a.json', '--out', 'some/where']);

  it('has the four files, and no incomplete one', () => {
    expect(readdirSync(path.join(cwd, 'some/where')).sort()).toEqual([
      'findings.asff.json',
      'findings.ndjson',
      'report.html',
      'summary.json',
    ]);
  });

  it('has ASFF as one array', () => {
    const asff = JSON.parse(readFileSync(path.join(cwd, 'some/where/findings.asff.json'), 'utf8'));
    expect(asff).toMatchObject([{ SchemaVersion: '2018-10-08', Compliance: { Status: 'FAILED' } }]);
  });

  it('has one finding per line, each with the record that opened it', () => {
    const lines = readFileSync(path.join(cwd, 'some/where/findings.ndjson'), 'utf8').trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { status: 'OPEN', event: { eventName: 'CreateVolume' } },
    ]);
  });

  it('is named at the end of the summary', () => {
    expect(ended.stdout).toContain('some/where/report.html');
  });

  it('is ./out by default', () => {
    const elsewhere = workFolder();
    put(elsewhere, 'a.json', [createVolume('vol-0a', false, '08:00:00')]);
    trailseal(elsewhere, ['replay', 'a.json']);
    expect(existsSync(path.join(elsewhere, 'out/summary.json'))).toBe(true);
  });
});

describe('the summary', () => {
  it('shows no control character from an event', () => {
    const cwd = workFolder();
    const hostile = createVolume('vol-\u001b[31m\u202e', false, '08:00:00');
    put(cwd, 'a.json', [hostile]);
    const { stdout } = trailseal(cwd, ['replay', 'a.json']);
    expect(stdout).toContain('vol-\\u{1b}[31m\\u{202e}');
  });

  it('is only the counts with --quiet', () => {
    const cwd = workFolder();
    put(cwd, 'a.json', [createVolume('vol-0a', false, '08:00:00')]);
    const { stdout, stderr } = trailseal(cwd, ['replay', 'a.json', '--quiet']);
    expect(stdout.trim().split('\n')).toHaveLength(1);
    expect(stderr).toBe('');
  });
});

describe('what the policy would have done', () => {
  const summaryUnder = (text: string) => {
    const cwd = workFolder();
    put(cwd, 'a.json', [createVolume('vol-0a', false, '08:00:00')]);
    put(cwd, 'policy.yml', text);
    return trailseal(cwd, ['replay', 'a.json', '--policy', 'policy.yml']).stdout;
  };

  it('is nothing for a policy that only reports', () => {
    expect(summaryUnder('version: 1\n')).toContain(
      '\nThe policy only reports: it would have carried out no action.\n',
    );
  });

  it('is nothing for a policy whose actions are skipped', () => {
    const text =
      'version: 1\ndefaults: { actions: [tag] }\nguardrails: { actionsPerHour: { perAccount: 0 } }\n';
    expect(summaryUnder(text)).toContain('\nThe policy would have carried out no action.\n');
  });

  it('is not shown where nothing was evaluated', () => {
    const { stdout } = trailseal(workFolder(), ['replay', 'nowhere']);
    expect(stdout).not.toContain('The policy');
  });
});

describe('an input error', () => {
  it('is printed with --quiet too, on stderr', () => {
    const { stdout, stderr, code } = trailseal(workFolder(), ['replay', 'nowhere', '--quiet']);
    expect(code).toBe(3);
    expect(stderr).toContain('nowhere');
    expect(stdout).toContain('Nothing was evaluated');
  });
});

describe('exemptions', () => {
  const policy = (expires: string) =>
    `version: 1\nexemptions:\n  - controls: [ec2-volume-encryption]\n    reason: moves in January\n    owner: ana\n    expires: ${expires}\n`;

  it('exclude the finding from --fail-on while they are active', () => {
    const cwd = workFolder();
    put(cwd, 'a.json', [createVolume('vol-0a', false, '08:00:00')]);
    put(cwd, 'policy.yml', policy('2999-12-31'));
    const result = replayed(cwd, ['a.json', '--policy', 'policy.yml', '--fail-on', 'LOW']);
    expect(result.findings).toMatchObject([{ status: 'OPEN', exemption: { state: 'active', owner: 'ana' } }]);
    expect(result.code).toBe(0);
  });

  it('no longer do so once they have expired, and the summary says so', () => {
    const cwd = workFolder();
    put(cwd, 'a.json', [createVolume('vol-0a', false, '08:00:00')]);
    put(cwd, 'policy.yml', policy('2020-01-31'));
    const { code, stdout } = trailseal(cwd, [
      'replay',
      'a.json',
      '--policy',
      'policy.yml',
      '--fail-on',
      'LOW',
    ]);
    expect(code).toBe(1);
    expect(stdout).toContain('1 finding with an expired exemption:');
  });
});

describe('context', () => {
  it('of other controls is known when only one control is evaluated', () => {
    const cwd = workFolder();
    put(cwd, 'a.json', [
      record('ec2.amazonaws.com', 'EnableEbsEncryptionByDefault', '07:00:00'),
      record('ec2.amazonaws.com', 'CreateVolume', '08:00:00', {
        requestParameters: { size: '8', encrypted: false },
        responseElements: { volumeId: 'vol-0a' },
      }),
    ]);
    const result = replayed(cwd, ['a.json', '--control', 'ec2-volume-encryption']);
    expect(result).toMatchObject({
      findings: [],
      matched: 1,
      ignored: { 'context-only': 1 },
      verdicts: { PASS: 1 },
    });
  });
});
