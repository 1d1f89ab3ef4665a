/** The setting `allowedInstanceTypes`: instance types that are accepted although they do not encrypt in transit. */
import * as z from 'zod/mini';

/** Types such as `t3.micro`, or families such as `t3.*`. */
export const allowedInstanceTypes = z
  ._default(
    z.array(
      z
        .string()
        .check(z.regex(/^[a-z0-9-]+\.(\*|[a-z0-9-]+)$/, 'must be a type (t3.micro) or an evaluator (t3.*)')),
    ),
    [],
  )
  .check(
    z.describe('Instance types that are accepted although they do not encrypt, such as t3.micro or t3.*.'),
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
