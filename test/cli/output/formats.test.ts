/** Each output format, read as the tools read that take it. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Ajv } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formatsPlugin from 'ajv-formats';
import { parse as parseCsv } from 'csv-parse/sync';
import { parse as parseJunit, type TestCase } from 'junit2json';
import { describe, expect, it } from 'vitest';
import type { FileFormat } from '../../../cli/commands/options.ts';
import { formatted } from '../../../cli/output/formats/index.ts';
import type { RunOutput } from '../../../cli/output/formats/run-output.ts';
import type { RunOrigin } from '../../../cli/output/replay-json.ts';
import { replayPaths } from '../../../lib/pipeline/replay/replay.ts';
import { controls } from '../../../lib/services/catalogue.ts';
import { policyOf } from '../../policy/fixtures.ts';
import { createVolume, deleteVolume, put, record, trailseal, workFolder } from '../command.ts';

const root = path.join(import.meta.dirname, '..', '..', '..');
const origin: RunOrigin = {
  command: 'replay',
  version: '0.1.0',
  generatedAt: '2026-11-21T12:00:00.000Z',
  sources: ['trail'],
  policy: 'built in',
  scopeErrors: [],
  accountNames: new Map([['111122223333', 'Production, Europe']]),
};

/** A replay of some records, or of an archive. */
async function replayed(
  archive: string | readonly unknown[],
  { policy = 'version: 1', control }: { readonly policy?: string; readonly control?: string } = {},
): Promise<RunOutput> {
  const at = typeof archive === 'string' ? archive : put(workFolder(), 'trail.json', archive);
  const chosen = controls.filter(({ id }) => control === undefined || id === control);
  const replay = await replayPaths([at], {
    controls: chosen,
    policy: policyOf(policy, controls),
    now: new Date(origin.generatedAt),
  });
  return { replay, origin, controls: chosen };
}

const sample = await replayed(path.join(root, 'data', 'sample'));
const volume = createVolume('vol-0a', false, '08:00:00');
const schemaOf = (name: string): object =>
  JSON.parse(readFileSync(path.join(import.meta.dirname, 'data', name), 'utf8'));
const jsonOf = (run: RunOutput, format: FileFormat): unknown => JSON.parse(formatted(run, format));

/** A name from an event that tries to be markup, a formula, a terminal's command or the end of a line. */
const hostile = '=cmd|"<img src=x>&]]>,\r\n\u001b[31m`*|x';

function runInstances(id: string, instanceType: string): Record<string, unknown> {
  return record('ec2.amazonaws.com', 'RunInstances', '08:00:00', {
    requestParameters: { instanceType },
    responseElements: {
      instancesSet: {
        items: [
          {
            instanceId: id,
            instanceType,
            tagSet: { items: [{ key: 'team', value: 'payments' }] },
          },
        ],
      },
    },
  });
}

describe('CSV', () => {
  const rowsOf = (run: RunOutput): readonly Record<string, string>[] =>
    parseCsv(formatted(run, 'csv'), { columns: true, record_delimiter: '\r\n' });

  it('of instances has account id and name, instance, type, class and reason', async () => {
    const run = await replayed([runInstances('i-0a', 't3.large')], { control: 'ec2-transit-encryption' });
    expect(formatted(run, 'csv').split('\r\n')[0]).toMatch(
      /^accountId,accountName,region,resourceId,resourceType,instanceType,instanceClass,encryptionInTransitSupported,reason,/,
    );
    expect(rowsOf(run)).toMatchObject([
      {
        accountId: '111122223333',
        accountName: 'Production, Europe',
        resourceId: 'i-0a',
        instanceType: 't3.large',
        instanceClass: 't3',
        encryptionInTransitSupported: 'false',
        reason: 'The instance i-0a is of type t3.large, which does not encrypt traffic between instances.',
        verdict: 'FAIL',
        actor: 'ana',
      },
    ]);
  });

  it('of several controls has the observed values in one column', async () => {
    const [row] = rowsOf(await replayed([volume]));
    expect(row?.['observed']).toContain('encrypted=false');
  });

  it('has one row for each finding', () => {
    expect(rowsOf(sample).map((row) => row['findingId'])).toEqual(sample.replay.findings.map(({ id }) => id));
  });

  it('has its header where there is no finding', async () => {
    const run = await replayed([createVolume('vol-0a', true, '08:00:00')]);
    expect(formatted(run, 'csv')).toMatch(/^accountId,accountName,[^\r\n]*findingId\r\n$/);
  });

  it.each(['=1+1', '+1', '-1', '@SUM(A1)', '＝1'])('does not let %s be a formula', async (id) => {
    const [row] = rowsOf(await replayed([createVolume(id, false, '08:00:00')]));
    expect(row?.['resourceId']).toBe(`'${id}`);
  });

  it('keeps a hostile name in its cell, and shows its control characters', async () => {
    const text = formatted(await replayed([createVolume(hostile, false, '08:00:00')]), 'csv');
    expect(text.split('\r\n')).toHaveLength(3);
    expect(text).not.toContain('\u001b');
  });
});

