/** The policy that asks for all there is, with a key of the customer's own. */
import { largest } from '../../../deploy/review/largest.ts';

export { broadPermissions, keySetting } from '../../../deploy/review/largest.ts';

export const everything = { policy: largest.policy, parameters: { kmsKeyArn: largest.key } } as const;
