/** The identity of a finding. */
import { createHash } from 'node:crypto';
import type { AccountRegion } from '../core/account-region.ts';
import { arnOf } from '../core/arn.ts';
import type { Resource } from '../core/control.ts';
import { escapeInvisible } from '../core/text.ts';

/** What the ids of findings begin with, and so the keys of their items in the state table. */
export const findingIdPrefix = 'trailseal/';

/** ASFF's limit on a finding's Id, in characters. Source: Security Hub API model. */
const maxIdLength = 512;

/**
 * The id of the finding of a control and a resource, always the same. One that is too long, or that one line of text can
 * not hold, ends in its own digest.
 * @returns at most 512 printable characters.
 * @example
 * findingId('ec2-volume-encryption', volume)
 * // 'trailseal/ec2-volume-encryption/111122223333/eu-central-1/vol-0a1b2c3d4e5f60001'
 */
export function findingId(control: string, resource: Pick<Resource, 'id' | 'account' | 'region'>): string {
  const id = `${findingIdPrefix}${control}/${resource.account}/${resource.region}/${resource.id}`;
  const shown = escapeInvisible(id, () => '?');
  if (shown === id && id.length <= maxIdLength) return id;
  const digest = createHash('sha256').update(id).digest('hex');
  return `${cut(shown, maxIdLength - digest.length - 1)}#${digest}`;
}

/** Does not cut inside a surrogate pair. */
function cut(text: string, limit: number): string {
  const beginning = text.slice(0, limit);
  return beginning.isWellFormed() ? beginning : beginning.slice(0, -1);
}

/**
 * The ARN of the product under which an account imports findings of its own. Source: AWS Security Hub User Guide, "Sending findings to
 * Security Hub from a custom product integration".
 * @example
 * productArnOf({ account: '111122223333', region: 'eu-central-1' })
 * // 'arn:aws:securityhub:eu-central-1:111122223333:product/111122223333/default'
 */
export function productArnOf({ account, region }: AccountRegion): string {
  return arnOf('securityhub', region, account, `product/${account}/default`);
}
