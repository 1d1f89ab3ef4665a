import { isDeepStrictEqual } from 'node:util';
import { PutKeyPolicyCommand } from '@aws-sdk/client-kms';
import * as z from 'zod/mini';
import { type ActionDeps, type Check, defineAction } from '../../../core/action.ts';
import type { Evaluation, Resource, Source } from '../../../core/control.ts';
import { known, unknownFact } from '../../../core/facts.ts';
import { notOwn, type Write } from '../../../core/write.ts';
import { parseKeyPolicy } from '../../../iam/document.ts';
import { kmsKeyPolicy } from '../controls/kms-key-policy.ts';
import { goodKeyPolicy } from '../memory.ts';
import {
  describeKey,
  describeKeyPermission,
  getKeyPolicyPermission,
  keyIsDeleted,
  keyPolicyOf,
  obstacleOf,
} from './kms-key.ts';

const reads = [describeKeyPermission, getKeyPolicyPermission];
const writes: readonly Write[] = [
  {
    action: 'kms:PutKeyPolicy',
    on: [{ service: 'kms', resource: 'key/*' }],
    // Never without KMS's check that the caller may change the policy afterwards.
    condition: { ...notOwn, BoolIfExists: { 'kms:BypassPolicyLockoutSafetyCheck': 'false' } },
  },
];

/**
 * Restores the last key policy that passed, if it still passes the control with today's settings. KMS's own check,
 * that the caller can still change the policy afterwards, stays on. `kms:PutKeyPolicy` opens a way to every key: a
 * deployment grants it only where it is configured.
 * Source: KMS API Reference, "PutKeyPolicy", "GetKeyPolicy"; AWS KMS Developer Guide, "Default key policy".
 */
export const restoreKeyPolicy = defineAction({
  id: 'fix:restore-key-policy',
  description:
    'Puts back the last key policy that was read while the key passed kms-key-policy. Done only where such a policy ' +
    "is recorded, the control still passes it with today's settings, and fails the present one.",
  risk:
    'All that was changed in the policy since goes, also what was meant well: principals that were added use the key ' +
    'no more. Whoever can make Trailseal act can, by this permission, change who may use a key.',
  permissions: { reads, writes },
  settings: kmsKeyPolicy.settings,
  before: z.object({
    /** The policy before the fix. */
    policy: z.string(),
    /** The policy that replaces it, and when it was remembered. */
    good: z.string(),
    goodSeenAt: z.string(),
  }),
  was: ({ policy }) => [`the key policy is ${policy}`],

  async prepare({ resource, settings }, deps) {
    const key = await describeKey(resource, deps);
    const because = obstacleOf(resource, key);
    if (because !== undefined) return { kind: 'skipped', because };
    const good = await goodKeyPolicy(deps.memory, resource);
    const policy = await keyPolicyOf(resource, deps);
    if (policy === undefined) return { kind: 'skipped', because: `Key ${resource.id} was deleted.` };
    const { verdict } = evaluate(resource, policy, settings, deps);
    if (verdict === 'PASS') return { kind: 'needless', because: `The policy of key ${resource.id} passes.` };
    if (verdict !== 'FAIL') {
      return {
        kind: 'skipped',
        because: `Whether the policy of key ${resource.id} fails is not known, and what is unknown is never acted on.`,
      };
    }
    if (good === undefined) {
      return {
        kind: 'skipped',
        because: `No policy of key ${resource.id} was recorded while it passed.`,
      };
    }
    if (evaluate(resource, good.value, settings, deps).verdict !== 'PASS') {
      return {
        kind: 'skipped',
        because: `The policy of key ${resource.id} that was recorded at ${good.at} passes no more.`,
      };
    }
    return {
      kind: 'ready',
      before: { policy, good: good.value, goodSeenAt: good.at },
      plan: [`Put back the policy of key ${resource.id} that passed at ${good.at}.`],
    };
  },

  apply: ({ resource }, { good }, deps) => put(resource, good, deps),

  check: ({ resource }, { good, policy }, deps) => compare(resource, good, policy, deps),

  undo: {
    kind: 'restores',
    by: 'operator',
    because: 'It lets whomever the earlier key policy let in use the key again.',
    except: [
      'calls that were denied meanwhile',
      'the protection, which the undo takes away: whoever the earlier policy let in can use the key again',
    ],
    permissions: { reads, writes },
    restore: ({ resource }, { policy }, deps) => put(resource, policy, deps),
    restored: ({ resource }, { good, policy }, deps) => compare(resource, policy, good, deps),
  },
});

/** The control's verdict on a policy. */
function evaluate(
  resource: Resource,
  text: string,
  settings: z.infer<typeof kmsKeyPolicy.settings>,
  { now }: ActionDeps,
): Evaluation {
  const source: Source = { kind: 'api', call: 'GetKeyPolicy', at: now().toISOString() };
  const parsed = parseKeyPolicy(text);
  return kmsKeyPolicy.evaluate(
    resource,
    {
      // The control uses this fact only to find AWS's own keys, which are excluded by then.
      'kms.key': unknownFact('absent', 'it is not needed'),
      'kms.keyPolicy': parsed.ok
        ? known({ policy: parsed.policy, isDefault: false }, source)
        : unknownFact('unreadable', parsed.reason),
    },
    settings,
  );
}

async function put(resource: Resource, policy: string, deps: ActionDeps): Promise<void> {
  const present = await keyPolicyOf(resource, deps);
  if (present === undefined || areSame(present, policy)) return;
  await deps.clients.kms.send(
    new PutKeyPolicyCommand({ KeyId: resource.id, PolicyName: 'default', Policy: policy }),
  );
}

async function compare(resource: Resource, wanted: string, other: string, deps: ActionDeps): Promise<Check> {
  const present = await keyPolicyOf(resource, deps);
  if (present === undefined) return keyIsDeleted(resource);
  if (areSame(present, wanted)) return { kind: 'as-set', state: ['the key policy is the one that was put'] };
  return areSame(present, other)
    ? {
        kind: 'differs',
        differences: ['the key policy is still the one that was to be replaced'],
        partial: true,
      }
    : { kind: 'differs', differences: ['the key policy is neither of the two'], partial: false };
}

/** Whether the policies are equivalent; spaces and the order of members do not matter. */
function areSame(one: string, other: string): boolean {
  if (one === other) return true;
  const [a, b] = [parsed(one), parsed(other)];
  return a !== undefined && isDeepStrictEqual(a, b);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Text that is not JSON equals only itself.
    return undefined;
  }
}
