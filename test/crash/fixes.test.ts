/** Tags, and the fixes of what is not a key, killed at each call and resumed; and their undo. */
import { cases } from '../emulator/failing.ts';
import { aboutAction, aboutUndo, crashing } from './action-calls.ts';

const policies = {
  tagging: 'defaults: { actions: [tag] }\n',
  fixing: `controls:
  ebs-default-encryption: { actions: [fix:enable-default-encryption] }
  ebs-snapshot-sharing:
    settings: { allowedAccounts: ['111122223333'] }
    actions: [fix:unshare-snapshot]
  eks-endpoint-access:
    settings: { allowedCidrs: [203.0.113.0/24] }
    actions: [fix:restrict-endpoint]
  eks-audit-logging: { actions: [fix:enable-audit-logging] }
actions: { broadPermissions: [fix:restrict-endpoint] }
`,
};

crashing(policies, (given) => {
  const tags = cases.filter(({ action }) => action.id === 'tag');
  const fixes = cases.filter(({ action }) =>
    /^fix:(enable-default|unshare|restrict|enable-audit)/.test(action.id),
  );
  const reversible = (one: (typeof cases)[number]) => typeof one.undone !== 'string';
  for (const one of tags) aboutAction(one, 'tagging', given);
  for (const one of fixes) aboutAction(one, 'fixing', given);
  for (const one of tags.filter(reversible)) aboutUndo(one, 'tagging', given);
  for (const one of fixes.filter(reversible)) aboutUndo(one, 'fixing', given);
});
