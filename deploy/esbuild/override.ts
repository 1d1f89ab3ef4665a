/** The effective policy as an SSM parameter may override it, in place of the module that knows the deployed one only. */
import path from 'node:path';
import { replacing } from './replacing.ts';

const functions = path.join(import.meta.dirname, '..', '..', 'functions');
const plain = path.join(functions, 'effective-policy.ts');
const overridden = path.join(functions, 'policy-overridden.ts');

/** For deployments with a `policyParameter`: no other bundle holds anything of it. */
export const policyOverride = replacing('policy-override', [
  {
    requiredBy: /[\\/]functions[\\/](evaluator|operator|remediate|scan)\.ts$/,
    imports: /[\\/]effective-policy\.ts$/,
    resolve: ({ path: wanted, resolveDir }) =>
      path.resolve(resolveDir, wanted) === plain ? { path: overridden } : undefined,
  },
]);
