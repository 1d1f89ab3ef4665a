import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { compare } from '../../cli/policy/diff/compare.ts';
import { replayUnderBoth } from '../../cli/policy/diff/replays.ts';
import { policyDiffSchema } from '../../cli/policy/diff/schema.ts';
import { broadPermissionsText, summaryOf } from '../../cli/policy/diff/summary.ts';
import { type Replay, replayPaths } from '../../lib/pipeline/replay/replay.ts';
import { controls } from '../../lib/services/catalogue.ts';
import { policyOf } from '../policy/fixtures.ts';
import { createVolume, deleteVolume, keyCall, put, trailseal, workFolder } from './command.ts';

const root = path.join(import.meta.dirname, '..', '..');
const sample = path.join(root, 'data', 'sample');
const now = new Date('2026-11-21T12:00:00Z');
const reportOnly = 'version: 1';

/** Both replays of some records, or of the archive in a folder. */
async function replays(older: string, newer: string, archive: string | readonly unknown[]) {
  const paths = typeof archive === 'string' ? archive : put(workFolder(), 'trail.json', archive);
  const policies = { old: policyOf(older, controls), new: policyOf(newer, controls) };
  return replayUnderBoth([paths], policies, controls, { now });
}

async function compared(older: string, newer: string, archive: string | readonly unknown[]) {
  const { old, new: after } = await replays(older, newer, archive);
  return compare(old, after);
}

async function summary(older: string, newer: string, archive: string | readonly unknown[]) {
  return summaryOf(await compared(older, newer, archive), { old: 'old.yml', new: 'new.yml' });
}

const plain = [createVolume('vol-0a', false, '08:00:00')];
const off = 'version: 1\ncontrols: { ec2-volume-encryption: { enabled: false } }';
const customerKey =
  'version: 1\ncontrols: { ec2-volume-encryption: { settings: { key: customer-managed } } }';
const exempt = (more = '') =>
  `version: 1${more}\nexemptions: [{ controls: [ec2-volume-encryption], reason: moves, owner: ana, expires: 2027-01-31 }]`;
const tagging = 'version: 1\ndefaults: { actions: [tag] }';

it.each([
  [[], ['fix:a', 'fix:b'], 'Permissions that IAM cannot narrow are newly allowed for fix:a and fix:b.'],
  [['fix:a'], [], 'Permissions that IAM cannot narrow are no longer allowed for fix:a.'],
  [['fix:a'], ['fix:a'], undefined],
])('permissions that IAM can not narrow: %j before, %j now', (old, after, expected) => {
  expect(broadPermissionsText(old, after)).toBe(expected);
});

