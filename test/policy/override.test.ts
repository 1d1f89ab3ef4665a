/** What an override may say, and what is said of one that it may not. */
import { describe, expect, it } from 'vitest';
import { faultText, type OverrideFault, overrideReader } from '../../lib/policy/override.ts';
import { parsePolicy } from '../../lib/policy/policy.ts';
import type { PolicyFile } from '../../lib/policy/schema.ts';
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
const tagsAs = "actions: { tag: { prefix: 'acme:' } }";

/** What is wrong with a policy file as an override of the deployed policy. */
function faultsOf(text: string, bundled: PolicyFile | undefined = deployed): readonly OverrideFault[] {
  const found = overrideReader(bundled, sampleControls)(JSON.stringify(checked(text)), 'override');
  return found.ok ? [] : found.faults;
}

const off = 'key-rotation: { enabled: false }';

describe('an override', () => {
  it('says what the file says that it was made of', () => {
    const text = `
version: 1
allowedAccounts: ['444455556666']
controls: { snapshot-sharing: { severity: HIGH, settings: { strict: false } }, ${off} }
exemptions: [{ tags: { environment: sandbox }, reason: Sandbox, owner: me, expires: 2027-01-31 }]
guardrails: { gracePeriod: { fix: 1 hour } }`;
    const found = overrideReader(deployed, sampleControls)(JSON.stringify(checked(text)), 'policy.yml');
    expect(found.ok && found.policy).toEqual(policyOf(text));
  });

  it('is called what its reader is told', () => {
    const found = overrideReader(undefined, sampleControls)('{"version":1}', 'parameter /p version 3');
    expect(found.ok && found.policy.file).toBe('parameter /p version 3');
  });

  it.each([
    ['the deployed policy itself', deployed],
    [
      'less of everything, and other settings, limits and exemptions',
      checked(`
version: 1
controls:
  snapshot-sharing: { severity: LOW, settings: { strict: false }, actions: [fix:unshare-snapshot] }
  volume-encryption: { enabled: false }
  ${off}
exemptions: [{ controls: [snapshot-sharing], reason: Sandbox, owner: me, expires: 2027-01-31 }]
guardrails: { actionsPerHour: { total: 500 } }
operators: { customActions: [undo] }`),
    ],
    [
      'tags below the deployed prefix',
      checked(
        `version: 1\ncontrols: { volume-encryption: { actions: [tag] }, ${off} }\nactions: { tag: { prefix: 'acme:trailseal:' } }`,
      ),
    ],
    [
      'another prefix where nothing is tagged',
      checked(`version: 1\ncontrols: { ${off} }\nactions: { tag: { prefix: 'other:' } }`),
    ],
  ])('may be %s', (_what, file) => {
    const found = overrideReader(deployed, sampleControls)(JSON.stringify(file), 'override');
    expect(found.ok ? [] : found.faults).toEqual([]);
  });

  it.each([
    [
      'enables a control by its own word',
      'version: 1\ncontrols: { key-rotation: { enabled: true } }',
      ['controls.key-rotation.enabled', 'enables key-rotation, which the deployed policy does not'],
    ],
    [
      'enables a control by the defaults',
      'version: 1\ndefaults: { enabled: true }',
      ['defaults.enabled', 'enables key-rotation, which the deployed policy does not'],
    ],
    [
      'enables a control by not saying a word of it',
      'version: 1',
      ['', 'enables key-rotation, which the deployed policy does not'],
    ],
    [
      'asks for an action under a control',
      `version: 1\ncontrols: { volume-encryption: { actions: [notify, quarantine] }, ${off} }`,
      [
        'controls.volume-encryption.actions[1]',
        'asks for quarantine when volume-encryption fails, which the deployed policy does not',
      ],
    ],
    [
      'asks for an action by the defaults',
      `version: 1\ndefaults: { actions: [notify, quarantine] }\ncontrols: { ${off} }`,
      [
        'defaults.actions[1]',
        'asks for quarantine when volume-encryption fails, which the deployed policy does not',
      ],
    ],
    [
      'automates what the deployed policy only lets operators order',
      `version: 1\ncontrols: { volume-encryption: { actions: [quarantine] }, ${off} }\noperators: { customActions: [quarantine] }`,
      [
        'controls.volume-encryption.actions[0]',
        'asks for quarantine when volume-encryption fails, which the deployed policy does not',
      ],
    ],
    [
      'has an order',
      `version: 1\ncontrols: { ${off} }\noperators: { customActions: [undo, exempt] }`,
      ['operators.customActions[1]', 'lets operators order exempt, which the deployed policy does not'],
    ],
    [
      'tags by another prefix',
      `version: 1\ncontrols: { volume-encryption: { actions: [tag] }, ${off} }`,
      ['actions.tag.prefix', 'must begin with "acme:", as the deployed policy\'s'],
    ],
  ])('is wrong where it %s', (_what, text, [path, message]) => {
    expect(faultsOf(text)).toEqual([{ path, message, hint: 'take it out, or deploy the policy instead' }]);
  });

  it('may not ask for the actions of a control that it enables either, of which one word is enough', () => {
    const text = 'version: 1\ncontrols: { key-rotation: { enabled: true, actions: [quarantine, tag] } }';
    expect(faultsOf(`${text}\n${tagsAs}`).map(({ path }) => path)).toEqual(['controls.key-rotation.enabled']);
  });

  it('may ask for anything where nobody knows what was deployed', () => {
    const found = overrideReader(undefined, sampleControls)('{"version":1}', 'override');
    expect(found.ok).toBe(true);
  });
});

describe('what is wrong with an override', () => {
  const faults = (text: string) => {
    const found = overrideReader(deployed, sampleControls)(text, 'override');
    return found.ok ? [] : found.faults.map(faultText);
  };

  it('is told all at once, each with its path and what to write instead', () => {
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
  ])('is that it is no JSON: %s', (_what, text) => {
    expect(faults(text)).toEqual([
      expect.stringMatching(/^is not JSON: .* \("trailseal policy push" makes it of a policy file\)$/),
    ]);
  });

  it.each([
    ['null', 'null'],
    ['a list', '[]'],
    ['text', '"version: 1"'],
  ])('is that it is no policy: %s', (_what, text) => {
    expect(faults(text)).toHaveLength(1);
  });

  it('is that a key stands for no control, such as __proto__', () => {
    expect(faults('{"version":1,"controls":{"__proto__":{"enabled":false}}}')).toEqual([
      expect.stringContaining('__proto__'),
    ]);
  });
});
