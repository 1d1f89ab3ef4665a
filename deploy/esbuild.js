/**
 * For serverless-esbuild (`custom.esbuild.plugins`), which loads plain JavaScript only; Node 24 loads the rest.
 * The policy file is `custom.policy` of serverless.yml, else as `functions/policy.ts` finds it.
 */
import path from 'node:path';
import { plugins } from './esbuild/plugins.ts';
import { policyFileOf } from './esbuild/policy-file.ts';

/** @param serverless the framework, with its configuration resolved. */
export default function pluginsFor(serverless) {
  const policy = serverless.service.custom?.policy ?? policyFileOf(process.env);
  return plugins(path.resolve(serverless.serviceDir, policy));
}