describe('OCSF', () => {
  const ajv = new Ajv2020({ strict: false });
  formatsPlugin.default(ajv);
  const validate = ajv.compile(schemaOf('ocsf-1.8.0-compliance-finding.json'));
  const eventsOf = (run: RunOutput) => jsonOf(run, 'ocsf') as readonly Record<string, unknown>[];

  it('is a Compliance Finding as the published schema has it, for each finding of the sample', () => {
    const events = eventsOf(sample);
    expect(events).toHaveLength(sample.replay.findings.length);
    expect(events.length).toBeGreaterThan(20);
    for (const event of events) expect(validate(event), JSON.stringify(validate.errors)).toBe(true);
  });

  it('is refused by that schema with a field that it does not have', () => {
    expect(validate({ ...eventsOf(sample)[0], nonsense: 1 })).toBe(false);
  });

  it('says what failed, where, why, by whom, and what to do', async () => {
    const [event] = eventsOf(await replayed([volume]));
    expect(event).toMatchObject({
      class_uid: 2003,
      type_uid: 200301,
      activity_id: 1,
      severity_id: 4,
      status_id: 1,
      time: Date.parse('2026-10-05T08:00:00Z'),
      cloud: {
        provider: 'AWS',
        region: 'eu-central-1',
        account: { uid: '111122223333', name: 'Production, Europe' },
      },
      compliance: {
        control: 'ec2-volume-encryption',
        status_id: 3,
        standards: expect.arrayContaining(['NIST.800-53.r5']),
      },
      resources: [{ type: 'AwsEc2Volume', name: 'vol-0a', data: { observed: { encrypted: false } } }],
      evidences: [{ name: 'CreateVolume', actor: { user: { name: 'ana' } } }],
    });
  });

  it.each([
    [
      'resolved or archived',
      [volume, deleteVolume('vol-0a', '09:00:00')],
      'version: 1',
      { activity_id: 3, status_id: 5 },
    ],
    [
      'exempt',
      [volume],
      'version: 1\nexemptions: [{ controls: [ec2-volume-encryption], reason: moves, owner: ana, expires: 2999-01-31 }]',
      { activity_id: 1, status_id: 3, severity_id: 1 },
    ],
  ] as const)('says that a finding is %s', async (_what, records, policy, expected) => {
    expect(eventsOf(await replayed(records, { policy }))[0]).toMatchObject(expected);
  });
});

describe('SARIF', () => {
  // One of its patterns is no regular expression with the flag u.
  const ajv = new Ajv({ strict: false, unicodeRegExp: false });
  formatsPlugin.default(ajv);
  const validate = ajv.compile(schemaOf('sarif-2.1.0.json'));

  it('is as the published schema has it, for the sample', () => {
    expect(validate(jsonOf(sample, 'sarif')), JSON.stringify(validate.errors)).toBe(true);
  });

  it('is refused by that schema with a level that it does not have', () => {
    const log = formatted(sample, 'sarif').replace('"level": "error"', '"level": "fatal"');
    expect(validate(JSON.parse(log))).toBe(false);
  });

  it('has a rule for each control, and a result for each open finding', () => {
    const open = sample.replay.findings.filter(({ status }) => status === 'OPEN');
    expect(jsonOf(sample, 'sarif')).toMatchObject({
      runs: [
        {
          tool: { driver: { rules: controls.map(({ id }) => ({ id })) } },
          results: open.map(({ control, id }) => ({
            ruleId: control,
            ruleIndex: controls.findIndex((one) => one.id === control),
            partialFingerprints: { 'trailsealFindingId/v1': id },
          })),
        },
      ],
    });
  });

  it('suppresses an exempt failure, and says what the run lacked', async () => {
    const run = await replayed([volume], {
      policy:
        'version: 1\nexemptions: [{ controls: [ec2-volume-encryption], reason: moves, owner: ana, expires: 2999-01-31 }]',
    });
    const log = jsonOf({ ...run, origin: { ...origin, scopeErrors: ['--region x: not there'] } }, 'sarif');
    expect(validate(log), JSON.stringify(validate.errors)).toBe(true);
    expect(log).toMatchObject({
      runs: [
        {
          invocations: [
            {
              executionSuccessful: false,
              toolExecutionNotifications: [{ message: { text: '--region x: not there' } }],
            },
          ],
          results: [{ suppressions: [{ kind: 'external', status: 'accepted' }] }],
        },
      ],
    });
  });
});

