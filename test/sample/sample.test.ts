/** The archive that ships: it is what its generator makes, it looks like CloudTrail, and it tells a story. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { at, text } from '../../lib/core/json.ts';
import { type Replay, replayPaths } from '../../lib/pipeline/replay/replay.ts';
import { defaultPolicy } from '../../lib/policy/file/assemble.ts';
import { controls } from '../../lib/services/catalogue.ts';
import { data, li } from '../../scripts/sample/cast.ts';
import { filesOf } from '../../scripts/sample/delivery.ts';
import * as ec2 from '../../scripts/sample/ec2.ts';
import { noise } from '../../scripts/sample/noise.ts';
import { Random, Streams } from '../../scripts/sample/random.ts';
import { happening } from '../../scripts/sample/record.ts';
import { story } from '../../scripts/sample/story.ts';
import { writeSample } from '../../scripts/sample.ts';

const shipped = path.join(import.meta.dirname, '..', '..', 'data', 'sample');

/** What the gzip files below a folder hold, by their paths with `/`. */
function contents(folder: string): Map<string, string> {
  return new Map(
    filesBelow(folder).map((file) => [
      file.split(path.sep).join('/'),
      gunzipSync(readFileSync(path.join(folder, file))).toString('utf8'),
    ]),
  );
}

function filesBelow(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => statSync(path.join(folder, name)).isFile())
    .sort();
}

const files = contents(shipped);
const logs = [...files].filter(([file]) => file.includes('/CloudTrail/'));
const records = logs.flatMap(([, content]): unknown[] => JSON.parse(content).Records);

describe('the generator', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'trailseal-sample-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('makes the files that are shipped, to the letter', () => {
    writeSample(folder);
    const made = contents(folder);
    expect([...made.keys()]).toEqual([...files.keys()]);
    expect([...made].filter(([file, content]) => files.get(file) !== content).map(([file]) => file)).toEqual(
      [],
    );
  });

  it('writes only the files that differ, and removes those that are no longer part of the archive', () => {
    writeSample(folder);
    const [changed = '', unchanged = ''] = filesBelow(folder);
    const inode = statSync(path.join(folder, unchanged)).ino;
    writeFileSync(path.join(folder, changed), gzipSync('{"Records":[]}'));
    writeFileSync(path.join(folder, 'AWSLogs', 'old.json.gz'), gzipSync('{"Records":[]}'));
    expect(writeSample(folder)).toEqual({ written: [changed], removed: ['AWSLogs/old.json.gz'] });
    expect(statSync(path.join(folder, unchanged)).ino).toBe(inode);
  });

  it('changes, for one more event, only a file of its account, Region and day', () => {
    const more = happening(
      Date.UTC(2026, 9, 9, 12, 30, 8),
      data.ireland,
      li.cli,
      ec2.deleteVolume('one more'),
      new Random('one more'),
    );
    const before = new Map(filesOf(story(), noise()).map((file) => [file.path, file.text]));
    const after = filesOf([more, ...story()], noise());
    const changed = after.filter((file) => before.get(file.path) !== file.text).map((file) => file.path);
    expect(changed).toEqual([expect.stringContaining('/123456789012/CloudTrail/eu-west-1/2026/10/09/')]);
  });

  it('gives an event the same ids, whatever comes before it', () => {
    const [alone, after] = [new Streams('story'), new Streams('story')];
    after.next('one more');
    expect(after.next('noon').uuid()).toBe(alone.next('noon').uuid());
  });

  it('gives events of one moment, account and Region different ids', () => {
    const streams = new Streams('story');
    expect(streams.next('noon').uuid()).not.toBe(streams.next('noon').uuid());
  });

  it('puts neither a time nor an operating system into the gzip header', () => {
    const headers = filesBelow(shipped).map((file) =>
      readFileSync(path.join(shipped, file)).subarray(4, 10).toString('hex'),
    );
    expect(new Set(headers)).toEqual(new Set(['0000000002ff']));
  });
});

