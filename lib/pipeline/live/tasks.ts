/** From a message to tasks: which controls evaluate which resources, and why. */
import { type AccountRegion, accountRegionKey } from '../../core/account-region.ts';
import { parseArn } from '../../core/arn.ts';
import type { Control, Resource, TrailEvent } from '../../core/control.ts';
import { namePartsIn, resourceName } from '../../core/resource-name.ts';
import type { Cause } from '../../findings/lifecycle.ts';
import { resourceTypeOf } from '../../services/catalogue.ts';
import { sameName } from '../../services/same-name.ts';
import type { Concern, Matcher } from '../match.ts';
import type { Recheck } from './message.ts';

/** One resource to evaluate by one control, because of one message. */
export interface Task extends Concern {
  /** Distinguishes the observation of this task from others of the same finding. */
  readonly key: string;
  readonly cause: Cause;
  /** Whether the event says that the resource was deleted. */
  readonly deleted: boolean;
  /** Whether the resource may be deleted: then its absence is an answer, and nothing waits for it to appear. */
  readonly mayBeDeleted: boolean;
}

/**
 * Why a message gives no task. Of a message with resources: no enabled control evaluates them (`not-evaluated`), or their
 * ids and ARNs name different ones (`names-differ`). Of a
 * publication: the finding is published already or does not exist (`not-pending`). All others concern events.
 */
export type Ignored =
  | 'failed-call'
  | 'dry-run'
  | 'not-relevant'
  | 'no-resource-id'
  | 'other-account-or-region'
  | 'not-evaluated'
  | 'names-differ'
  | 'not-pending';

export type Tasks =
  | { readonly tasks: readonly Task[]; readonly ignored?: undefined }
  | { readonly tasks: readonly []; readonly ignored: Ignored };

/** Whether this deployment evaluates what is in an account and Region. */
export type Serves = (accountRegion: AccountRegion) => boolean;

/**
 * A deployment that evaluates these accounts and Regions, and no others.
 * @example servesOnly({ account: '111122223333', region: 'eu-central-1' })
 */
export function servesOnly(...accountRegions: readonly AccountRegion[]): Serves {
  const served = new Set(accountRegions.map(accountRegionKey));
  return (accountRegion) => served.has(accountRegionKey(accountRegion));
}

/**
 * The tasks that follow from an event.
 * @param attempt the number of this evaluation of the event's resources, from 1.
 * @param matcher the triggers and deletion events of the enabled controls.
 * @param serves whether this deployment evaluates an account and Region.
 * @param partsOf the resources that are part of the deleted ones (by `resourceName`), from the state table, with their control's
 *   id.
 * @returns the tasks, one for each control and resource; or why there is none. Rejects as `partsOf` does.
 * @example await tasksOf(event, 1, new Matcher(controls), servesOnly(accountRegion), async () => [])
 */
export async function tasksOf(
  event: TrailEvent,
  attempt: number,
  matcher: Matcher,
  serves: Serves,
  partsOf: (
    names: readonly string[],
  ) => Promise<readonly { readonly control: string; readonly resource: Resource }[]>,
): Promise<Tasks> {
  if (event.outcome.kind !== 'success') {
    return ignored(event.outcome.kind === 'failed' ? 'failed-call' : 'dry-run');
  }
  if (!matcher.declares(event)) return ignored('not-relevant');
  const { triggered, deleted } = matcher.match(event);
  if (triggered.length + deleted.length === 0) return ignored('no-resource-id');
  const here = (concern: Concern) => isServed(concern.resource, serves);
  // Several controls may declare the deletion of one resource: its parts are read once.
  const wholes = [...new Set(deleted.filter(here).map(({ resource }) => resourceName(resource)))];
  const parts = wholes.length === 0 ? [] : await partsOf(wholes);
  const deletions: readonly Concern[] = [
    ...deleted.filter(({ control, resource }) => resource.type === control.resourceType),
    ...parts.flatMap(({ control: id, resource }) => {
      const found = deleted.find(({ control }) => control.id === id);
      return found === undefined ? [] : [{ control: found.control, resource }];
    }),
  ].filter(here);
  const key = keyOf(event, attempt);
  const byId = new Map<string, Task>();
  for (const concern of triggered.filter(here)) {
    const deleted = concern.mayDelete;
    byId.set(idOf(concern), { ...concern, key, cause: event, deleted, mayBeDeleted: deleted || attempt > 1 });
  }
  // DeleteKey is a trigger and a deletion event of kms-key-deletion: the deletion counts.
  for (const concern of deletions) {
    byId.set(idOf(concern), { ...concern, key, cause: event, deleted: true, mayBeDeleted: true });
  }
  if (byId.size > 0) return { tasks: [...byId.values()] };
  // The deletion of a resource without a finding requires nothing.
  return ignored([...triggered, ...deleted].some(here) ? 'no-resource-id' : 'other-account-or-region');
}

