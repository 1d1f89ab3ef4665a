/** From a message to what has to be looked at: which controls, on which resources, because of what. */
import { type AccountRegion, accountRegionKey } from '../../core/account-region.ts';
import { parseArn } from '../../core/arn.ts';
import type { Control, Resource, TrailEvent } from '../../core/control.ts';
import type { Cause } from '../../findings/lifecycle.ts';
import type { Concern, Matcher } from '../match.ts';
import type { Recheck } from './message.ts';

/** One control to be evaluated on one resource, because of one message. */
export interface Task extends Concern {
  /** Tells the observation that will come of it from others. */
  readonly key: string;
  readonly cause: Cause;
  /** Whether the event says that the resource was deleted. */
  readonly deleted: boolean;
  /** Whether the resource may well be deleted: then its absence is an answer, not waited out. */
  readonly mayBeDeleted: boolean;
}

/**
 * Why a message gives nothing to do. Of an event: what it is. Of a look: no enabled control evaluates what it names
 * (`not-evaluated`). Of a publication: it was told already, or there never was such a finding (`not-pending publication`).
 */
export type Ignored =
  | 'failed-call'
  | 'dry-run'
  | 'not-relevant'
  | 'no-resource-id'
  | 'other-account-or-region'
  | 'not-evaluated'
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
 * @param attempt which look this is at what the event names, from 1.
 * @param partsOf the resources that are part of those that ended, as the state table knows them, with their control's id.
 */
export async function tasksOf(
  event: TrailEvent,
  attempt: number,
  matcher: Matcher,
  serves: Serves,
  partsOf: (
    arns: readonly string[],
  ) => Promise<readonly { readonly control: string; readonly resource: Resource }[]>,
): Promise<Tasks> {
  if (event.outcome.kind !== 'success') {
    return ignored(event.outcome.kind === 'failed' ? 'failed-call' : 'dry-run');
  }
  if (!matcher.declares(event)) return ignored('not-relevant');
  const { triggered, deleted } = matcher.match(event);
  if (triggered.length + deleted.length === 0) return ignored('no-resource-id');
  const here = (concern: Concern) => isServed(concern.resource, serves);
  // Several controls are ended by one resource: its parts are asked for once.
  const wholes = [...new Set(deleted.filter(here).map(({ resource }) => resource.arn))];
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
  // DeleteKey triggers kms-key-deletion and ends it: the end counts.
  for (const concern of deletions) {
    byId.set(idOf(concern), { ...concern, key, cause: event, deleted: true, mayBeDeleted: true });
  }
  if (byId.size > 0) return { tasks: [...byId.values()] };
  // What ends a resource of which no finding is known leaves nothing to be done.
  return ignored([...triggered, ...deleted].some(here) ? 'no-resource-id' : 'other-account-or-region');
}

/** The tasks of resources that a scheduled scan, or an operator, wants evaluated. */
export function tasksOfRechecks(
  looks: readonly Recheck[],
  messageId: string,
  now: number,
  controls: readonly Control[],
  serves: Serves,
): Tasks {
  const here = looks.filter(({ resource }) => isServed(resource, serves));
  if (here.length === 0) return ignored('other-account-or-region');
  const tasks = here.flatMap(({ resource, controls: wanted }) =>
    controls
      .filter((control) => control.resourceType === resource.type && (wanted?.includes(control.id) ?? true))
      .map((control) => ({
        control,
        resource,
        // What is delivered again is looked at again: another look, which may see something else.
        key: `look/${messageId} ${now}`,
        cause: scheduledScanAt(now),
        deleted: false,
        mayBeDeleted: true,
      })),
  );
  return tasks.length === 0 ? ignored('not-evaluated') : { tasks };
}

/** A scheduled scan as the cause of what it finds: who made the resource so is not known to it. */
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

/** By what the resource says of itself and by its ARNs: AWS is asked by these, too. An ARN may leave either out. */
function isServed({ account, region, arn, partOf }: Resource, serves: Serves): boolean {
  return [{}, parseArn(arn) ?? {}, parseArn(partOf) ?? {}].every((named: Partial<AccountRegion>) =>
    serves({ account: named.account || account, region: named.region || region }),
  );
}

/** An event without an id is told by what it is; each further look at what an event names is one of its own. */
function keyOf({ id, eventSource, eventName, time }: TrailEvent, attempt: number): string {
  const event = id ?? `${eventSource} ${eventName} ${time ?? ''}`;
  return attempt === 1 ? event : `${event}#${attempt}`;
}

function idOf({ control, resource: { type, id } }: Concern): string {
  return `${control.id} ${type} ${id}`;
}
