/** The identity of a finding. */
import { createHash } from 'node:crypto';
import { arnOf } from '../core/arn.ts';
import type { Resource } from '../core/control.ts';

/** ASFF's limit on a finding's Id, in characters. Source: Security Hub API model. */
const maxIdLength = 512;

/** Not one line of text: control and format characters, halves of surrogate pairs, ends of lines. */
const unprintable = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/**
 * The deterministic id: the same truth told twice is one finding. One that is too long, or that no line of text can
 * hold, ends in its own digest.
 */
export function findingId(control: string, resource: Resource): string {
  const id = `trailseal/${control}/${resource.account}/${resource.region}/${resource.id}`;
  const shown = id.replace(unprintable, '?');
  if (shown === id && id.length <= maxIdLength) return id;
  const digest = createHash('sha256').update(id).digest('hex');
  return `${cut(shown, maxIdLength - digest.length - 1)}#${digest}`;
}

/** Never inside a surrogate pair. */
function cut(text: string, limit: number): string {
  const beginning = text.slice(0, limit);
  return beginning.isWellFormed() ? beginning : beginning.slice(0, -1);
}

/**
 * The ARN of the product that an account's own findings are of. Source: AWS Security Hub User Guide, "Sending findings to
 * Security Hub from a custom product integration".
 */
export function productArnOf(account: string, region: string): string {
  return arnOf('securityhub', region, account, `product/${account}/default`);
}
