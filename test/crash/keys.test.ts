/** The fixes of KMS keys, killed at each call and resumed; and their undo. */
import { cases } from '../emulator/failing.ts';
import { aboutAction, aboutUndo, crashing } from './action-calls.ts';

const policies = {
  fixing: `controls:
  kms-key-deletion: { actions: [fix:cancel-key-deletion] }
  kms-key-disabled: { actions: [fix:enable-key] }
  kms-key-rotation: { actions: [fix:enable-rotation] }
  kms-key-policy: { actions: [fix:restore-key-policy] }
  kms-grant: { actions: [fix:revoke-grant] }
actions: { broadPermissions: [fix:restore-key-policy] }
`,
};

crashing(policies, (given) => {
  const fixes = cases.filter(
    ({ action, name }) =>
      /^fix:(cancel-key|enable-key|enable-rotation|restore-key|revoke-grant)/.test(action.id) &&
      // The same without its second write.
      !name.endsWith('(unknown)'),
  );
  for (const one of fixes) aboutAction(one, 'fixing', given);
  for (const one of fixes.filter(({ undone }) => typeof undone !== 'string')) aboutUndo(one, 'fixing', given);
});
