/** The setting `allowedInstanceTypes`: instance types that are accepted although they do not encrypt in transit. */
import * as z from 'zod/mini';

/** Types such as `t3.micro`, or evaluators such as `t3.*`. */
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

/** Whether one of the types or evaluators is, or holds, this type. */
export function allowsType(accepted: readonly string[], instanceType: string): boolean {
  return accepted.some((each) =>
    each.endsWith('.*') ? instanceType.startsWith(each.slice(0, -1)) : each === instanceType,
  );
}
