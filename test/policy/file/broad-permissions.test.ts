/** Actions whose permissions IAM can't narrow: the policy has to allow them by name. */
import { describe, expect, it } from 'vitest';
import { overrideReader } from '../../../lib/policy/override.ts';
import { controls } from '../../../lib/services/catalogue.ts';
import { errorsIn, policyOf } from '../fixtures.ts';

const faultsOf = (text: string) =>
  errorsIn(`version: 1\n${text}`, controls).map(({ path, hint }) => [path, hint]);
const hint = (action: string) =>
  `allow them by "actions: { broadPermissions: [${action}] }", or remove ${action} here`;
const restrict = 'fix:restrict-endpoint';
const restore = 'fix:restore-key-policy';

describe('an action whose permissions IAM can not narrow', () => {
  it.each([
    [
      'a control',
      `controls: { eks-endpoint-access: { actions: [notify, ${restrict}] } }`,
      [['controls.eks-endpoint-access.actions[1]', hint(restrict)]],
    ],
    ['the defaults', `defaults: { actions: [tag, ${restore}] }`, [['defaults.actions[1]', hint(restore)]]],
    [
      'the custom actions',
      `operators: { customActions: [undo, ${restore}] }`,
      [['operators.customActions[1]', hint(restore)]],
    ],
  ])('is an error where %s list it and the policy does not allow it by name', (_what, text, expected) => {
    expect(faultsOf(text)).toEqual(expected);
  });

  it('is named in the error with what IAM can not narrow', () => {
    const [error] = errorsIn(`version: 1\ncontrols: { kms-key-policy: { actions: [${restore}] } }`, controls);
    expect(error?.message).toBe(
      `${restore} needs permissions that IAM cannot narrow to what it does: kms:PutKeyPolicy lets its caller give anybody any key of the account and Region`,
    );
  });

  it('may be listed where the policy allows it by name', () => {
    const text = `controls: { kms-key-policy: { actions: [${restore}] } }\nactions: { broadPermissions: [${restore}] }`;
    expect(faultsOf(text)).toEqual([]);
    expect(policyOf(`version: 1\n${text}`, controls).broadPermissions).toEqual([restore]);
  });

  it('is no error where its control is not evaluated', () => {
    expect(faultsOf(`controls: { kms-key-policy: { enabled: false, actions: [${restore}] } }`)).toEqual([]);
  });

  it('is an error in an override too', () => {
    const override = { version: 1, controls: { 'kms-key-policy': { actions: [restore] } } };
    const read = overrideReader(undefined, controls)(JSON.stringify(override), 'override');
    expect(read.ok ? [] : read.faults.map(({ path }) => path)).toEqual([
      'controls.kms-key-policy.actions[0]',
    ]);
  });
});

it('of an action that IAM can narrow, the policy needs to allow nothing by name', () => {
  const [first] = errorsIn('version: 1\nactions: { broadPermissions: [fix:enable-key] }', controls);
  expect(first?.path).toBe('actions.broadPermissions[0]');
});
