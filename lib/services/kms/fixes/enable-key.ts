import { DisableKeyCommand, EnableKeyCommand } from '@aws-sdk/client-kms';
import * as z from 'zod/mini';
import { type Check, defineAction, type Means } from '../../../core/action.ts';
import type { Resource } from '../../../core/control.ts';
import { kmsKeyDisabled } from '../controls/kms-key-disabled.ts';
import { describeKey, describeKeyPermission, keyIsGone, obstacleOf } from './kms-key.ts';

/**
 * Enables a disabled key. A key in any other state is not a matter of being enabled.
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
  permissions: { reads: [describeKeyPermission], writes: ['kms:EnableKey'] },
  settings: kmsKeyDisabled.settings,
  before: z.object({ keyState: z.string() }),

  async prepare({ resource }, means) {
    const key = await describeKey(resource, means);
    const because = obstacleOf(resource, key);
    if (because !== undefined) return { kind: 'withheld', because };
    if (key?.KeyState === 'Enabled') {
      return { kind: 'needless', because: `Key ${resource.id} is enabled.` };
    }
    return key?.KeyState === 'Disabled'
      ? { kind: 'ready', before: { keyState: 'Disabled' }, plan: [`Enable key ${resource.id}.`] }
      : {
          kind: 'withheld',
          because: `Key ${resource.id} is ${key?.KeyState}, and only a disabled key can be enabled.`,
        };
  },

  async apply({ resource }, _before, means) {
    const key = await describeKey(resource, means);
    if (key?.KeyState !== 'Disabled') return;
    await means.clients.kms.send(new EnableKeyCommand({ KeyId: resource.id }));
  },

  check: ({ resource }, _before, means) => compare(resource, 'Enabled', 'Disabled', means),

  undo: {
    kind: 'restores',
    except: ['what was done with the key while it was enabled'],
    permissions: [describeKeyPermission, 'kms:DisableKey'],
    async restore({ resource }, _before, means) {
      const key = await describeKey(resource, means);
      if (key?.KeyState !== 'Enabled') return;
      await means.clients.kms.send(new DisableKeyCommand({ KeyId: resource.id }));
    },
    restored: ({ resource }, _before, means) => compare(resource, 'Disabled', 'Enabled', means),
  },
});

async function compare(resource: Resource, wanted: string, other: string, means: Means): Promise<Check> {
  const key = await describeKey(resource, means);
  if (key === undefined) return keyIsGone(resource);
  return key.KeyState === wanted
    ? { kind: 'as-set', state: [`the key is ${wanted}`] }
    : { kind: 'differs', differences: [`the key is ${key.KeyState}`], halfway: key.KeyState === other };
}
