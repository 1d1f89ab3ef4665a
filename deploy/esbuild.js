/**
 * For serverless-esbuild (`custom.esbuild.plugins`), which loads plain JavaScript only; Node 24 loads the rest.
 * The policy file is `custom.policy` of serverless.yml, else as `functions/policy.ts` finds it; `custom.policyParameter`
 * is the SSM parameter that may override it, empty for none.
 */
import path from 'node:path';
import { plugins } from './esbuild/plugins.ts';
import { policyFileOf } from './esbuild/policy-file.ts';

/** @param serverless the framework, with its configuration resolved. */
export default function pluginsFor(serverless) {
  const { policy, policyParameter } = serverless.service.custom ?? {};
  return plugins({
    policyFile: path.resolve(serverless.serviceDir, policy ?? policyFileOf(process.env)),
    overridable: (policyParameter ?? '') !== '',
  });
}