describe('under another policy', () => {
  it('a finding appears, with why there was none', async () => {
    const { changes } = await compared(reportOnly, customerKey, [createVolume('vol-0a', true, '08:00:00')]);
    expect(changes).toMatchObject([
      {
        change: 'appears',
        resource: { id: 'vol-0a' },
        old: { finding: null, reason: expect.stringContaining('vol-0a is encrypted') },
        new: { finding: { verdict: 'UNKNOWN', status: 'OPEN' } },
      },
    ]);
  });

  it('a finding disappears, with why there is none any more', async () => {
    const { changes } = await compared(reportOnly, off, plain);
    expect(changes).toMatchObject([
      {
        change: 'disappears',
        old: {
          finding: { verdict: 'FAIL', status: 'OPEN' },
          reason: expect.stringContaining('not encrypted'),
        },
        new: { finding: null, reason: 'The policy does not enable ec2-volume-encryption.' },
      },
    ]);
  });

  it('a pass before the resource was deleted is still the reason', async () => {
    const { changes } = await compared(reportOnly, customerKey, [
      createVolume('vol-0a', true, '08:00:00'),
      deleteVolume('vol-0a', '09:00:00'),
    ]);
    expect(changes).toMatchObject([
      {
        old: { reason: expect.stringContaining('vol-0a is encrypted') },
        new: { finding: { status: 'ARCHIVED' } },
      },
    ]);
  });

  it('a severity changes', async () => {
    const severe = 'version: 1\ncontrols: { ec2-volume-encryption: { severity: CRITICAL } }';
    const { changes } = await compared(reportOnly, severe, plain);
    expect(changes).toMatchObject([
      {
        change: 'changes',
        what: ['severity'],
        new: { finding: { severity: 'CRITICAL' } },
        actions: [],
      },
    ]);
  });

  it('an exemption covers a finding, and skips its actions', async () => {
    const { changes } = await compared(tagging, exempt('\ndefaults: { actions: [tag] }'), plain);
    expect(changes).toMatchObject([
      {
        what: ['exemption', 'actions'],
        old: { finding: { exemption: null } },
        new: { finding: { exemption: { state: 'active', owner: 'ana' } } },
        actions: [
          {
            action: 'tag',
            old: { outcome: 'planned', because: null },
            new: { outcome: 'skipped', because: 'exempt', reason: expect.stringContaining('moves') },
          },
        ],
      },
    ]);
  });

  it('an action is planned, with why it was not', async () => {
    const { changes } = await compared(reportOnly, tagging, plain);
    expect(changes).toMatchObject([
      {
        what: ['actions'],
        actions: [
          {
            action: 'tag',
            old: {
              outcome: 'skipped',
              because: 'not-in-policy',
              reason: 'The policy does not list tag for ec2-volume-encryption.',
            },
            new: { outcome: 'planned', because: null },
          },
        ],
      },
    ]);
  });

  it('an action waits for longer', async () => {
    const rotate = 'version: 1\ndefaults: { actions: [fix:enable-key] }';
    const later = `${rotate}\nguardrails: { gracePeriod: { fix: 1 hour } }`;
    const { changes } = await compared(rotate, later, [keyCall('DisableKey', '08:00:00')]);
    expect(changes.map(({ what, actions }) => [what, actions.map(({ action }) => action)])).toEqual([
      [['actions'], ['fix:enable-key']],
    ]);
  });

  it('a disabled control leaves the limits to others', async () => {
    const one = `${tagging}\nguardrails: { actionsPerHour: { tag: { total: 1 } } }`;
    const others = `${one}\ncontrols: { kms-key-disabled: { enabled: false } }`;
    const { changes } = await compared(one, others, [keyCall('DisableKey', '07:59:00'), ...plain]);
    expect(changes.map(({ control, change }) => [control, change])).toEqual([
      ['kms-key-disabled', 'disappears'],
      ['ec2-volume-encryption', 'changes'],
    ]);
  });

  it('an action that neither policy has is no change', async () => {
    const { changes, same } = await compared(reportOnly, `${reportOnly}\ndefaults: { actions: [] }`, plain);
    expect([changes, same]).toEqual([[], 1]);
  });

  it('controls are counted under both', async () => {
    const { controls: counted } = await compared(tagging, exempt(), plain);
    expect(counted).toEqual([
      {
        control: 'ec2-volume-encryption',
        old: { findings: 1, open: 1, exempt: 0, actions: 1 },
        new: { findings: 1, open: 1, exempt: 1, actions: 0 },
        appear: 0,
        disappear: 0,
        change: 1,
      },
    ]);
  });

  it('appearing findings come first, most severe first', async () => {
    const older =
      'version: 1\ncontrols: { ec2-volume-encryption: { enabled: false }, kms-key-disabled: { enabled: false } }';
    const newer =
      'version: 1\ncontrols: { ec2-volume-encryption: { severity: LOW }, kms-key-disabled: { severity: HIGH } }';
    const { changes } = await compared(older, newer, [...plain, keyCall('DisableKey', '09:00:00')]);
    expect(changes.map(({ control }) => control)).toEqual(['kms-key-disabled', 'ec2-volume-encryption']);
  });
});

describe('the summary', () => {
  const severe = 'version: 1\ncontrols: { ec2-volume-encryption: { severity: CRITICAL } }';
  const two = [...plain, createVolume('vol-0b', false, '08:01:00')];

  it.each([
    [
      'what changes, and what would be done',
      reportOnly,
      tagging,
      'Under new.yml instead of old.yml, 2 findings change; 2 actions are planned where 0 were (newly tag 2×).',
    ],
    [
      'what disappears, and what would be done no longer',
      tagging,
      off,
      'Under new.yml instead of old.yml, 2 findings disappear; 0 actions are planned where 2 were (no longer tag 2×).',
    ],
    [
      'that nothing would be done under either',
      reportOnly,
      severe,
      'Under new.yml instead of old.yml, 2 findings change; no action is planned under either.',
    ],
    [
      'that nothing changes',
      reportOnly,
      reportOnly,
      'Nothing changes: under both policies there are the same 2 findings, with the same severities, exemptions and actions.',
    ],
  ])('says %s', async (_, older, newer, expected) => {
    expect(await summary(older, newer, two)).toBe(expected);
  });

  it('says how many findings stay', async () => {
    const newer = `${severe.slice(0, -1)}, kms-key-disabled: { severity: LOW } }`;
    expect(await summary(severe, newer, [...plain, keyCall('DisableKey', '09:00:00')])).toBe(
      'Under new.yml instead of old.yml, 1 finding changes and 1 stays as it is; no action is planned under either.',
    );
  });

  it('says that there is nothing to compare', async () => {
    expect(await summary(reportOnly, tagging, [])).toBe(
      'Nothing was evaluated under either policy: no event in this input and scope concerns a control that they enable.',
    );
  });
});