describe('JUnit', () => {
  async function suitesOf(run: RunOutput) {
    const parsed = await parseJunit(formatted(run, 'junit'));
    if (parsed === undefined || parsed === null || !('testsuite' in parsed))
      throw new Error('no test suites');
    return parsed;
  }
  const casesOf = (suites: Awaited<ReturnType<typeof suitesOf>>): readonly TestCase[] =>
    (suites.testsuite ?? []).flatMap(({ testcase }) => testcase ?? []);

  it('has a failing case for each open failure, and a skipped one for each unknown verdict', async () => {
    const suites = await suitesOf(sample);
    const open = sample.replay.findings.filter(({ status }) => status === 'OPEN');
    const failing = open.filter(
      ({ verdict, exemption }) => verdict === 'FAIL' && exemption?.state !== 'active',
    );
    expect(suites.failures).toBe(failing.length);
    expect(casesOf(suites).filter(({ skipped }) => skipped !== undefined)).toHaveLength(
      open.length - failing.length,
    );
    expect(casesOf(suites).filter(({ failure }) => failure !== undefined)).toHaveLength(failing.length);
    expect(suites.tests).toBe(casesOf(suites).length);
  });

  it('has a suite for each control; one without findings passes', async () => {
    const suites = await suitesOf(await replayed([createVolume('vol-0a', true, '08:00:00')]));
    expect(suites.testsuite?.map(({ name }) => name)).toEqual([...controls.map(({ id }) => id), 'input']);
    expect(suites).toMatchObject({ failures: 0, errors: 0 });
  });

  it('has errors for what could not be read, and for what was asked for and is not there', async () => {
    const run = await replayed([volume, 7]);
    const suites = await suitesOf({ ...run, origin: { ...origin, scopeErrors: ['nothing was evaluated'] } });
    expect(suites.errors).toBe(2);
  });

  it('keeps a hostile name in its attribute', async () => {
    const [failing] = casesOf(
      await suitesOf(await replayed([createVolume(hostile, false, '08:00:00')])),
    ).filter(({ failure }) => failure !== undefined);
    expect(failing?.name).toContain('=cmd|"<img src=x>&]]>,\\u{d}\\u{a}\\u{1b}[31m');
  });
});

describe('Markdown', () => {
  it('has the counts, and the open findings, most severe first', async () => {
    const run = await replayed([volume]);
    const text = formatted(run, 'markdown');
    expect(text).toContain('**1 open failure** (1 high)');
    expect(text).toContain(
      '| HIGH | ec2-volume-encryption | arn:aws:ec2:eu-central-1:111122223333:volume/vol-0a | Production, Europe |',
    );
  });

  it('does not take a name for markup, a link or the end of a cell', async () => {
    const id = '<script>[x](https://evil.example)|*b*@team';
    const text = formatted(await replayed([createVolume(id, false, '08:00:00')]), 'markdown');
    expect(text).not.toMatch(/<script>|\]\(|https:\/\/|@team|[^\\]\|\*b/);
  });

  it('says that nothing was evaluated, and why', async () => {
    const run = await replayed([record('s3.amazonaws.com', 'ListBuckets', '08:00:00')]);
    const text = formatted(
      { ...run, origin: { ...origin, scopeErrors: ['--region x: not there'] } },
      'markdown',
    );
    expect(text).toContain('**Nothing was evaluated.**');
    expect(text).toContain('- --region x: not there');
  });
});

describe('ASFF', () => {
  const findingsOf = (run: RunOutput) => jsonOf(run, 'asff') as readonly Record<string, unknown>[];

  it('has the details and tags of the resource, and the actor, as a deployment publishes them', async () => {
    const run = await replayed([runInstances('i-0a', 't3.large')], { control: 'ec2-transit-encryption' });
    expect(findingsOf(run)).toMatchObject([
      {
        AwsAccountName: 'Production, Europe',
        ProductFields: { 'trailseal/actor/arn': 'arn:aws:iam::111122223333:user/ana' },
        Resources: [{ Tags: { team: 'payments' }, Details: { AwsEc2Instance: { Type: 't3.large' } } }],
      },
    ]);
  });

  it('is as old as the last event, so that it replaces nothing that was published since', async () => {
    const [finding] = findingsOf(await replayed([volume]));
    expect(finding).toMatchObject({ UpdatedAt: '2026-10-05T08:00:00.000Z' });
  });

  it('of a scan is of now', async () => {
    const run = await replayed([volume]);
    const [finding] = findingsOf({ ...run, origin: { ...origin, command: 'scan' } });
    expect(finding).toMatchObject({ UpdatedAt: origin.generatedAt });
  });
});

