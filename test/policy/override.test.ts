/** What an override may set, and the faults of one that sets more. */
import { describe, expect, it } from 'vitest';
import { parsePolicy } from '../../lib/policy/file/parse.ts';
import type { PolicyFile } from '../../lib/policy/file/schema.ts';
import { faultText, type OverrideFault, overrideReader } from '../../lib/policy/override.ts';
import { policyOf, sampleControls } from './fixtures.ts';

function checked(text: string): PolicyFile {
  const parsed = parsePolicy(text, 'policy.yml', sampleControls);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors));
  return parsed.checked;
}

/** A deployed policy in which each direction of each key shows. `key-rotation` acts on request; `sharing` by itself. */
const deployedText = `
version: 1
allowedAccounts: ['444455556666', '555566667777']
defaults: { actions: [notify] }
controls:
  snapshot-sharing: { actions: [notify, tag, fix:unshare-snapshot] }
  volume-encryption: { severity: HIGH, settings: { graceDays: 7, arn: 'arn:aws:kms:a' } }
exemptions:
  - { controls: [snapshot-sharing, volume-encryption], resources: ['arn:aws:ec2:*:111122223333:*'], reason: Sandbox, owner: me, expires: 2027-01-31 }
  - { controls: [volume-encryption], tags: { environment: 'sand*' }, reason: Sandbox, owner: me, expires: 2027-01-31 }
exemptionTags: { controls: [snapshot-sharing, volume-encryption], maxDays: 30 }
actions:
  tag: { prefix: 'acme:' }
  quarantine: { mode: isolate+stop, snapshot: true, autoScaling: detach, autoScalingCapacity: lower, loadBalanced: drain, drainSeconds: 120, criticalTags: { tier: ['1'] }, trackedConnections: wait }
operators: { customActions: [undo, exempt, fix:enable-rotation] }
guardrails:
  actionsPerHour: { perAccount: 5, total: 20, quarantine: { perAccount: 1 } }
  protectedTags: { environment: ['prod*'] }
  gracePeriod: { fix: 1 hour, quarantine: 12 hours }
`;
const deployed = checked(deployedText);

type Change = readonly [path: string, value: unknown];

/** The deployed policy with other values at some paths, as JSON; `undefined` leaves a key out. */
function overrideWith(...changes: readonly Change[]): string {
  const file: Record<string, unknown> = structuredClone(deployed);
  for (const [path, value] of changes) {
    const keys = path.split('/');
    const last = keys.pop() ?? '';
    let here: object = file;
    for (const key of keys) {
      if (Reflect.get(here, key) === undefined) Reflect.set(here, key, {});
      here = Reflect.get(here, key);
    }
    Reflect.set(here, last, value);
  }
  return JSON.stringify(file);
}

function faultsOf(text: string, bundled: PolicyFile | undefined = deployed): readonly OverrideFault[] {
  const found = overrideReader(bundled, sampleControls)(text, 'override');
  return found.ok ? [] : found.faults;
}

/** Paths and messages of the faults of the deployed policy with these changes. */
function faultsWith(...changes: readonly Change[]): readonly string[] {
  return faultsOf(overrideWith(...changes)).map(({ path, message }) => `${path}: ${message}`);
}

const exempt = (given: Record<string, unknown>) => ({
  controls: ['volume-encryption'],
  reason: 'Sandbox',
  owner: 'me',
  expires: '2027-01-31',
  ...given,
});
const [first, second] = deployed.exemptions ?? [];
const reportOnly: readonly Change[] = [
  ['controls/snapshot-sharing/actions', ['notify']],
  ['operators/customActions', ['undo', 'exempt']],
];

