/**
 * Digests of what the stack deployed as JSON: the patterns of rules, the filters of mappings, the messages of schedules. The
 * template passes them to the watchdog, whose environment has no room for the JSON itself. Lambda allows 4 KB for all
 * variables. Source: AWS Lambda Developer Guide, "Lambda quotas".
 */
import { createHash } from 'node:crypto';
import type { AccountRegion } from '../../../core/account-region.ts';
import { parseArn, partitionOf } from '../../../core/arn.ts';
import { isObject } from '../../../core/json.ts';

/**
 * JSON that is equal for equivalent patterns: keys sorted, and lists too, as they are sets. A range of numbers is none.
 * Source: Amazon EventBridge User Guide, "Comparison operators for use in event patterns".
 * @example canonicalPattern({ b: [2, 1], a: ['x'] }) // '{"a":["x"],"b":[1,2]}'
 */
export function canonicalPattern(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalPattern).sort().join(',')}]`;
  if (!isObject(value)) return JSON.stringify(value) ?? 'null';
  const members = Object.entries(value).map(
    ([key, member]) =>
      `${JSON.stringify(key)}:${key === 'numeric' ? JSON.stringify(member) : canonicalPattern(member)}`,
  );
  return `{${members.sort().join(',')}}`;
}

/**
 * The digest of a pattern, in which ARNs of the deployment's own account and Region are written as the template writes them.
 * @param pattern as it is in the template, its `Fn::Sub` as the text of that, or from `withPlaceholders`.
 * @returns 22 characters of base64url.
 * @example patternDigest({ source: ['aws.kms'] }) === patternDigest(JSON.parse('{"source":["aws.kms"]}')) // true
 */
export function patternDigest(pattern: unknown): string {
  return createHash('sha256').update(canonicalPattern(pattern)).digest('base64url').slice(0, 22);
}

/**
 * What AWS has, with the deployment's own partition, Region and account as the template's `localArn` writes them; ARNs of any
 * other place stay as they are.
 * @example withPlaceholders('arn:aws:sqs:eu-central-1:111122223333:q', { account: '111122223333', region: 'eu-central-1' })
 */
export function withPlaceholders(value: unknown, accountRegion: AccountRegion): unknown {
  if (Array.isArray(value)) return value.map((item) => withPlaceholders(item, accountRegion));
  if (isObject(value)) {
    const members = Object.entries(value).map(([key, item]) => [key, withPlaceholders(item, accountRegion)]);
    return Object.fromEntries(members);
  }
  const arn = typeof value === 'string' ? parseArn(value) : undefined;
  if (arn === undefined) return value;
  const { account, region } = accountRegion;
  const own = arn.partition === partitionOf(region) && arn.region === region && arn.account === account;
  return own
    ? `arn:\${AWS::Partition}:${arn.service}:\${AWS::Region}:\${AWS::AccountId}:${arn.resource}`
    : value;
}
