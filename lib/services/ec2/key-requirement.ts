/** The setting `key` of the controls on EBS encryption: which KMS keys the policy accepts. */
import * as z from 'zod/mini';
import type { Facts, Verdict } from '../../core/control.ts';

/**
 * `any` key, any `customer-managed` one, or one of a list of key ARNs. AWS's own key for EBS is on the list
 * when its ARN is, or that of its alias, `arn:aws:kms:<region>:<account>:alias/aws/ebs`.
 */
export const keyRequirement = z
  ._default(
    z.union([
      z.enum(['any', 'customer-managed']),
      z
        .array(
          z
            .string()
            .check(
              z.regex(
                /^arn:[^:]+:kms:[^:]+:\d{12}:(key\/.+|alias\/aws\/ebs)$/,
                'must be the ARN of a KMS key, or of alias/aws/ebs',
              ),
            ),
        )
        .check(z.minLength(1, 'must name at least one key')),
    ]),
    'any',
  )
  .check(z.describe('Which KMS keys are good enough: any, customer-managed, or a list of key ARNs.'));
export type KeyRequirement = z.infer<typeof keyRequirement>;

/**
 * The end of a sentence on what is required; empty when any key is accepted.
 * @example requiredKey('customer-managed') // ', with a customer managed key'
 */
export function requiredKey(requirement: KeyRequirement): string {
  if (requirement === 'any') return '';
  return requirement === 'customer-managed'
    ? ', with a customer managed key'
    : `, with one of these keys: ${requirement.join(', ')}`;
}

/**
 * Whether a key meets the requirement.
 * @param fact the key of the volume.
 * @returns the verdict, with a clause that says why; the clause is empty where nothing was required.
 * @example evaluateKey(unknownFact('denied', 'kms:DescribeKey was denied'), 'any') // { verdict: 'PASS', because: '' }
 */
export function evaluateKey(
  fact: Facts['ec2.volumeKey'],
  requirement: KeyRequirement,
): { readonly verdict: Exclude<Verdict, 'NOT_APPLICABLE'>; readonly because: string } {
  if (requirement === 'any') return { verdict: 'PASS', because: '' };
  if (!fact.known) return { verdict: 'UNKNOWN', because: fact.detail };
  const { arn, manager, managerUnknown } = fact.value;
  const why = managerUnknown === undefined ? '' : `, as ${managerUnknown.detail}`;
  if (requirement === 'customer-managed') {
    if (manager === 'CUSTOMER') return { verdict: 'PASS', because: `${arn} is customer managed` };
    if (manager === 'AWS') return { verdict: 'FAIL', because: `${arn} is managed by AWS` };
    return { verdict: 'UNKNOWN', because: `no source says whether ${arn} is customer managed${why}` };
  }
  const byAwsAlias = manager === 'AWS' && requirement.some((listed) => listed.endsWith(':alias/aws/ebs'));
  if (requirement.includes(arn) || byAwsAlias) return { verdict: 'PASS', because: `${arn} is on the list` };
  if (manager !== 'AWS' && arn.includes(':alias/')) {
    return { verdict: 'UNKNOWN', because: `no source says which key ${arn} stands for${why}` };
  }
  return { verdict: 'FAIL', because: `${arn} is not on the list` };
}

/**
 * A key as the value of an observation: its ARN and, where known, who manages it.
 * @example showKey({ arn: 'arn:aws:kms:eu-central-1:111122223333:alias/aws/ebs', manager: 'AWS' }) // '… (managed by AWS)'
 */
export function showKey(key: Extract<Facts['ec2.volumeKey'], { known: true }>['value']): string {
  return key.manager === undefined ? key.arn : `${key.arn} (managed by ${managers[key.manager]})`;
}

const managers = { AWS: 'AWS', CUSTOMER: 'the customer' } as const;
