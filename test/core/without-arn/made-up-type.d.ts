/** A made-up type of resource without ARNs; only `tsconfig.json` here reads it. */
import '../../../lib/core/control.ts';

declare module '../../../lib/core/control.ts' {
  interface ResourceTypes {
    readonly MadeUpPod: 'no-arn';
  }
}
