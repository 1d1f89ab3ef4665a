/** What a quarantine's own things are called, so that they are known again. */
import { createHash } from 'node:crypto';

/** Names of security groups are unique in a VPC. Source: EC2 API Reference, "CreateSecurityGroup". */
export function isolationGroupName(vpc: string): string {
  return `trailseal-isolation-${vpc}`;
}

/** The tag that tells an isolation group which Trailseal made from one that merely has its name; its value is the VPC. */
export const isolationTag = 'trailseal:isolation';

/** The tag by which the snapshots of one quarantine are found again. */
export const quarantineTag = 'trailseal:quarantine';

/** The tag with the id of the finding, cut to what a tag's value may hold. */
export const findingTag = 'trailseal:finding';

/** A name for one quarantine of one instance, because of one finding, begun at one time. */
export function markOf(finding: string, instance: string, begun: Date): string {
  const whole = JSON.stringify([finding, instance, begun.toISOString()]);
  return createHash('sha256').update(whole).digest('hex').slice(0, 32);
}
