/** The names of a quarantine's own resources and tags, by which it finds them again. */
import { createHash } from 'node:crypto';

/**
 * The name of a VPC's isolation group. Names of security groups are unique in a VPC.
 * Source: EC2 API Reference, "CreateSecurityGroup".
 * @example isolationGroupName('vpc-0123456789abcdef0') // 'trailseal-isolation-vpc-0123456789abcdef0'
 */
export function isolationGroupName(vpc: string): string {
  return `trailseal-isolation-${vpc}`;
}

/**
 * The tag that distinguishes Trailseal's isolation group from another group of the same name; its value is the VPC.
 */
export const isolationTag = 'trailseal:isolation';

/** The tag by which the snapshots of one quarantine are found again. */
export const quarantineTag = 'trailseal:quarantine';

/** The tag with the id of the finding, cut to the length of a tag's value. */
export const findingTag = 'trailseal:finding';

/**
 * A name for one quarantine of one instance, because of one finding, begun at one time.
 * @param finding the finding's id.
 * @returns 32 hexadecimal digits.
 * @example markOf('f1', 'i-0123456789abcdef0', new Date(0)).length // 32
 */
export function markOf(finding: string, instance: string, begun: Date): string {
  const whole = JSON.stringify([finding, instance, begun.toISOString()]);
  return createHash('sha256').update(whole).digest('hex').slice(0, 32);
}
