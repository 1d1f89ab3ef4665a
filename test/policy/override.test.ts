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

const deployed = checked(`
version: 1
defaults: { actions: [notify] }
controls:
  snapshot-sharing: { actions: [notify, tag, fix:unshare-snapshot] }
  volume-encryption: { actions: [notify, tag] }
  key-rotation: { enabled: false }
actions: { tag: { prefix: 'acme:' } }
operators: { customActions: [undo, quarantine] }
`);
const deployedPrefix = "actions: { tag: { prefix: 'acme:' } }";

/** What is wrong with a policy file as an override of the deployed policy. */
function faultsOf(text: string, bundled: PolicyFile | undefined = deployed): readonly OverrideFault[] {
  const found = overrideReader(bundled, sampleControls)(JSON.stringify(checked(text)), 'override');
  return found.ok ? [] : found.faults;
}

const withoutRotation = 'key-rotation: { enabled: false }';

describe('an override', () => {
  it('is the same policy as the file that it was made from', () => {
    const text = `
version: 1
allowedAccounts: ['444455556666']
controls: { snapshot-sharing: { severity: HIGH, settings: { strict: false } }, ${withoutRotation} }
exemptions: [{ tags: { environment: sandbox }, reason: Sandbox, owner: me, expires: 2027-01-31 }]
guardrails: { gracePeriod: { fix: 1 hour } }`;
    const found = overrideReader(deployed, sampleControls)(JSON.stringify(checked(text)), 'policy.yml');
    expect(found.ok && found.policy).toEqual(policyOf(text));
  });

  it('gets the given name', () => {
    const found = overrideReader(undefined, sampleControls)('{"version":1}', 'parameter /p version 3');
    expect(found.ok && found.policy.file).toBe('parameter /p version 3');
  });

  it.each([
    ['the deployed policy itself', deployed],
    [
      'fewer controls and actions, and other settings, limits and exemptions',
      checked(`
version: 1
controls:
  snapshot-sharing: { severity: LOW, settings: { strict: false }, actions: [fix:unshare-snapshot] }
  volume-encryption: { enabled: false }
  ${withoutRotation}
exemptions: [{ controls: [snapshot-sharing], reason: Sandbox, owner: me, expires: 2027-01-31 }]
guardrails: { actionsPerHour: { total: 500 } }
operators: { customActions: [undo] }`),
    ],
    [
      'a longer prefix of tags that begins with the deployed one',
      checked(
        `version: 1\ncontrols: { volume-encryption: { actions: [tag] }, ${withoutRotation} }\nactions: { tag: { prefix: 'acme:trailseal:' } }`,
      ),
    ],
    [
      'another prefix of tags where nothing is tagged',
      checked(`version: 1\ncontrols: { ${withoutRotation} }\nactions: { tag: { prefix: 'other:' } }`),
    ],
  ])('may be %s', (_what, file) => {
    const found = overrideReader(deployed, sampleControls)(JSON.stringify(file), 'override');
    expect(found.ok ? [] : found.faults).toEqual([]);
  });

  it.each([
    [
      'enables a control by its own key',
      'version: 1\ncontrols: { key-rotation: { enabled: true } }',
      ['controls.key-rotation.enabled', 'enables key-rotation, which the deployed policy does not'],
    ],
    [
      'enables a control by the defaults',
      'version: 1\ndefaults: { enabled: true }',
      ['defaults.enabled', 'enables key-rotation, which the deployed policy does not'],
    ],
    [
      'enables a control by not naming it',
      'version: 1',
      ['', 'enables key-rotation, which the deployed policy does not'],
    ],
    [
      'lists an action under a control',
      `version: 1\ncontrols: { volume-encryption: { actions: [notify, quarantine] }, ${withoutRotation} }`,
      [
        'controls.volume-encryption.actions[1]',
        'lists quarantine for volume-encryption, which the deployed policy does not',
      ],
    ],
    [
      'lists an action under the defaults',
      `version: 1\ndefaults: { actions: [notify, quarantine] }\ncontrols: { ${withoutRotation} }`,
      ['defaults.actions[1]', 'lists quarantine for volume-encryption, which the deployed policy does not'],
    ],
    [
      'lists an action that the deployed policy only has as a custom action',
      `version: 1\ncontrols: { volume-encryption: { actions: [quarantine] }, ${withoutRotation} }\noperators: { customActions: [quarantine] }`,
      [
        'controls.volume-encryption.actions[0]',
        'lists quarantine for volume-encryption, which the deployed policy does not',
      ],
    ],
    [
      'lists a custom action',
      `version: 1\ncontrols: { ${withoutRotation} }\noperators: { customActions: [undo, exempt] }`,
      ['operators.customActions[1]', 'lists the custom action exempt, which the deployed policy does not'],
    ],
    [
      'tags by another prefix',
      `version: 1\ncontrols: { volume-encryption: { actions: [tag] }, ${withoutRotation} }`,
      ['actions.tag.prefix', 'must begin with "acme:", the prefix in the deployed policy'],
    ],
  ])('is wrong where it %s', (_what, text, [path, message]) => {
    expect(faultsOf(text)).toEqual([{ path, message, hint: 'remove it, or deploy the policy instead' }]);
  });

  it('has one fault for a control that it may not enable, and none for its actions', () => {
    const text = 'version: 1\ncontrols: { key-rotation: { enabled: true, actions: [quarantine, tag] } }';
    expect(faultsOf(`${text}\n${deployedPrefix}`).map(({ path }) => path)).toEqual([
      'controls.key-rotation.enabled',
    ]);
  });

  it('may set anything where the deployed policy is not known', () => {
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