/**
 * The tasks of resources that a scheduled scan or an operator wants evaluated.
 * @param messageId the queue's id of the message.
 * @param now epoch milliseconds.
 * @param controls the enabled controls.
 * @param serves whether this deployment evaluates an account and Region.
 * @returns the tasks, one for each control and resource; or why there is none.
 * @example tasksOfRechecks([{ resource }], 'm1', Date.now(), [], servesOnly(resource)) // { tasks: [], ignored: 'not-evaluated' }
 */
export function tasksOfRechecks(
  rechecks: readonly Recheck[],
  messageId: string,
  now: number,
  controls: readonly Control[],
  serves: Serves,
): Tasks {
  const here = rechecks.filter(({ resource }) => isServed(resource, serves));
  if (here.length === 0) return ignored('other-account-or-region');
  const named = here.filter(({ resource }) => isOneResource(resource));
  if (named.length === 0) return ignored('names-differ');
  const tasks = named.flatMap(({ resource, controls: wanted }) =>
    controls
      .filter((control) => control.resourceType === resource.type && (wanted?.includes(control.id) ?? true))
      .map((control) => ({
        control,
        resource,
        // A second delivery is a second evaluation, which may give another verdict.
        key: `re-evaluate/${messageId} ${now}`,
        cause: scheduledScanAt(now),
        deleted: false,
        mayBeDeleted: true,
      })),
  );
  return tasks.length === 0 ? ignored('not-evaluated') : { tasks };
}

/**
 * A scheduled scan as the cause of a finding: it does not know who changed the resource.
 * @param now epoch milliseconds.
 * @example scheduledScanAt(0).eventName // 'ScheduledScan'
 */
export function scheduledScanAt(now: number): Cause {
  return {
    id: undefined,
    eventName: 'ScheduledScan',
    time: now,
    actor: {
      type: 'unknown',
      arn: 'unknown',
      name: 'unknown (found by the scheduled scan)',
      account: undefined,
      sourceIp: undefined,
      userAgent: undefined,
    },
  };
}

function ignored(reason: Ignored): Tasks {
  return { tasks: [], ignored: reason };
}

/**
 * Checks account and Region of the resource, and that its ARN, and the name of what it is part of, name no other
 * ones, because calls to AWS use ARNs too. An ARN may leave either out.
 */
function isServed({ account, region, arn, partOf }: Resource, serves: Serves): boolean {
  return (
    serves({ account, region }) &&
    [arn, partOf].every((name) => {
      const named = parseArn(name) ?? namePartsIn(name ?? '') ?? { account, region };
      return (named.account || account) === account && (named.region || region) === region;
    })
  );
}

/**
 * Facts are read by the id or by the ARN: by a message in which they differ, one resource would be evaluated in the name
 * of another. What has no id of its own yet has no ARN either.
 */
function isOneResource(resource: Resource): boolean {
  const standsIn = !resourceTypeOf(resource.type).hasOwnId(resource.id);
  return standsIn || sameName(resource);
}

/** An event without an id is identified by its content; each re-evaluation of its resources has a key of its own. */
function keyOf({ id, eventSource, eventName, time }: TrailEvent, attempt: number): string {
  const event = id ?? `${eventSource} ${eventName} ${time ?? ''}`;
  return attempt === 1 ? event : `${event}#${attempt}`;
}

function idOf({ control, resource: { type, id } }: Concern): string {
  return `${control.id} ${type} ${id}`;
}
