/** The plugins of esbuild with which the functions are bundled. */
import type { Plugin } from 'esbuild';
import { leanErrors } from './errors.ts';
import { checkedPolicy } from './policy.ts';
import { leanSchemas } from './schemas.ts';
import {
  directHelpers,
  environmentOnly,
  nativeSha256,
  noEventStreams,
  packageVersions,
  plainEndpointCache,
} from './sdk.ts';

/** @param policyFile the policy to deploy. */
export function plugins(policyFile: string): Plugin[] {
  return [
    checkedPolicy(policyFile),
    leanSchemas,
    leanErrors,
    environmentOnly,
    noEventStreams,
    nativeSha256,
    packageVersions,
    plainEndpointCache,
    directHelpers,
  ];
}
