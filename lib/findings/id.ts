/** The identity of a finding. */
import { createHash } from 'node:crypto';
import type { Resource } from '../control.ts';

/** ASFF's limit on a finding's Id, in characters. Source: Security Hub API model. */
const maxIdLength = 512;

/** The deterministic id: the same truth told twice is one finding. One that is too long ends in its own digest. */
export function findingId(control: string, resource: Resource): string {
  const id = `trailseal/${control}/${resource.account}/${resource.region}/${resource.id}`;
  if (id.length <= maxIdLength) return id;
  const digest = createHash('sha256').update(id).digest('hex');
  return `${id.slice(0, maxIdLength - digest.length - 1)}#${digest}`;
}
