/** `trailseal policy validate`: errors, and what can hardly be meant. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { doubtsAbout } from '../../cli/policy/plausibility.ts';
import { parsePolicy } from '../../lib/policy/file/parse.ts';
import { controls } from '../../lib/services/catalogue.ts';
import { createVolume, put, trailseal, workFolder } from './command.ts';

const root = path.join(import.meta.dirname, '..', '..');
const now = new Date('2026-11-21T12:00:00Z');

function doubts(policy: string) {
  const parsed = parsePolicy(policy, 'p.yml', controls);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors));
  return doubtsAbout(parsed.checked, now);
}

const exemption = (more: string, head = '') =>
  `version: 1\n${head}exemptions:\n  - controls: [ec2-volume-encryption]\n    reason: moves\n    owner: ana\n    ${more}\n`;
const until = (expires: string, head = '') => exemption(`expires: ${expires}`, head);
const resource = (pattern: string) => exemption(`expires: 2027-01-31\n    resources: ['${pattern}']`);

describe('a policy is doubtful', () => {
  it.each([
    [
      'for an exemption that has expired',
      until('2026-11-20'),
      'exemptions.0.expires',
      'it has expired: its last day was 2026-11-20',
      'remove the exemption, or set a later day',
    ],
    [
      'for an exemption that holds for more than a year',
      until('2027-11-23'),
      'exemptions.0.expires',
      'it holds for 367 days, longer than 365 days',
      'set a day until 2027-11-21, and extend it then; or set exemptionMaxDays',
    ],
    [
      'for a Region that does not exist',
      exemption('expires: 2027-01-31\n    regions: [eu-central-1, eu-centrl-1]'),
      'exemptions.0.regions.1',
      'there is no Region eu-centrl-1',
      'did you mean eu-central-1?',
    ],
    [
      'for a Region in an ARN',
      resource('arn:aws:ec2:eu-wets-1:*:volume/*'),
      'exemptions.0.resources.0',
      'there is no Region eu-wets-1',
      'did you mean eu-west-1?',
    ],
    [
      'for a service that no control is about',
      resource('arn:aws:ec3:*:*:volume/*'),
      'exemptions.0.resources.0',
      'no control concerns resources of ec3',
      'did you mean ec2?',
    ],
    [
      'for a type in an ARN that no control is about',
      resource('arn:aws:ec2:*:*:volumes/*'),
      'exemptions.0.resources.0',
      'no control concerns a volumes of ec2',
      'did you mean volume?',
    ],
    [
      'for a partition that does not exist',
      resource('arn:aws-us-gvo:ec2:*:*:volume/*'),
      'exemptions.0.resources.0',
      'there is no partition aws-us-gvo',
      'did you mean aws-us-gov?',
    ],
    [
      'for an account in an ARN that is none',
      resource('arn:aws:ec2:*:11112222333:volume/*'),
      'exemptions.0.resources.0',
      '11112222333 is no account id',
      'an account id has 12 digits',
    ],
    [
      'for a type of resource that does not exist',
      resource('111122223333/eu-central-1/AwsEc2Volum/*'),
      'exemptions.0.resources.0',
      'there is no type of resource AwsEc2Volum',
      'did you mean AwsEc2Volume?',
    ],
    [
      'for an instance type that does not exist',
      'version: 1\ncontrols: { ec2-transit-encryption: { settings: { allowedInstanceTypes: [t3.micro, t3.mirco] } } }',
      'controls.ec2-transit-encryption.settings.allowedInstanceTypes.1',
      expect.stringMatching(/^no instance type of \d{4}-\d{2}-\d{2} is t3\.mirco$/),
      'did you mean t3.micro?',
    ],
  ])('%s', (_what, policy, at, message, hint) => {
    expect(doubts(policy).map((one) => ({ ...one, path: one.path.join('.') }))).toEqual([
      { path: at, atKey: false, level: 'warning', message, hint },
    ]);
  });

  it('not for patterns that may mean something', () => {
    for (const pattern of [
      'arn:aws:ec2:eu-*:*:volume/vol-0a*',
      'arn:aws:kms:eu-central-1:111122223333:key/*',
      'arn:*:ec2:*:*:*',
      'arn:aws:ec2:*:*:vol*/x',
      '*/*/AwsEc2Volume/*',
    ]) {
      expect(doubts(resource(pattern)), pattern).toEqual([]);
    }
  });

  it('not on the last day of an exemption, and not for a family of instance types', () => {
    expect(doubts(until('2026-11-21'))).toEqual([]);
    const families =
      'version: 1\ncontrols: { ec2-transit-encryption: { settings: { allowedInstanceTypes: [t3.*] } } }';
    expect(doubts(families)).toEqual([]);
  });

  it('not in the policies that ship with Trailseal', () => {
    for (const file of ['trailseal.policy.yml', 'examples/policy.active.yml']) {
      expect(doubts(readFileSync(path.join(root, file), 'utf8')), file).toEqual([]);
    }
  });
});

