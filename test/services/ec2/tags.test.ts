import { DescribeSnapshotsCommand, EC2Client } from '@aws-sdk/client-ec2';
import { mockClient } from 'aws-sdk-client-mock';
import { describe, expect, it } from 'vitest';
import type { ActionDeps } from '../../../lib/core/action.ts';
import type { ArnResource } from '../../../lib/core/control.ts';
import { tagAdapters } from '../../../lib/services/ec2/tags.ts';

const snapshot: ArnResource = {
  type: 'AwsEc2Snapshot',
  id: 'snap-0a1b2c3d4e5f60001',
  arn: 'arn:aws:ec2:eu-central-1::snapshot/snap-0a1b2c3d4e5f60001',
  account: '111122223333',
  region: 'eu-central-1',
};

/** The tags of the snapshot, which EC2 returns as that of this account. */
async function readAs(owner: string) {
  const ec2 = new EC2Client({ region: snapshot.region });
  mockClient(ec2)
    .on(DescribeSnapshotsCommand)
    .resolves({
      Snapshots: [{ SnapshotId: snapshot.id, OwnerId: owner, Tags: [{ Key: 'team', Value: 'a' }] }],
    });
  const deps: Pick<ActionDeps, 'clients'> = { clients: { ec2 } as ActionDeps['clients'] };
  return tagAdapters.AwsEc2Snapshot.read(snapshot, deps as ActionDeps);
}

describe('the tags of a snapshot', () => {
  it('are those that EC2 returns with it', async () => {
    expect(await readAs(snapshot.account)).toEqual({ tags: { team: 'a' } });
  });

  it('are not changed where it is shared by another account, which its ARN does not say', async () => {
    expect(await readAs('444455556666')).toEqual({
      tags: { team: 'a' },
      obstacle: 'it belongs to account 444455556666',
    });
  });
});