describe('the two replays', () => {
  const active = readFileSync(path.join(root, 'examples', 'policy.active.yml'), 'utf8');
  /** All but how many records were read for the other policy alone. */
  const told = ({ ignored: { 'not-relevant': _, 'context-only': __, ...ignored }, ...rest }: Replay) => ({
    ...rest,
    ignored,
  });

  it('of one reading equal those of two readings', async () => {
    const less = `${active.replace('controls:\n', 'controls:\n  kms-key-material: { enabled: false }\n')}`;
    const both = await replays(less, active, sample);
    const alone = async (text: string) =>
      replayPaths([sample], { controls, policy: policyOf(text, controls), now });
    expect(told(both.old.replay)).toEqual(told(await alone(less)));
    expect(told(both.new.replay)).toEqual(told(await alone(active)));
  });

  it('of the sample archive are the same under the policy that ships and without one', async () => {
    const shipped = readFileSync(path.join(root, 'trailseal.policy.yml'), 'utf8');
    expect((await compared(shipped, reportOnly, sample)).changes).toEqual([]);
  });
});

describe('trailseal policy diff', () => {
  const cwd = workFolder();
  put(cwd, 'trail/a.json.gz', { Records: plain });
  put(cwd, 'old.yml', reportOnly);
  put(cwd, 'new.yml', tagging);
  put(cwd, 'broken.yml', 'version: 1\ncontrols:\n  no-such-control: {}\n');
  put(cwd, 'worse.yml', 'version: 2\n');
  const diff = (...args: string[]) => trailseal(cwd, ['policy', 'diff', ...args]);

  it('prints the summary first, then each finding with both sides', () => {
    const { code, stdout } = diff('old.yml', 'new.yml', 'trail');
    expect(code).toBe(0);
    expect(stdout.split('\n')[0]).toBe(
      'Under new.yml instead of old.yml, 1 finding changes; 1 action is planned where 0 were (newly tag 1×).',
    );
    expect(stdout).toContain(
      `~ ec2-volume-encryption changes: vol-0a (111122223333, eu-central-1)
    old and new: HIGH, FAIL, open. The volume vol-0a is not encrypted`,
    );
    expect(stdout).toContain(
      '    tag, old: skipped (not-in-policy). The policy does not list tag for ec2-volume-encryption.\n',
    );
  });

  it('prints JSON that matches its schema', () => {
    const { stdout } = diff('old.yml', 'new.yml', 'trail', '--format', 'json');
    const schema = JSON.parse(readFileSync(path.join(root, 'docs/schemas/policy-diff.schema.json'), 'utf8'));
    const ajv = new Ajv2020({ strict: false });
    expect([ajv.validate(schema, JSON.parse(stdout)), ajv.errors]).toEqual([true, null]);
    expect(policyDiffSchema.parse(JSON.parse(stdout))).toMatchObject({ changed: true, same: 0, files: 1 });
  });

  it('says in one sentence that nothing changes', () => {
    const { stdout, code } = diff('old.yml', 'old.yml', 'trail', '--fail-on-change');
    expect([code, stdout]).toEqual([
      0,
      'Nothing changes: under both policies there is the same finding, with the same severities, exemptions and actions.\n',
    ]);
  });

  it.each([
    ['1 when something changes and that was asked', ['old.yml', 'new.yml', 'trail', '--fail-on-change'], 1],
    ['2 without anything to replay', ['old.yml', 'new.yml'], 2],
    ['2 for a policy that is not there', ['old.yml', 'nowhere.yml', 'trail'], 2],
    ['3 when something could not be read', ['old.yml', 'new.yml', 'trail', 'nowhere'], 3],
  ])('exits with %s', (_, args, code) => {
    expect(diff(...args).code).toBe(code);
  });

  it('prints the errors of both policies, as validate does', () => {
    const { code, stdout, stderr } = diff('broken.yml', 'worse.yml', 'trail');
    const validated = ['broken.yml', 'worse.yml'].map(
      (file) => trailseal(cwd, ['policy', 'validate', file]).stderr,
    );
    expect({ code, stdout, stderr }).toEqual({ code: 2, stdout: '', stderr: validated.join('') });
  });

  it('escapes control characters from events', () => {
    const hostile = put(cwd, 'hostile.json', [createVolume('vol-\u001b[2J\u202e', false, '08:00:00')]);
    const { stdout } = diff('old.yml', 'new.yml', hostile);
    expect(stdout).toContain('changes: vol-');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: it is what must not be there.
    expect(stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
  });
});
