/**
 * Snapshots of all volumes of an instance, taken together: all, or none.
 * Source: EC2 API Reference, "CreateSnapshots".
 *
 * Their permissions can be narrowed: ec2:CreateSnapshots on `snapshot/*` by `aws:RequestTag/trailseal:quarantine`,
 * with ec2:CreateTags by `ec2:CreateAction` = CreateSnapshots.
 */
import {
  CreateSnapshotsCommand,
  EC2ServiceException,
  paginateDescribeSnapshots,
  type Snapshot,
} from '@aws-sdk/client-ec2';
import type { ActionDeps } from '../../../core/action.ts';
import { cut } from '../../../core/text.ts';
import type { Before } from './before.ts';
import { findingTag, quarantineTag } from './names.ts';

/** How often it is tried, and for how long a set that may have been made in spite of an error can stay unseen. */
const tries = 4;
const unseenSeconds = 15;

/**
 * Makes the snapshots, unless those of this quarantine are there already. The call has no idempotency token, so no
 * try is sent before it was looked whether the last one did its work after all.
 */
export async function snapshotOnce(before: Before, finding: string, deps: ActionDeps): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    if ((await snapshotsOf(before, deps)).length > 0) return;
    try {
      await create(before, finding, deps);
      return;
    } catch (error) {
      // EC2 has answered that it was the caller's fault: it will be so again.
      const refused = error instanceof EC2ServiceException && error.$fault === 'client' && !isThrottle(error);
      if (refused || attempt === tries) throw error;
      await deps.wait(unseenSeconds * 1_000);
    }
  }
}

export async function snapshotsOf(before: Before, { clients }: ActionDeps): Promise<readonly Snapshot[]> {
  const found: Snapshot[] = [];
  const marked = { OwnerIds: ['self'], Filters: [{ Name: `tag:${quarantineTag}`, Values: [before.mark] }] };
  for await (const page of paginateDescribeSnapshots({ client: clients.ec2 }, marked)) {
    found.push(...(page.Snapshots ?? []));
  }
  return found;
}

async function create(before: Before, finding: string, { clients }: ActionDeps): Promise<void> {
  const command = new CreateSnapshotsCommand({
    InstanceSpecification: { InstanceId: before.instance },
    Description: `Taken by Trailseal before the quarantine of ${before.instance}`,
    TagSpecifications: [
      {
        ResourceType: 'snapshot',
        Tags: [
          { Key: quarantineTag, Value: before.mark },
          { Key: findingTag, Value: cut(finding, 256) },
        ],
      },
    ],
  });
  let sent = false;
  command.middlewareStack.add(
    (next) => async (args) => {
      // The client's own retries would come without a look: the second try ends with the first one's outcome.
      if (sent) throw new Error('the answer to ec2:CreateSnapshots was lost, or asked to try again');
      sent = true;
      return next(args);
    },
    { step: 'finalizeRequest', priority: 'low', name: 'sendOnce' },
  );
  await clients.ec2.send(command);
}

function isThrottle({ name }: Error): boolean {
  return (
    name === 'RequestLimitExceeded' ||
    name === 'Throttling' ||
    name === 'SnapshotCreationPerVolumeRateExceeded'
  );
}