describe('the shipped archive', () => {
  it('is small enough to be cloned: 150 to 400 files, 1.5 MB', () => {
    const bytes = filesBelow(shipped).reduce((sum, file) => sum + statSync(path.join(shipped, file)).size, 0);
    expect(bytes).toBeLessThanOrEqual(1_500_000);
    expect(files.size).toBeGreaterThanOrEqual(150);
    expect(files.size).toBeLessThanOrEqual(400);
  });

  it('names its log files as CloudTrail does', () => {
    const form =
      /^AWSLogs\/o-[a-z0-9]{10,32}\/(\d{12})\/CloudTrail\/([a-z]+-[a-z]+-\d)\/2026\/10\/(\d\d)\/\1_CloudTrail_\2_202610\3T\d{4}Z_[A-Za-z]{16}\.json\.gz$/;
    expect(logs.map(([file]) => file).filter((file) => !form.test(file))).toEqual([]);
  });

  it('has a digest file beside the logs', () => {
    expect([...files.keys()].filter((file) => file.includes('/CloudTrail-Digest/'))).not.toEqual([]);
  });

  it('keeps each account and Region in its own folder', () => {
    const strays = logs.flatMap(([file, content]) =>
      JSON.parse(content).Records.filter(
        (record: unknown) =>
          !file.includes(`/${text(record, 'recipientAccountId')}/CloudTrail/${text(record, 'awsRegion')}/`),
      ),
    );
    expect(strays).toEqual([]);
  });

  it('holds 15,000 to 30,000 records', () => {
    expect(records.length).toBeGreaterThanOrEqual(15_000);
    expect(records.length).toBeLessThanOrEqual(30_000);
  });

  it('gives an event id to one event only, of which some are delivered twice', () => {
    const byId = new Map<string, Set<string>>();
    for (const record of records) {
      const id = text(record, 'eventID') ?? 'none';
      byId.set(id, (byId.get(id) ?? new Set()).add(JSON.stringify(record)));
    }
    expect([...byId.values()].filter((told) => told.size > 1)).toEqual([]);
    expect(records.length).toBeGreaterThan(byId.size);
  });

  it('holds failed calls and dry runs', () => {
    const codes = new Set(records.map((record) => text(record, 'errorCode')));
    expect([...codes]).toEqual(
      expect.arrayContaining(['AccessDenied', 'Client.UnauthorizedOperation', 'Client.DryRunOperation']),
    );
  });

  it('names no addresses but those for documentation', () => {
    const addresses = records
      .map((record) => text(record, 'sourceIPAddress') ?? '')
      .filter((address) => /^\d+\.\d+\.\d+\.\d+$/.test(address));
    const documentation = /^(192\.0\.2|198\.51\.100|203\.0\.113)\.\d+$/;
    expect(addresses.filter((address) => !documentation.test(address))).toEqual([]);
  });

  it('names no accounts but examples', () => {
    const examples = [
      '111122223333',
      '444455556666',
      '123456789012',
      '555555555555',
      '999999999999',
      '210987654321',
      '222222222222',
    ];
    const named = new Set(
      records.flatMap(
        (record) => JSON.stringify(record).match(/(?<=arn:aws:[a-z0-9]+:[a-z0-9-]*:)\d{12}(?=:)/g) ?? [],
      ),
    );
    expect([...named].filter((account) => !examples.includes(account))).toEqual([]);
  });

  it('holds no record of a time before its caller signed in', () => {
    const tooEarly = records.filter((record) => {
      const signedIn = text(record, 'userIdentity', 'sessionContext', 'attributes', 'creationDate');
      return signedIn !== undefined && signedIn > String(at(record, 'eventTime'));
    });
    expect(tooEarly).toEqual([]);
  });
});

describe('the replay of the shipped archive', () => {
  let result: Replay;
  beforeAll(async () => {
    result = await replayPaths([shipped], {
      controls,
      policy: defaultPolicy(controls),
      now: new Date('2026-11-01T00:00:00Z'),
    });
  });
  const count = (of: (finding: Replay['findings'][number]) => boolean) => result.findings.filter(of).length;

  it('reads every file', () => {
    expect(result.inputErrors).toEqual([]);
    expect(result.rejected).toBe(0);
  });

  it('accounts for every record', () => {
    const ignored = Object.values(result.ignored).reduce((sum, number) => sum + number, 0);
    expect(result.records).toBe(records.length);
    expect(result.matched + ignored + result.rejected).toBe(result.records);
  });

  it('ignores records for each reason that a healthy archive gives', () => {
    const { 'failed-call': failed, 'dry-run': dryRun, duplicate, 'context-only': context } = result.ignored;
    expect(Math.min(failed, dryRun, duplicate, context)).toBeGreaterThan(0);
  });

  it('opens as many findings as a month may', () => {
    expect(result.findings.length).toBeGreaterThanOrEqual(45);
    expect(result.findings.length).toBeLessThanOrEqual(100);
  });

  it('closes many of them: some resolved, some with their resource', () => {
    expect(count(({ status }) => status === 'OPEN')).toBeGreaterThanOrEqual(15);
    expect(count(({ status }) => status === 'RESOLVED')).toBeGreaterThanOrEqual(15);
    expect(count(({ status }) => status === 'ARCHIVED')).toBeGreaterThanOrEqual(15);
  });

  it('leaves some things unknown', () => {
    expect(count(({ verdict }) => verdict === 'UNKNOWN')).toBeGreaterThanOrEqual(8);
  });

  it('shows each severity that the controls have', () => {
    expect(new Set(result.findings.map(({ severity }) => severity))).toEqual(
      new Set(controls.map(({ severity }) => severity)),
    );
  });

  it('shows more that passes than fails', () => {
    expect(result.verdicts.PASS).toBeGreaterThan(result.verdicts.FAIL);
  });

  it.each(controls.map(({ id }) => id))('has findings and passes for %s', (id) => {
    const { PASS = 0 } = result.posture[id] ?? {};
    expect(count(({ control }) => control === id)).toBeGreaterThan(0);
    expect(PASS).toBeGreaterThan(0);
  });

  it('leaves open what the ex-contractor did', () => {
    const his = result.findings.filter(({ actor }) => actor.name === 'richard.roe');
    expect(his.map(({ control, status }) => `${control} ${status}`).sort()).toEqual([
      'ebs-snapshot-sharing OPEN',
      'ebs-snapshot-sharing OPEN',
      'kms-grant OPEN',
      'kms-key-policy OPEN',
    ]);
  });

  it('closes the public snapshot after forty minutes', () => {
    const shared = result.findings.find(({ evidence }) =>
      evidence.summary.includes('public: any AWS account'),
    );
    expect(shared).toMatchObject({
      status: 'RESOLVED',
      openedAt: '2026-10-16T10:02:33.000Z',
      closedAt: '2026-10-16T10:42:57.000Z',
    });
  });
});
