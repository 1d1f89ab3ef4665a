import * as z from 'zod/mini';
import { defineControl, fail, observe, pass, unknown } from '../../../core/control.ts';
import { fewer } from '../../../core/narrowing.ts';
import { allowedAccounts } from '../../settings/allowed-accounts.ts';
import { snapshotInRequest, snapshotWhoseSharingChanged } from '../resources/snapshots.ts';

/**
 * An account that may create a volume from a snapshot has all the data of the disk, and keeps its copy when the share
 * is removed. Source: Amazon EBS User Guide, "Share an Amazon EBS snapshot with other AWS accounts".
 */
export const ebsSnapshotSharing = defineControl({
  id: 'ebs-snapshot-sharing',
  title: 'EBS snapshots should not be public, nor shared outside the allowed accounts',
  description:
    'A snapshot shared with another account, or with everyone, can be copied or restored there within minutes, ' +
    'which is a common way to carry off a whole disk. Withdrawing the share does not take back the copies.',
  severity: 'CRITICAL',
  resourceType: 'AwsEc2Snapshot',
  standards: {
    'NIST.800-53.r5': [
      'AC-3',
      'AC-3(7)',
      'AC-4',
      'AC-4(21)',
      'AC-6',
      'AC-21',
      'SC-7',
      'SC-7(3)',
      'SC-7(4)',
      'SC-7(9)',
      'SC-7(11)',
      'SC-7(16)',
      'SC-7(20)',
      'SC-7(21)',
    ],
    'PCI DSS v4.0.1': ['1.4.4', '7.2.1'],
    'AWS FSBP': ['EC2.1'],
  },
  triggers: [
    {
      kind: 'api-call',
      eventSource: 'ec2.amazonaws.com',
      eventNames: ['ModifySnapshotAttribute', 'ResetSnapshotAttribute'],
      resources: snapshotWhoseSharingChanged,
    },
  ],
  deletions: [
    {
      kind: 'api-call',
      eventSource: 'ec2.amazonaws.com',
      eventNames: ['DeleteSnapshot'],
      resources: snapshotInRequest,
    },
  ],
  facts: ['ec2.snapshotSharing', 'ec2.snapshotEncryption'],
  settings: z.strictObject({
    allowedAccounts: allowedAccounts(
      "Accounts that snapshots may be shared with, besides the snapshot's own.",
    ),
  }),
  narrowing: { allowedAccounts: fewer() },
  evaluate(snapshot, facts, settings) {
    const sharing = facts['ec2.snapshotSharing'];
    const required =
      settings.allowedAccounts.length === 0
        ? 'no sharing outside the account of the snapshot'
        : `no sharing outside the account of the snapshot and ${settings.allowedAccounts.join(', ')}`;
    const seen = [
      observe('createVolumePermission', sharing, (value) => value.sharedWith),
      observe('encrypted', facts['ec2.snapshotEncryption'], (value) => value),
    ];
    if (!sharing.known) {
      return unknown(`Who may restore ${snapshot.id} is unknown: ${sharing.detail}.`, required, seen);
    }
    const { sharedWith, coverage } = sharing.value;
    if (sharedWith.includes('all')) {
      return fail(`The snapshot ${snapshot.id} is public: any AWS account can restore it.`, required, seen);
    }
    const external = sharedWith.filter(
      (account) => account !== snapshot.account && !settings.allowedAccounts.includes(account),
    );
    if (external.length > 0) {
      return fail(
        `The snapshot ${snapshot.id} is shared outside the allowed accounts: with ${external.join(', ')}.`,
        required,
        seen,
      );
    }
    if (coverage === 'partly-unreadable') {
      return unknown(
        `Who may restore ${snapshot.id} is unknown: not all of its shares can be read.`,
        required,
        seen,
      );
    }
    const shares =
      sharedWith.length === 0
        ? 'is not shared'
        : `is shared with allowed accounts only (${sharedWith.join(', ')})`;
    return pass(`The snapshot ${snapshot.id} ${shares}${reach[coverage]}.`, required, seen);
  },
  actions: ['notify', 'tag', 'fix:unshare-snapshot'],
  remediation:
    'Withdraw all shares: aws ec2 reset-snapshot-attribute --snapshot-id ID --attribute createVolumePermission; or ' +
    'one: aws ec2 modify-snapshot-attribute --snapshot-id ID --attribute createVolumePermission --operation-type ' +
    'remove --user-ids ACCOUNT. Consider the data disclosed. So that none becomes public again: aws ec2 ' +
    'enable-snapshot-block-public-access --state block-all-sharing.',
  reference: 'https://docs.aws.amazon.com/ebs/latest/userguide/ebs-modifying-snapshot-permissions.html',
});

const reach = { complete: '', 'since-trail-began': ', as far as the trail goes back' } as const;