describe('an override', () => {
  it('is the same policy as the file that it was made from', () => {
    const found = overrideReader(deployed, sampleControls)(overrideWith(), 'policy.yml');
    expect(found.ok && found.policy).toEqual(policyOf(deployedText));
  });

  it('gets the given name', () => {
    const found = overrideReader(undefined, sampleControls)('{"version":1}', 'parameter /p version 3');
    expect(found.ok && found.policy.file).toBe('parameter /p version 3');
  });

  it.each<[string, ...Change[]]>([
    ['the deployed policy itself'],
    ['fewer actions', ['controls/snapshot-sharing/actions', ['notify', 'tag']]],
    ['fewer custom actions', ['operators/customActions', ['exempt']]],
    ['lower limits', ['guardrails/actionsPerHour', { perAccount: 0, total: 3 }]],
    ['longer grace periods', ['guardrails/gracePeriod', { fix: '2 hours', quarantine: '1 day' }]],
    [
      'more protected tags, and wider patterns',
      ['guardrails/protectedTags', { environment: ['p*'], team: ['*'] }],
    ],
    ['more critical tags', ['actions/quarantine/criticalTags', { tier: ['1', '2'], team: ['*'] }]],
    ['a quarantine that only stops', ['actions/quarantine/mode', 'stop']],
    ['a quarantine that only isolates', ['actions/quarantine/mode', 'isolate']],
    ['a quarantine that skips members of groups', ['actions/quarantine/autoScaling', 'skip']],
    ['a quarantine that skips what is behind a load balancer', ['actions/quarantine/loadBalanced', 'skip']],
    ['a quarantine that leaves timeouts alone', ['actions/quarantine/trackedConnections', 'leave']],
    ['a quarantine that drains longer', ['actions/quarantine/drainSeconds', 300]],
    [
      'a longer prefix of tags, where no tag exempts',
      ...reportOnly,
      ['exemptionTags', undefined],
      ['actions/tag/prefix', 'acme:trailseal:'],
    ],
    ['a higher severity of a control that only reports', ['controls/volume-encryption/severity', 'CRITICAL']],
    [
      'a stricter setting of a control that only reports',
      ['controls/volume-encryption/settings/graceDays', 6],
    ],
    [
      'fewer allowed accounts where the control only reports',
      ...reportOnly,
      ['allowedAccounts', ['444455556666']],
    ],
    [
      'reverted actions that are notified instead of repeated',
      ['guardrails/whenReverted', { fix: 'notify', quarantine: 'notify', maxRepeats: 1 }],
    ],
    ['fewer exemptions of a control that only reports', ['exemptions', [first]]],
    [
      'exemptions that are narrowed, of a control that only reports',
      [
        'exemptions',
        [first, { ...second, tags: { environment: 'sandbox', team: 'x' }, expires: '2026-12-31' }],
      ],
    ],
    [
      'fewer exemptions by tags, where the control only reports',
      ['exemptionTags/controls', ['snapshot-sharing']],
    ],
    ['shorter exemptions by tags, where all only report', ...reportOnly, ['exemptionTags/maxDays', 7]],
    [
      'no exemptions at all where all only report',
      ...reportOnly,
      ['exemptions', []],
      ['exemptionTags', undefined],
    ],
  ])('may be %s', (_what, ...changes) => {
    expect(faultsWith(...changes)).toEqual([]);
  });

  it.each<[string, readonly Change[], string]>([
    [
      'disables a control',
      [['controls/snapshot-sharing/enabled', false]],
      'controls.snapshot-sharing.enabled: disables snapshot-sharing, which the deployed policy enables',
    ],
    [
      'lowers a severity',
      [['controls/volume-encryption/severity', 'MEDIUM']],
      'controls.volume-encryption.severity: must be HIGH or CRITICAL, as in the deployed policy; found MEDIUM',
    ],
    [
      'leaves out a severity',
      [['controls/volume-encryption/severity', undefined]],
      'controls.volume-encryption.severity: must be HIGH or CRITICAL, as in the deployed policy; found MEDIUM, as nothing is set',
    ],
    [
      'raises the severity of a control that acts',
      [['controls/snapshot-sharing/severity', 'CRITICAL']],
      'controls.snapshot-sharing.severity: must be MEDIUM, because the override lists tag for snapshot-sharing, as in the deployed policy; found CRITICAL',
    ],
    [
      'loosens a setting',
      [['controls/volume-encryption/settings/graceDays', 8]],
      'controls.volume-encryption.settings.graceDays: must be at most 7, as in the deployed policy; found 8',
    ],
    [
      'changes a setting without a direction',
      [['controls/volume-encryption/settings/arn', 'arn:x']],
      'controls.volume-encryption.settings.arn: must be "arn:aws:kms:a", as in the deployed policy; found "arn:x"',
    ],
    [
      'allows another account',
      [['allowedAccounts', ['444455556666', '555566667777', '666677778888']]],
      'allowedAccounts[2]: must be within "444455556666", "555566667777", as in the deployed policy; found "666677778888"',
    ],
    [
      'allows another account for one control',
      [['controls/snapshot-sharing/settings', { allowedAccounts: ['444455556666', '666677778888'] }]],
      'controls.snapshot-sharing.settings.allowedAccounts[1]: must be within "444455556666", "555566667777", as in the deployed policy; found "666677778888"',
    ],
    [
      'allows fewer accounts where the control acts',
      [['allowedAccounts', ['444455556666']]],
      'allowedAccounts: must be ["444455556666","555566667777"], because the override lists tag for snapshot-sharing, as in the deployed policy; found ["444455556666"]',
    ],
    [
      'notifies nobody',
      [['controls/volume-encryption/actions', []]],
      'controls.volume-encryption.actions: must contain "notify", as in the deployed policy; found []',
    ],
    [
      'lists an action under a control',
      [['controls/volume-encryption/actions', ['notify', 'quarantine']]],
      'controls.volume-encryption.actions[1]: lists quarantine for volume-encryption, which the deployed policy does not',
    ],
    [
      'lists an action that the deployed policy only has as a custom action',
      [['controls/key-rotation/actions', ['notify', 'fix:enable-rotation']]],
      'controls.key-rotation.actions[1]: lists fix:enable-rotation for key-rotation, which the deployed policy does not',
    ],
    [
      'lists a custom action',
      [['operators/customActions', ['undo', 'exempt', 'fix:enable-rotation', 'quarantine']]],
      'operators.customActions[3]: lists the custom action quarantine, which the deployed policy does not',
    ],
    [
      'forgets the exemptions of operators while a control acts',
      [['operators/customActions', ['undo']]],
      'operators.customActions: must contain "exempt", because the override lists tag for snapshot-sharing, as in the deployed policy; found ["undo"]',
    ],
    [
      'adds an exemption',
      [['exemptions', [first, second, exempt({ accounts: ['111122223333'] })]]],
      'exemptions[2]: must be covered by one exemption (criteria, last day, reason and owner), as in the deployed policy; found {"controls":["volume-encryption"],"accounts":["111122223333"],"reason":"Sandbox","owner":"me","expires":"2027-01-31"}',
    ],
    [
      'removes an exemption of a control that acts',
      [['exemptions', [second]]],
      'exemptions: must contain {"controls":["snapshot-sharing","volume-encryption"],"resources":["arn:aws:ec2:*:111122223333:*"],"reason":"Sandbox","owner":"me","expires":"2027-01-31"}, because the override lists tag for snapshot-sharing, as in the deployed policy; found none that covers it',
    ],
    [
      'lets a tag exempt from another control',
      [['exemptionTags/controls', 'all']],
      'exemptionTags.controls: must not exempt from key-rotation by a tag, as in the deployed policy; found 30 days',
    ],
    [
      'lets a tag exempt no longer from a control that acts',
      [['exemptionTags/controls', ['volume-encryption']]],
      'exemptionTags.controls: must exempt from snapshot-sharing for 30 days, because the override lists tag for snapshot-sharing, as in the deployed policy; found none for snapshot-sharing',
    ],
    [
      'changes the prefix of the tag that exempts',
      [['actions/tag/prefix', 'acme:other:']],
      'actions.tag.prefix: must be "acme:", because exemptionTags use it, as in the deployed policy; found "acme:other:"',
    ],
    [
      'raises a limit',
      [['guardrails/actionsPerHour/quarantine/perAccount', 2]],
      'guardrails.actionsPerHour.quarantine.perAccount: must be at most 1, as in the deployed policy; found 2',
    ],
    [
      'shortens a grace period',
      [['guardrails/gracePeriod/quarantine', 0]],
      'guardrails.gracePeriod.quarantine: must be at least 12 hours, as in the deployed policy; found 0 days',
    ],
    [
      'leaves out a grace period',
      [['guardrails/gracePeriod/quarantine', undefined]],
      'guardrails.gracePeriod.quarantine: must be at least 12 hours, as in the deployed policy; found 15 minutes, as nothing is set',
    ],
    [
      'protects fewer tags',
      [['guardrails/protectedTags', { environment: ['production'] }]],
      'guardrails.protectedTags.environment: must contain "prod*" for the tag "environment", as in the deployed policy; found ["production"]',
    ],
    [
      'has fewer critical tags',
      [['actions/quarantine/criticalTags', {}]],
      'actions.quarantine.criticalTags: must contain "1" for the tag "tier", as in the deployed policy; found {}',
    ],
    [
      'takes no snapshots',
      [['actions/quarantine/snapshot', false]],
      'actions.quarantine.snapshot: must be true, as in the deployed policy; found false',
    ],
    [
      'drains for a shorter time',
      [['actions/quarantine/drainSeconds', 0]],
      'actions.quarantine.drainSeconds: must be at least 120, as in the deployed policy; found 0',
    ],
    [
      'repeats quarantines',
      [['guardrails/whenReverted', { quarantine: 'repeat' }]],
      'guardrails.whenReverted.quarantine: must be "notify", as in the deployed policy; found "repeat"',
    ],
    [
      'notifies nobody of a reverted action',
      [['guardrails/whenReverted', { fix: 'leave' }]],
      'guardrails.whenReverted.fix: must be "repeat" or "notify", as in the deployed policy; found "leave"',
    ],
    [
      'quarantines nodes',
      [['actions/quarantine/eksNodes', 'act']],
      'actions.quarantine.eksNodes: must be "skip", as in the deployed policy; found "act"',
    ],
  ])('is wrong where it %s', (_what, changes, fault) => {
    expect(faultsWith(...changes)).toEqual([fault]);
  });

  it('is wrong where it leaves out a limit', () => {
    expect(faultsWith(['guardrails/actionsPerHour/quarantine', undefined])).toContain(
      'guardrails.actionsPerHour.perAccount: must be at most 1, as in the deployed policy; found 5',
    );
  });

  it('says what to do', () => {
    expect(faultsOf(overrideWith(['guardrails/gracePeriod/fix', 0]))).toMatchObject([
      { hint: 'an override only narrows; deploy the policy instead' },
    ]);
  });

  it.each([
    ['by its own key', '{ controls: { key-rotation: { enabled: true } } }', 'controls.key-rotation.enabled'],
    ['by the defaults', '{ defaults: { enabled: true } }', 'defaults.enabled'],
    ['by not naming it', '{}', ''],
  ])('may not enable a control %s', (_how, rest, path) => {
    const without = checked('version: 1\ncontrols: { key-rotation: { enabled: false } }');
    const text = JSON.stringify(checked(`{ version: 1, ${rest.slice(1)}`));
    expect(faultsOf(text, without)).toMatchObject([
      { path, message: 'enables key-rotation, which the deployed policy does not' },
    ]);
  });

  it('has all faults at once', () => {
    expect(faultsOf('{"version":1}').map(({ path }) => path)).toEqual(
      expect.arrayContaining([
        'controls.snapshot-sharing.actions',
        'controls.volume-encryption.severity',
        'controls.volume-encryption.settings.arn',
        'controls.volume-encryption.actions',
        'controls.key-rotation.actions',
        'actions.tag.prefix',
        'actions.quarantine.snapshot',
        'actions.quarantine.autoScalingCapacity',
        'actions.quarantine.criticalTags',
        'guardrails.actionsPerHour.tag.perAccount',
        'guardrails.actionsPerHour.tag.total',
        'guardrails.actionsPerHour.quarantine.perAccount',
        'guardrails.actionsPerHour.quarantine.total',
        'guardrails.actionsPerHour.fix.perAccount',
        'guardrails.actionsPerHour.fix.total',
        'guardrails.protectedTags',
        'guardrails.gracePeriod.fix',
        'guardrails.gracePeriod.quarantine',
      ]),
    );
  });

  it('is not compared where the deployed policy is not known', () => {
    const found = overrideReader(undefined, sampleControls)('{"version":1}', 'override');
    expect(found.ok).toBe(true);
  });
});

