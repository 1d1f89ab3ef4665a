/**
 * Takes snapshots of all volumes of an instance together: all, or none.
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

/** The most tries, and how long reads may not show snapshots that a failed call created all the same. */
const tries = 4;
const unseenSeconds = 15;

/**
 * Takes the snapshots, unless those of this quarantine exist. The call has no idempotency token, so each try first
 * reads
 * whether an earlier one created them after all.
 * @param finding the id of the finding, for the snapshots' tags.
 * @throws what the SDK throws, when EC2 refuses the call or the last try fails.
 * @example await snapshotOnce(before, finding.id, deps);
 */
export async function snapshotOnce(before: Before, finding: string, deps: ActionDeps): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    if ((await snapshotsOf(before, deps)).length > 0) return;
    try {
      await create(before, finding, deps);
      return;
    } catch (error) {
      // EC2 refused the call because of its content: a retry would be refused too.
      const refused = error instanceof EC2ServiceException && error.$fault === 'client' && !isThrottle(error);
      if (refused || attempt === tries) throw error;
      await deps.wait(unseenSeconds * 1_000);
    }
  }
}

/**
 * Reads the snapshots of a quarantine, by its tag. Rejects with what the SDK throws.
 * @example (await snapshotsOf(before, deps)).map(({ SnapshotId }) => SnapshotId) // ['snap-0123456789abcdef0']
 */
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
      // The client's own retries would not read the snapshots first: they end with this error instead.
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
