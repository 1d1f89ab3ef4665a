import {
  DisableEbsEncryptionByDefaultCommand,
  EnableEbsEncryptionByDefaultCommand,
  GetEbsEncryptionByDefaultCommand,
} from '@aws-sdk/client-ec2';
import * as z from 'zod/mini';
import { type ActionDeps, type Check, defineAction } from '../../../core/action.ts';
import type { IamAction, Write } from '../../../core/write.ts';
import { ebsDefaultEncryption } from '../controls/ebs-default-encryption.ts';

const read = 'ec2:GetEbsEncryptionByDefault';

/** IAM knows no resources of these actions. */
function writesDefaults(action: IamAction): Write {
  return { action, on: [{ all: 'of-the-region' }] };
}

/**
 * Switches EBS encryption by default on, in one Region of the account. The default key stays the same.
 * Source: Amazon EBS User Guide, "Enable Amazon EBS encryption by default".
 */
export const enableDefaultEncryption = defineAction({
  id: 'fix:enable-default-encryption',
  description:
    'Switches on EBS encryption by default in the account and Region, so that every new volume and snapshot copy is ' +
    'encrypted; the default key stays what it is. Volumes that exist stay as they are. Safe with all current ' +
    'instance types, as encryption costs no performance.',
  risk:
    'Launches fail where the default key is one that the launching role, such as that of an Auto Scaling group, may ' +
    'not use. Snapshots of new volumes under the AWS managed key can not be shared with other accounts.',
  permissions: { reads: [read], writes: [writesDefaults('ec2:EnableEbsEncryptionByDefault')] },
  settings: ebsDefaultEncryption.settings,
  before: z.object({ encryptionByDefault: z.boolean() }),
  was: ({ encryptionByDefault }) => [stateText(encryptionByDefault)],

  async prepare({ resource }, deps) {
    const where = `account ${resource.account}, ${resource.region}`;
    return (await isOn(deps))
      ? {
          kind: 'needless',
          because: `EBS encryption by default is on in ${where}; its key is not changed by this action.`,
        }
      : {
          kind: 'ready',
          before: { encryptionByDefault: false },
          plan: [`Switch on EBS encryption by default in ${where}.`],
        };
  },

  async apply(_target, _before, deps) {
    if (await isOn(deps)) return;
    await deps.clients.ec2.send(new EnableEbsEncryptionByDefaultCommand({}));
  },

  check: (_target, _before, deps) => compare(true, deps),

  undo: {
    kind: 'restores',
    by: 'function',
    except: ['volumes and snapshots that were made meanwhile, which stay encrypted'],
    permissions: { reads: [read], writes: [writesDefaults('ec2:DisableEbsEncryptionByDefault')] },
    async restore(_target, _before, deps) {
      if (!(await isOn(deps))) return;
      await deps.clients.ec2.send(new DisableEbsEncryptionByDefaultCommand({}));
    },
    restored: (_target, _before, deps) => compare(false, deps),
  },
});

async function isOn({ clients }: ActionDeps): Promise<boolean> {
  const answer = await clients.ec2.send(new GetEbsEncryptionByDefaultCommand({}));
  return answer.EbsEncryptionByDefault === true;
}

function stateText(on: boolean): string {
  return `EBS encryption by default is ${on ? 'on' : 'off'}`;
}

async function compare(wanted: boolean, deps: ActionDeps): Promise<Check> {
  const on = await isOn(deps);
  const state = [stateText(on)];
  // There are only two states, so the other one is the state before.
  return on === wanted ? { kind: 'as-set', state } : { kind: 'differs', differences: state, partial: true };
}
