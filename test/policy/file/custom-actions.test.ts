/** Custom actions that could never run are errors of the policy. */
import { describe, expect, it } from 'vitest';
import { overrideReader } from '../../../lib/policy/override.ts';
import { controls } from '../../../lib/services/catalogue.ts';
import { control, errorsIn, sampleControls } from '../fixtures.ts';

const keyArn = 'arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab';
const operators = `operators: { customActions: [undo, fix:associate-encryption] }
actions: { broadPermissions: [fix:associate-encryption] }`;
const withKey = (key: string) => `version: 1
controls: { eks-secrets-encryption: { settings: { key: ${key} } } }
${operators}`;

describe('the custom action that encrypts the secrets of a cluster', () => {
  it.each([
    ['the control accepts AWS’s own encryption', 'default'],
    ['it accepts any customer managed key', 'customer-managed'],
    ['it accepts several keys', `['${keyArn}', '${keyArn}0']`],
    ['the listed key is no ARN', "['alias/cluster']"],
    ['the listed ARN is an alias', `['${keyArn.replace('key/', 'alias/')}']`],
  ])('can never run where %s', (_what, key) => {
    expect(errorsIn(withKey(key), controls)).toEqual([
      {
        path: 'operators.customActions[1]',
        line: 3,
        column: 36,
        message:
          'fix:associate-encryption can never run: the setting key of eks-secrets-encryption does not name just one key',
        hint: 'list one key ARN in controls.eks-secrets-encryption.settings.key, or remove this custom action',
      },
    ]);
  });

  it('can run where one key is listed', () => {
    expect(errorsIn(withKey(`['${keyArn}']`), controls)).toEqual([]);
  });

  it('can never run under an override either', () => {
    const override = JSON.stringify({
      version: 1,
      operators: { customActions: ['fix:associate-encryption'] },
      actions: { broadPermissions: ['fix:associate-encryption'] },
    });
    const read = overrideReader(undefined, controls)(override, 'override');
    expect(read.ok ? [] : read.faults.map(({ path }) => path)).toEqual(['operators.customActions[0]']);
  });
});

describe('a custom action', () => {
  const never = (action: string, hint: string) => ({
    path: 'operators.customActions[0]',
    message: `${action} can never run: no enabled control has this action`,
    hint,
  });
  const faultsOf = (text: string) =>
    errorsIn(text).map(({ path, message, hint }) => ({ path, message, hint }));

  it('can never run where its control is disabled', () => {
    const text = `version: 1
controls: { key-rotation: { enabled: false } }
operators: { customActions: [fix:enable-rotation] }`;
    expect(faultsOf(text)).toEqual([
      never('fix:enable-rotation', 'enable key-rotation, or remove this custom action'),
    ]);
  });

  it('can never run where all its controls are disabled', () => {
    const text = 'version: 1\ndefaults: { enabled: false }\noperators: { customActions: [quarantine] }';
    expect(faultsOf(text)).toEqual([
      never('quarantine', 'enable volume-encryption or key-rotation, or remove this custom action'),
    ]);
  });

  it('can run where one of its controls is enabled', () => {
    const text = `version: 1
controls: { key-rotation: { enabled: false } }
operators: { customActions: [quarantine] }`;
    expect(faultsOf(text)).toEqual([]);
  });

  it('can run where one of its controls does not prevent it', () => {
    const preventing = {
      ...control('preventing', ['fix:enable-rotation']),
      whyNeverRuns: () => ({ because: 'a setting is missing', hint: 'set it' }),
    };
    const text = 'version: 1\noperators: { customActions: [fix:enable-rotation] }';
    expect([
      errorsIn(text, [preventing]).length,
      errorsIn(text, [preventing, ...sampleControls]).length,
    ]).toEqual([1, 0]);
  });
});

it('custom actions that need no control can run with every control disabled', () => {
  const text =
    'version: 1\ndefaults: { enabled: false }\noperators: { customActions: [undo, re-check, exempt] }';
  expect(errorsIn(text)).toEqual([]);
});
