/** The policy that asks for all there is, and lets operators request all of it: the largest roles that a deployment can have. */
import { requestable } from '../../lib/policy/custom-actions.ts';
import { controls } from '../../lib/services/catalogue.ts';
import { broadActions } from '../../lib/services/write-services.ts';

const key = 'arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab';
/** One key for the secrets of clusters: without it, a request to associate it could never be carried out. */
const settings = `settings: { key: ["${key}"] }`;

/** `controls:` with that setting alone. */
export const keySetting = `controls: { eks-secrets-encryption: { ${settings} } }`;

/** `actions:` with what allows the actions that IAM can't narrow. */
export const broadPermissions = `actions: { broadPermissions: [${broadActions.join(', ')}] }`;

const customActions = [...new Set(controls.flatMap(requestable)), 'undo', 're-check', 'exempt'];

export const largest = {
  /** All of a policy file but its version. */
  policy: [
    'controls:',
    ...controls.map(({ id, actions }) => {
      const more = id === 'eks-secrets-encryption' ? `, ${settings}` : '';
      return `  ${id}: { actions: [${actions.join(', ')}]${more} }`;
    }),
    `operators: { customActions: [${customActions.join(', ')}] }`,
    broadPermissions,
  ].join('\n'),
  key,
} as const;
