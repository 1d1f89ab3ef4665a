/** Orders that operators could give, and nobody could ever obey, are faults of the policy. */
import { describe, expect, it } from 'vitest';
import { overrideReader } from '../../lib/policy/override.ts';
import { controls } from '../../lib/services/catalogue.ts';
import { control, errorsIn, sampleControls } from './fixtures.ts';

const keyArn = 'arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab';
const order = 'operators: { customActions: [undo, fix:associate-encryption] }';
const withKey = (key: string) => `version: 1
controls: { eks-secrets-encryption: { settings: { key: ${key} } } }
${order}`;

describe('an order of a key for a cluster', () => {
  it.each([
    ['AWS’s own encryption is good enough', 'default'],
    ['any key of the customer is', 'customer-managed'],
    ['several keys are', `['${keyArn}', '${keyArn}0']`],
    ['what is listed is no ARN of a key', "['alias/cluster']"],
    ['what is listed is an alias', `['${keyArn.replace('key/', 'alias/')}']`],
  ])('could never be obeyed where %s', (_what, key) => {
    expect(errorsIn(withKey(key), controls)).toEqual([
      {
        path: 'operators.customActions[1]',
        line: 3,
        column: 36,
        message:
          'an order of fix:associate-encryption could never be obeyed: the setting key of eks-secrets-encryption does not name just one key',
        hint: 'list one key ARN in controls.eks-secrets-encryption.settings.key, or take the order out',
      },
    ]);
  });

  it('can be obeyed where one key is listed', () => {
    expect(errorsIn(withKey(`['${keyArn}']`), controls)).toEqual([]);
  });

  it('could never be obeyed of an override either', () => {
    const override = JSON.stringify({
      version: 1,
      operators: { customActions: ['fix:associate-encryption'] },
    });
    const read = overrideReader(undefined, controls)(override, 'override');
    expect(read.ok ? [] : read.faults.map(({ path }) => path)).toEqual(['operators.customActions[0]']);
  });
});

describe('an order of an action', () => {
  const never = (action: string, hint: string) => ({
    path: 'operators.customActions[0]',
    message: `an order of ${action} could never be obeyed: no control that is enabled has it`,
    hint,
  });
  const faultsOf = (text: string) =>
    errorsIn(text).map(({ path, message, hint }) => ({ path, message, hint }));

  it('could never be obeyed where its control is switched off', () => {
    const text = `version: 1
controls: { key-rotation: { enabled: false } }
operators: { customActions: [fix:enable-rotation] }`;
    expect(faultsOf(text)).toEqual([
      never('fix:enable-rotation', 'enable key-rotation, or take the order out'),
    ]);
  });

  it('could never be obeyed where all its controls are', () => {
    const text = 'version: 1\ndefaults: { enabled: false }\noperators: { customActions: [quarantine] }';
    expect(faultsOf(text)).toEqual([
      never('quarantine', 'enable volume-encryption or key-rotation, or take the order out'),
    ]);
  });

  it('can be obeyed where one of its controls is on', () => {
    const text = `version: 1
controls: { key-rotation: { enabled: false } }
operators: { customActions: [quarantine] }`;
    expect(faultsOf(text)).toEqual([]);
  });

  it('can be obeyed where one of its controls is not in its way', () => {
    const never = control('never', ['fix:enable-rotation']);
    const stubborn = { ...never, whyNeverRuns: () => ({ because: 'it is stubborn', hint: 'ask nicely' }) };
    const text = 'version: 1\noperators: { customActions: [fix:enable-rotation] }';
    expect([errorsIn(text, [stubborn]).length, errorsIn(text, [stubborn, ...sampleControls]).length]).toEqual(
      [1, 0],
    );
  });
});

it('orders that need no action can be obeyed with every control switched off', () => {
  const text =
    'version: 1\ndefaults: { enabled: false }\noperators: { customActions: [undo, re-check, exempt] }';
  expect(errorsIn(text)).toEqual([]);
});