describe('what is wrong with an override', () => {
  const faults = (text: string) => {
    const found = overrideReader(deployed, sampleControls)(text, 'override');
    return found.ok ? [] : found.faults.map(faultText);
  };

  it('is reported all at once, each fault with its path and a hint', () => {
    const text = JSON.stringify({
      version: 2,
      controls: { 'key-rotatoin': {}, 'volume-encryption': { settings: { key: 'own', graceDays: 31 } } },
      exemptions: [{ accounts: [111_122_223_333], reason: 'x', owner: 'me', expires: '2027-02-30' }],
    });
    expect(faults(text)).toEqual([
      'version: must be 1, not the number 2',
      'controls.volume-encryption.settings.key: "own" is not one of the allowed values (allowed: any, customer)',
      'controls.volume-encryption.settings.graceDays: must be at most 30',
      'controls.key-rotatoin: there is no control "key-rotatoin" (did you mean key-rotation?)',
      'exemptions[0].accounts[0]: must be text, not the number 111122223333',
      'exemptions[0].expires: must be a date that exists, as YYYY-MM-DD, not "2027-02-30"',
    ]);
  });

  it.each([
    ['nothing', ''],
    ['YAML', 'version: 1'],
    ['cut off', '{"version":1'],
  ])('is that it is not JSON: %s', (_what, text) => {
    expect(faults(text)).toEqual([
      expect.stringMatching(/^is not JSON: .* \("trailseal policy push" writes a policy file as JSON\)$/),
    ]);
  });

  it.each([
    ['null', 'null'],
    ['a list', '[]'],
    ['text', '"version: 1"'],
  ])('is that it is not a policy: %s', (_what, text) => {
    expect(faults(text)).toHaveLength(1);
  });

  it('is that a key names no control, such as __proto__', () => {
    expect(faults('{"version":1,"controls":{"__proto__":{"enabled":false}}}')).toEqual([
      expect.stringContaining('__proto__'),
    ]);
  });
});
