/** The setting `allowedInstanceTypes`: instance types that are accepted although they do not encrypt in transit. */
import * as z from 'zod/mini';
import { fewer } from '../../core/narrowing.ts';
import { includesPattern } from '../../core/pattern.ts';

/** Types such as `t3.micro`, or families such as `t3.*`. */
export const allowedInstanceTypes = z
  ._default(
    z.array(
      z
        .string()
        .check(z.regex(/^[a-z0-9-]+\.(\*|[a-z0-9-]+)$/, 'must be a type (t3.micro) or a family (t3.*)')),
    ),
    [],
  )
  .check(
    z.describe('Instance types that are accepted although they do not encrypt, such as t3.micro or t3.*.'),
  );

/** An override may accept fewer types: `t3.micro` where the deployed policy accepts `t3.*`. */
export const fewerInstanceTypes = fewer<string>((deployed, type) =>
  deployed.some((accepted) => includesPattern(accepted, type)),
);

/**
 * Whether a list of instance types contains a type, by name or by family.
 * @param accepted types (`t3.micro`) and families (`t3.*`).
 * @example allowsType(['t3.*'], 't3.micro') // true
 */
export function allowsType(accepted: readonly string[], instanceType: string): boolean {
  return accepted.some((each) =>
    each.endsWith('.*') ? instanceType.startsWith(each.slice(0, -1)) : each === instanceType,
  );
}