describe('names of any characters', () => {
  it.each(['\ud800', 'a\udfff', '\u0000', '\uffff', '\u2028', "'", '"', ']]>', '<!--', '%zz', '\u{1f600}'])(
    'do not break a format: %j',
    async (id) => {
      const run = await replayed([createVolume(id, false, '08:00:00')]);
      for (const format of ['json', 'asff', 'ocsf', 'sarif'] as const) {
        expect(() => jsonOf(run, format), format).not.toThrow();
      }
      expect(parseCsv(formatted(run, 'csv'), { columns: true })).toHaveLength(1);
      expect((await parseJunit(formatted(run, 'junit')))?.name).toBe('trailseal replay');
      expect(formatted(run, 'markdown')).toContain('**1 open failure**');
    },
  );
});

describe('on the command line', () => {
  it.each(['json', 'asff', 'ocsf', 'csv', 'junit', 'sarif', 'markdown'] as const)(
    '--format %s prints it, and --write writes the same into a file',
    (format) => {
      const cwd = workFolder();
      put(cwd, 'a.json', [volume]);
      const args = ['replay', 'a.json', '--format', format, '--write', `${format}=named`];
      const { code, stdout } = trailseal(cwd, args);
      const timeless = (text: string) => text.replaceAll(/2026-1[12]-\d\dT[\d:.]+Z|"\w+_time": \d+/g, 'T');
      expect(code).toBe(0);
      expect(stdout).not.toBe('');
      expect(timeless(readFileSync(path.join(cwd, 'named'), 'utf8'))).toBe(timeless(stdout));
    },
  );

  it('names of accounts are taken as AWS Organizations lists them, or by id', () => {
    const cwd = workFolder();
    put(cwd, 'a.json', [volume]);
    put(cwd, 'listed.json', { Accounts: [{ Id: '111122223333', Name: 'production', Status: 'ACTIVE' }] });
    put(cwd, 'plain.json', { '111122223333': 'production' });
    for (const file of ['listed.json', 'plain.json']) {
      const { stdout } = trailseal(cwd, ['replay', 'a.json', '--format', 'csv', '--account-names', file]);
      expect(stdout).toContain('111122223333,production,eu-central-1,vol-0a');
    }
  });

  it.each([
    [['--format', 'xml'], 'Allowed choices are table, json, asff, ocsf, csv, junit, sarif, markdown'],
    [['--write', 'sarf=x'], 'not sarf; did you mean sarif?'],
    [['--write', 'sarif'], '--write sarif takes a file too: --write sarif=FILE'],
    [['--account-names', 'a.json'], '--account-names a.json holds no names of accounts'],
    [['--write', 'csv=nowhere/x.csv'], 'name another folder with --out, or another file with --write'],
  ])('%j is wrong usage', (args, sentence) => {
    const cwd = workFolder();
    put(cwd, 'a.json', [volume]);
    const { code, stdout, stderr } = trailseal(cwd, ['replay', 'a.json', ...args]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(sentence);
  });

  it('a file of an earlier run is not replaced by one of a run that evaluated nothing', () => {
    const cwd = workFolder();
    put(cwd, 'a.json', [volume]);
    trailseal(cwd, ['replay', 'a.json', '--write', 'csv=named.csv']);
    const before = readFileSync(path.join(cwd, 'named.csv'), 'utf8');
    trailseal(cwd, ['replay', 'a.json', '--since', '2h', '--write', 'csv=named.csv']);
    expect(readFileSync(path.join(cwd, 'named.csv'), 'utf8')).toBe(before);
  });

  it('what could not be read is on stderr, where the format has no place for it', () => {
    const { code, stderr } = trailseal(workFolder(), ['replay', 'nowhere', '--format', 'csv']);
    expect(code).toBe(3);
    expect(stderr).toContain('1 input error');
  });

  it('policy diff prints Markdown, and writes it into a file', () => {
    const cwd = workFolder();
    put(cwd, 'a.json', [volume]);
    put(cwd, 'old.yml', 'version: 1\n');
    put(cwd, 'new.yml', 'version: 1\ncontrols: { ec2-volume-encryption: { enabled: false } }\n');
    const args = [
      'policy',
      'diff',
      'old.yml',
      'new.yml',
      'a.json',
      '--format',
      'markdown',
      '--write',
      'markdown=d.md',
    ];
    const { code, stdout } = trailseal(cwd, args);
    expect(code).toBe(0);
    expect(stdout).toContain(
      '| disappears | ec2-volume-encryption | vol-0a \\(111122223333, eu-central-1\\) |',
    );
    expect(readFileSync(path.join(cwd, 'd.md'), 'utf8')).toBe(stdout);
  });
});
