import { DisableKeyCommand, EnableKeyCommand } from '@aws-sdk/client-kms';
import * as z from 'zod/mini';
import { type ActionDeps, type Check, defineAction } from '../../../core/action.ts';
import type { Resource } from '../../../core/control.ts';
import { kmsKeyDisabled } from '../controls/kms-key-disabled.ts';
import { describeKey, describeKeyPermission, keyIsDeleted, obstacleOf, writesKeys } from './kms-key.ts';

/**
 * Enables a disabled key. EnableKey does not help a key in any other state.
 * Source: KMS API Reference, "EnableKey", "DisableKey".
 */
export const enableKey = defineAction({
  id: 'fix:enable-key',
  description:
    'Enables a disabled KMS key, so that what it encrypted can be read again. Safe where keys are never disabled on ' +
    'purpose; a key that is pending deletion is left to cancel-key-deletion.',
  risk:
    'A key that somebody disabled on purpose, because it is being retired or may be in the wrong hands, can be used ' +
    'again by whoever its policy lets in.',
  permissions: { reads: [describeKeyPermission], writes: [writesKeys('kms:EnableKey')] },
  settings: kmsKeyDisabled.settings,
  before: z.object({ keyState: z.string() }),
  was: ({ keyState }) => [`the key is ${keyState}`],

  async prepare({ resource }, deps) {
    const key = await describeKey(resource, deps);
    const because = obstacleOf(resource, key);
    if (because !== undefined) return { kind: 'skipped', because };
    if (key?.KeyState === 'Enabled') {
      return { kind: 'needless', because: `Key ${resource.id} is enabled.` };
    }
    return key?.KeyState === 'Disabled'
      ? { kind: 'ready', before: { keyState: 'Disabled' }, plan: [`Enable key ${resource.id}.`] }
      : {
          kind: 'skipped',
          because: `Key ${resource.id} is ${key?.KeyState}, and only a disabled key can be enabled.`,
        };
  },

  async apply({ resource }, _before, deps) {
    const key = await describeKey(resource, deps);
    if (key?.KeyState !== 'Disabled') return;
    await deps.clients.kms.send(new EnableKeyCommand({ KeyId: resource.id }));
  },

  check: ({ resource }, _before, deps) => compare(resource, 'Enabled', 'Disabled', deps),

  undo: {
    kind: 'restores',
    by: 'operator',
    because: 'It disables the key again, and nobody can read what is encrypted with it.',
    except: ['what was done with the key while it was enabled'],
    permissions: { reads: [describeKeyPermission], writes: [writesKeys('kms:DisableKey')] },
    async restore({ resource }, _before, deps) {
      const key = await describeKey(resource, deps);
      if (key?.KeyState !== 'Enabled') return;
      await deps.clients.kms.send(new DisableKeyCommand({ KeyId: resource.id }));
    },
    restored: ({ resource }, _before, deps) => compare(resource, 'Disabled', 'Enabled', deps),
  },
});

async function compare(resource: Resource, wanted: string, other: string, deps: ActionDeps): Promise<Check> {
  const key = await describeKey(resource, deps);
  if (key === undefined) return keyIsDeleted(resource);
  return key.KeyState === wanted
    ? { kind: 'as-set', state: [`the key is ${wanted}`] }
    : { kind: 'differs', differences: [`the key is ${key.KeyState}`], partial: key.KeyState === other };
}
