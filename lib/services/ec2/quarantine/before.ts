/** The state of an instance before its quarantine: all that resuming, checking and undoing need. */
import * as z from 'zod/mini';

/** Idle timeouts in seconds; `null` where none was set and AWS's default applies. */
const tracking = z.strictObject({
  tcp: z.nullable(z.number()),
  udpStream: z.nullable(z.number()),
  udp: z.nullable(z.number()),
});

const networkInterface = z.strictObject({
  id: z.string(),
  vpc: z.string(),
  /** Ids of its security groups, sorted. */
  groups: z.array(z.string()),
  tracking,
  /** The groups that a repeated quarantine found, where somebody had set others than it had before the first one. */
  found: z.optional(z.array(z.string())),
  /** Set where it was detached when a quarantine was repeated: it is not isolated then, but still to be restored. */
  detached: z.optional(z.literal(true)),
});

const registration = z.strictObject({
  /** The ARN of the target group. */
  targetGroup: z.string(),
  /** The instance's id, or one of its addresses. */
  target: z.string(),
  port: z.nullable(z.number()),
  zone: z.nullable(z.string()),
  quicServerId: z.nullable(z.string()),
  health: z.string(),
});

const membership = z.strictObject({
  group: z.string(),
  lifecycle: z.string(),
  /** The step of the quarantine; none for an instance that is in standby already. */
  step: z.enum(['standby', 'detach', 'none']),
});

export const before = z.strictObject({
  instance: z.string(),
  /** Unique to this quarantine; its snapshots have it as a tag. */
  mark: z.string(),
  state: z.string(),
  terminationProtection: z.boolean(),
  /** Whether it can be protected from termination: a Spot Instance can't. */
  protects: z.boolean(),
  /** The quarantine does not change the profile; it is kept for people who investigate. */
  profile: z.nullable(z.strictObject({ association: z.string(), arn: z.string() })),
  /** EBS volumes that were attached. */
  volumes: z.array(z.string()),
  tags: z.array(z.strictObject({ key: z.string(), value: z.string() })),
  interfaces: z.array(networkInterface),
  registrations: z.array(registration),
  autoScaling: z.nullable(membership),
});

export type Before = z.infer<typeof before>;
export type Interface = z.infer<typeof networkInterface>;
export type Tracking = z.infer<typeof tracking>;
export type Registration = z.infer<typeof registration>;
export type Membership = z.infer<typeof membership>;

/**
 * An instance as it was before its quarantine, in clauses for people.
 * @example was(before)[0] // 'it is running'
 */
export function was({
  state,
  terminationProtection,
  interfaces,
  registrations,
  autoScaling,
}: Before): readonly string[] {
  return [
    `it is ${state}`,
    `termination protection is ${terminationProtection ? 'on' : 'off'}`,
    ...interfaces.map(({ id, groups }) => `${id} has the security groups ${groups.join(', ')}`),
    ...registrations.map(
      ({ targetGroup, target, port }) =>
        `${target}${port === null ? '' : `:${port}`} is in the target group ${targetGroup}`,
    ),
    ...(autoScaling === null
      ? []
      : [`it is ${autoScaling.lifecycle} in the Auto Scaling group ${autoScaling.group}`]),
  ];
}
