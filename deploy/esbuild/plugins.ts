/** The plugins of esbuild with which the functions are bundled. */
import type { Plugin } from 'esbuild';
import { noDescriptions } from './descriptions.ts';
import { leanErrors } from './errors.ts';
import { policyOverride } from './override.ts';
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
import { ownServices } from './services.ts';

/** What a bundle is made for. */
export interface Bundled {
  /** The policy to deploy. */
  readonly policyFile: string;
  /** Whether an SSM parameter may override it; not, where left out. */
  readonly overridable?: boolean;
}

export function plugins({ policyFile, overridable = false }: Bundled): Plugin[] {
  return [
    checkedPolicy(policyFile),
    ...(overridable ? [policyOverride] : []),
    ownServices(overridable),
    noDescriptions,
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
