import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { createVolume, deleteVolume, keyCall, put, record, trailseal, workFolder } from './command.ts';

const root = path.join(import.meta.dirname, '..', '..');

describe('trailseal explain', () => {
  it('shows triggers, facts with their source, verdict and evidence', () => {
    const cwd = workFolder();
    put(cwd, 'event.json', keyCall('DisableKey', '08:00:00'));
    const { code, stdout } = trailseal(cwd, ['explain', 'event.json']);
    expect(code).toBe(0);
    expect(stdout).toContain('kms-key-disabled: FAIL');
    expect(stdout).toContain('trigger   kms.amazonaws.com DisableKey');
    expect(stdout).toMatch(/Not triggered: .*kms-key-deletion/);
    expect(stdout).toContain('from DisableKey at 2026-10-05T08:00:00.000Z');
    expect(stdout).toContain('required');
    expect(stdout).toContain('skipped');
  });

  it('reads standard input', () => {
    const { stdout } = trailseal(
      workFolder(),
      ['explain', '-'],
      JSON.stringify(createVolume('vol-0a', false)),
    );
    expect(stdout).toContain('ec2-volume-encryption: FAIL');
  });

  it('reads an EventBridge envelope', () => {
    const envelope = { 'detail-type': 'AWS API Call via CloudTrail', detail: createVolume('vol-0a', true) };
    const { stdout } = trailseal(
      workFolder(),
      ['explain', '-', '--format', 'json'],
      JSON.stringify(envelope),
    );
    expect(JSON.parse(stdout)).toMatchObject([
      { outcome: 'evaluated', evaluations: [{ control: 'ec2-volume-encryption', verdict: 'PASS' }] },
    ]);
  });

  it('uses facts of earlier events for later ones', () => {
    const trail = {
      Records: [
        record('ec2.amazonaws.com', 'EnableEbsEncryptionByDefault', '07:00:00'),
        record('ec2.amazonaws.com', 'CreateVolume', '08:00:00', { responseElements: { volumeId: 'vol-0a' } }),
      ],
    };
    const { stdout } = trailseal(workFolder(), ['explain', '-'], JSON.stringify(trail));
    expect(stdout).toContain('ec2-volume-encryption: PASS');
  });

  it('shows which findings a deletion event archives', () => {
    const { stdout } = trailseal(workFolder(), ['explain', '-'], JSON.stringify(deleteVolume('vol-0a')));
    expect(stdout).toMatch(/ec2-volume-encryption: .*vol-0a is deleted/);
  });

  it.each([
    [
      'a failed call',
      { ...createVolume('vol-0a', false), errorCode: 'AccessDenied' },
      'the call failed (AccessDenied)',
    ],
    [
      'an event that is not relevant',
      record('s3.amazonaws.com', 'ListBuckets', undefined),
      'no control is triggered',
    ],
    [
      'an event without a resource',
      record('ec2.amazonaws.com', 'CreateVolume', undefined),
      'names no resource that can be evaluated',
    ],
  ])('says why it did not evaluate %s', (_what, event, reason) => {
    const { code, stdout } = trailseal(workFolder(), ['explain', '-'], JSON.stringify(event));
    expect(stdout).toContain(reason);
    expect(code).toBe(0);
  });

  it.each([
    ['an object that is no record', '{"hello":"world"}'],
    ['broken JSON', '{"eventSource":'],
    ['nothing', ''],
  ])('exits with 3 on %s, with a reason', (_what, input) => {
    const { code, stdout, stderr } = trailseal(workFolder(), ['explain', '-'], input);
    expect(code).toBe(3);
    expect(`${stdout}${stderr}`.trim()).not.toBe('');
  });
});

describe('trailseal controls', () => {
  it('lists the catalogue', () => {
    const { code, stdout } = trailseal(workFolder(), ['controls']);
    expect(code).toBe(0);
    expect(stdout).toContain('kms-key-deletion');
  });

  it('shows one in full', () => {
    const { stdout } = trailseal(workFolder(), ['controls', 'kms-key-deletion', '--format', 'json']);
    expect(JSON.parse(stdout)).toMatchObject({
      id: 'kms-key-deletion',
      severity: 'CRITICAL',
      standards: { 'AWS FSBP': ['KMS.3'] },
    });
  });

  it('shows the actions that are carried out only on request', () => {
    const { stdout } = trailseal(workFolder(), ['controls', 'eks-secrets-encryption']);
    expect(stdout).toContain('Actions only on request\n  fix:associate-encryption\n');
  });

  it('rejects an unknown id', () => {
    expect(trailseal(workFolder(), ['controls', 'nonsense'])).toMatchObject({ code: 2, stdout: '' });
  });
});

describe('trailseal policy validate', () => {
  it('accepts the policy that ships', () => {
    const { code, stdout } = trailseal(root, ['policy', 'validate', 'trailseal.policy.yml']);
    expect(code).toBe(0);
    expect(stdout).toContain('; none with actions; ');
  });

  it('shows the custom actions', () => {
    const cwd = workFolder();
    put(cwd, 'policy.yml', 'version: 1\noperators: { customActions: [undo, fix:enable-key, exempt] }\n');
    const { stdout } = trailseal(cwd, ['policy', 'validate', 'policy.yml']);
    expect(stdout).toContain(
      'none with actions; custom actions: undo, fix:enable-key and exempt; 0 exemptions.',
    );
  });

  it('names the path and the line of an error, with a hint', () => {
    const cwd = workFolder();
    put(cwd, 'policy.yml', 'version: 1\ncontrols:\n  kms-key-deletoin:\n    enabled: true\n');
    const { code, stderr } = trailseal(cwd, ['policy', 'validate', 'policy.yml']);
    expect(code).toBe(2);
    expect(stderr).toContain('policy.yml:3:3 controls.kms-key-deletoin');
    expect(stderr).toContain('kms-key-deletion');
  });
});

describe('the launcher', () => {
  /** A copy of the launcher, alone in a folder, for a version of Node that does not exist. */
  function copiedLauncher(): string {
    const folder = path.join(workFolder(), 'bin');
    mkdirSync(folder);
    const source = readFileSync(path.join(root, 'bin', 'launch.mjs'), 'utf8');
    writeFileSync(path.join(folder, 'launch.mjs'), source.replace('const wanted = 24;', 'const wanted = 7;'));
    writeFileSync(path.join(folder, 'trailseal.mjs'), readFileSync(path.join(root, 'bin', 'trailseal.mjs')));
    return path.join(folder, 'trailseal.mjs');
  }

  it('rejects a wrong version of Node in one line when it finds no right one', () => {
    const done = spawnSync(process.execPath, [copiedLauncher(), 'controls'], { encoding: 'utf8' });
    expect(done.status).toBe(2);
    expect(done.stdout).toBe('');
    expect(done.stderr.trim().split('\n')).toHaveLength(1);
    expect(done.stderr).toContain('needs Node 7');
  });
});
