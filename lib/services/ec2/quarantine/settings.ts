/** What the policy may set about quarantine, and what that means for its steps. */
import * as z from 'zod/mini';
import { defineActionSettings } from '../../../core/action-settings.ts';
import { higher, moreTags, narrowerChoice, orOneOf, unchanged } from '../../../core/narrowing.ts';

const tagKey = z.string().check(z.minLength(1, 'must not be empty'), z.maxLength(128));
const valuePattern = z.string().check(z.maxLength(256, 'must have at most 256 characters'));

/** Whatever could hurt a service is skipped unless the policy names it. */
export const settings = z.strictObject({
  mode: z
    ._default(z.enum(['isolate', 'stop', 'isolate+stop']), 'isolate')
    .check(
      z.describe(
        'isolate swaps the security groups of every network interface for one without any rule; stop stops the ' +
          'instance; isolate+stop does both.',
      ),
    ),
  snapshot: z
    ._default(z.boolean(), false)
    .check(
      z.describe(
        'Whether all volumes are snapshot first, together, as a crash would leave them. Snapshots stay, and cost.',
      ),
    ),
  autoScaling: z
    ._default(z.enum(['skip', 'standby', 'detach']), 'skip')
    .check(
      z.describe(
        'What is done with a member of an Auto Scaling group, which would replace and terminate it: nothing at all ' +
          '(skip), put in standby, or detach.',
      ),
    ),
  autoScalingCapacity: z
    ._default(z.enum(['keep', 'lower']), 'keep')
    .check(
      z.describe(
        'keep has the Auto Scaling group launch a replacement; lower takes one off its desired capacity, and is ' +
          'skipped where that would go below its minimum.',
      ),
    ),
  loadBalanced: z
    ._default(z.enum(['skip', 'drain']), 'skip')
    .check(
      z.describe(
        'What is done with an instance in a target group of a load balancer: nothing at all (skip), or ' +
          'deregister it and wait for its connections to drain.',
      ),
    ),
  drainSeconds: z
    ._default(z.number().check(z.int(), z.gte(0), z.lte(300)), 300)
    .check(z.describe('For how long connections may drain before the instance is isolated all the same.')),
  eksNodes: z
    ._default(z.enum(['skip', 'act']), 'skip')
    .check(
      z.describe(
        'Whether nodes of EKS clusters are quarantined. An isolated node loses its control plane, and its pods are ' +
          'moved after some minutes; cordoning and draining it first is left to people.',
      ),
    ),
  spot: z
    ._default(z.enum(['skip', 'act']), 'skip')
    .check(
      z.describe(
        'Whether Spot Instances are isolated. AWS can reclaim them at any time and does not let them be protected ' +
          'from termination; they are never stopped.',
      ),
    ),
  criticalTags: z
    ._default(z.record(tagKey, z.array(valuePattern)), {})
    .check(
      z.describe(
        'Instances with one of these tags are never quarantined. For each tag a list of values ("*" stands for any ' +
          'text, "?" for any one character).',
      ),
    ),
  trackedConnections: z
    ._default(z.enum(['leave', 'shorten-timeout', 'wait']), 'leave')
    .check(
      z.describe(
        'Connections that are open outlive a swap of security groups for as long as they carry traffic, and then for ' +
          'an idle timeout of up to five days. shorten-timeout sets that to a minute before the swap; wait does so, ' +
          'and waits for that minute afterwards. AWS does not say that connections which are open already heed the new ' +
          'timeout, and one that carries traffic goes on in either case: only a stop surely ends them all.',
      ),
    ),
});

export type Settings = z.infer<typeof settings>;

/** What controls name that list quarantine among their actions. */
export const quarantineSettings = defineActionSettings<Settings>({
  schema: settings,
  description:
    'How instances are quarantined. Instances whose quarantine could harm a service are skipped unless this allows them.',
  narrowing: {
    mode: narrowerChoice<Settings['mode']>({
      isolate: [],
      stop: [],
      'isolate+stop': ['isolate', 'stop'],
    }),
    // Without snapshots evidence is missing; with them more is created and charged for.
    snapshot: unchanged(),
    autoScaling: orOneOf('skip'),
    // Lowering is skipped at the group's minimum, keeping launches a replacement: neither does less.
    autoScalingCapacity: unchanged(),
    loadBalanced: orOneOf('skip'),
    drainSeconds: higher(),
    eksNodes: orOneOf('skip'),
    spot: orOneOf('skip'),
    criticalTags: moreTags(),
    trackedConnections: narrowerChoice<Settings['trackedConnections']>({
      leave: [],
      'shorten-timeout': ['leave'],
      wait: ['leave', 'shorten-timeout'],
    }),
  },
});

/**
 * Whether the quarantine isolates the instance's network interfaces.
 * @example isolates({ ...settings, mode: 'stop' }) // false
 */
export function isolates({ mode }: Settings): boolean {
  return mode !== 'stop';
}
/**
 * Whether the quarantine stops the instance.
 * @example stops({ ...settings, mode: 'isolate+stop' }) // true
 */
export function stops({ mode }: Settings): boolean {
  return mode !== 'isolate';
}
/**
 * Whether the quarantine shortens idle timeouts. A stop ends all connections, so that nothing needs to be shortened.
 * @example shortens({ ...settings, mode: 'isolate', trackedConnections: 'wait' }) // true
 */
export function shortens({ mode, trackedConnections }: Settings): boolean {
  return mode === 'isolate' && trackedConnections !== 'leave';
}