describe('exemptionMaxDays', () => {
  it('makes a longer exemption an error', () => {
    expect(doubts(until('2027-01-31', 'exemptionMaxDays: 30\n'))).toMatchObject([
      { level: 'error', message: 'it holds for 71 days, longer than 30 days (exemptionMaxDays)' },
    ]);
  });

  it('allows a longer one than a year', () => {
    expect(doubts(until('2028-01-31', 'exemptionMaxDays: 500\n'))).toEqual([]);
  });

  it('counts the last day itself', () => {
    expect(doubts(until('2026-12-21', 'exemptionMaxDays: 30\n'))).toEqual([]);
    expect(doubts(until('2026-12-22', 'exemptionMaxDays: 30\n'))).toHaveLength(1);
  });
});

describe('trailseal policy validate', () => {
  const cwd = workFolder();
  // The command goes by the clock.
  const soon = new Date(Date.now() + 30 * 86_400_000).toISOString().slice(0, 10);
  put(cwd, 'trail.json', [createVolume('vol-0a', false, '08:00:00')]);
  put(cwd, 'plain.yml', 'version: 1\n');
  put(cwd, 'expired.yml', until('2020-01-31'));
  put(cwd, 'long.yml', until('2999-01-31', 'exemptionMaxDays: 30\n'));
  put(cwd, 'broken.yml', 'version: 2\n');
  put(cwd, 'covers.yml', until(soon));
  const validate = (...args: readonly string[]) => trailseal(cwd, ['policy', 'validate', ...args]);

  it.each([
    ['a valid policy', ['plain.yml'], 0],
    ['warnings', ['expired.yml'], 0],
    ['warnings with --strict', ['--strict', 'expired.yml'], 1],
    ['no warnings with --strict', ['--strict', 'plain.yml'], 0],
    ['an exemption that is longer than the policy allows', ['long.yml'], 2],
    ['an invalid policy', ['broken.yml'], 2],
    ['a policy that cannot be read', ['nowhere.yml'], 2],
    ['an archive of which nothing was evaluated', ['plain.yml', 'trail.json', '--since', '2h'], 3],
    ['the same with --allow-empty', ['plain.yml', 'trail.json', '--since', '2h', '--allow-empty'], 0],
    ['an archive that cannot be read', ['plain.yml', 'nowhere', '--allow-empty'], 3],
    ['an archive that it fits', ['--strict', 'covers.yml', 'trail.json'], 0],
  ])('ends for %s with its exit code', (_what, args, code) => {
    expect(validate(...args).code).toBe(code);
  });

  it('prints each warning with its place and a hint, and counts them', () => {
    const { stdout, stderr } = validate('expired.yml');
    expect(stderr).toBe(
      'warning: expired.yml:6:14 exemptions[0].expires: it has expired: its last day was 2020-01-31\n' +
        '    hint: remove the exemption, or set a later day\n',
    );
    expect(stdout).toMatch(/1 exemption; 1 warning\.\n$/);
  });

  it('has warnings in its JSON', () => {
    expect(JSON.parse(validate('expired.yml', '--format', 'json').stdout)).toMatchObject({
      valid: true,
      errors: [],
      warnings: [{ path: 'exemptions[0].expires', line: 6 }],
      scopeErrors: [],
      inputErrors: [],
    });
  });

  it.each([
    [
      'resources',
      "resources: ['arn:aws:ec2:*:*:volume/vol-9*']",
      'exemptions[0].resources[0]',
      'arn:aws:ec2:*:*:volume/vol-9*',
    ],
    ['accounts', "accounts: ['444455556666']", 'exemptions[0].accounts[0]', '444455556666'],
    ['regions', 'regions: [us-east-1]', 'exemptions[0].regions[0]', 'us-east-1'],
  ])('names %s that match nothing in an archive', (_what, criterion, at, value) => {
    put(cwd, 'unmatched.yml', exemption(`expires: ${soon}\n    ${criterion}`));
    const { stderr } = validate('unmatched.yml', 'trail.json');
    expect(stderr).toContain(`${at}: ${value} matches nothing in this archive`);
    expect(validate('unmatched.yml').stderr).toBe('');
  });

  it('names an exemption whose criteria each match, and together nothing', () => {
    put(cwd, 'tags.yml', exemption(`expires: ${soon}\n    tags: { environment: sandbox }`));
    expect(validate('tags.yml', 'trail.json').stderr).toContain(
      'exemptions[0]: it covers no finding in this archive',
    );
  });
});
