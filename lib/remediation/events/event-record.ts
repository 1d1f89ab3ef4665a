/**
 * The events that Trailseal published, in the state table. Whoever publishes one stores it first; whoever notifies people
 * of it, or notes it on a finding, goes by what is stored, and by the event on the bus only knows what to look up. So
 * nobody is told of something that did not happen because somebody else could put an event on the bus.
 */
import { createHash } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import * as z from 'zod/mini';
import { type BatchGetOptions, batchGet } from '../../findings/state/batch-get.ts';
import { failureOf, StateTableError, someOf } from '../../findings/state/error.ts';
import { checkFormat, formatVersion, type Item } from '../../findings/state/item.ts';
import { expiryAttribute } from '../../findings/state/schema.ts';
import { type ActionEvent, actionEventSchema } from './action-event.ts';
import { type TransitionEvent, transitionSchema } from './transition.ts';

/** What the partition keys of events begin with: IAM policies allow access to them by it. */
export const eventKeyPrefix = 'events/';

/** The IAM actions on the table that storing events and reading them need. */
export const eventPermissions = { store: 'dynamodb:PutItem', read: 'dynamodb:BatchGetItem' } as const;

/** An event, as its own kind. */
export type PublishedEvent =
  | { readonly kind: 'transition'; readonly event: TransitionEvent }
  | { readonly kind: 'action'; readonly event: ActionEvent };

/** What names an event. */
export interface EventName {
  readonly kind: PublishedEvent['kind'];
  /** The event's own id. */
  readonly id: string;
  /** The finding's id. */
  readonly finding: string;
}

/** Longer than a message stays in a queue and in its dead-letter queue together, in milliseconds. */
const keptFor = 60 * 86_400_000;
/** No event comes near: the bus takes 256 KB. */
const maxUnpackedBytes = 1_000_000;

const bodySchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('transition'), event: transitionSchema }),
  z.object({ kind: z.literal('action'), event: actionEventSchema }),
]);

/** @example keyTextOf({ kind: 'action', id: event.id, finding: event.finding }) // the same for the same event */
export function keyTextOf({ kind, id, finding }: EventName): string {
  return createHash('sha256')
    .update(JSON.stringify([kind, finding.toWellFormed(), id.toWellFormed()]))
    .digest('hex');
}

/**
 * Stores an event; one of the same id is replaced. Rejects with a `StateTableError`.
 * @param now epoch milliseconds.
 * @returns whether it is new, or was stored before.
 * @example await storeEvent({ client, table }, { kind: 'action', event }, Date.now());
 */
export async function storeEvent(
  { client, table }: Pick<BatchGetOptions, 'client' | 'table'>,
  published: PublishedEvent,
  now: number,
): Promise<'new' | 'stored-before'> {
  const { kind, event } = published;
  try {
    const { Attributes: before } = await client.send(
      new PutItemCommand({
        TableName: table,
        Item: {
          ...keyOf({ kind, id: event.id, finding: event.finding }),
          formatVersion: { N: String(formatVersion) },
          [expiryAttribute]: { N: String(Math.ceil((now + keptFor) / 1_000)) },
          body: { B: gzipSync(JSON.stringify(published)) },
        },
        ReturnValues: 'ALL_OLD',
      }),
    );
    return before === undefined ? 'new' : 'stored-before';
  } catch (error) {
    throw failureOf(error, table, [event.finding], 'written');
  }
}

/**
 * Reads events. Rejects with a `StateTableError`.
 * @returns those that there are, by `keyTextOf` their names.
 * @example (await readEvents({ client, table, wait, random: Math.random }, [name])).get(keyTextOf(name));
 */
export async function readEvents(
  options: BatchGetOptions,
  names: readonly EventName[],
): Promise<ReadonlyMap<string, PublishedEvent>> {
  const keys = new Map(names.map((name) => [keyTextOf(name), keyOf(name)]));
  const items = await batchGet(options, [...keys.values()]);
  return new Map(
    items.map((item) => {
      const published = publishedIn(item);
      const { kind, event } = published;
      return [keyTextOf({ kind, id: event.id, finding: event.finding }), published];
    }),
  );
}

function keyOf(name: EventName): Item {
  return { pk: { S: `${eventKeyPrefix}${keyTextOf(name)}` }, sk: { S: 'event' } };
}

/** Throws a `StateTableError` for an item that is none, or lies under the key of another event. */
function publishedIn(item: Item): PublishedEvent {
  checkFormat(item);
  const pk = item['pk']?.S ?? '';
  try {
    const packed = gunzipSync(item['body']?.B ?? new Uint8Array(), { maxOutputLength: maxUnpackedBytes });
    const published = bodySchema.parse(JSON.parse(packed.toString('utf8')));
    const { kind, event } = published;
    if (keyOf({ kind, id: event.id, finding: event.finding })['pk']?.S !== pk) {
      throw new TypeError('it is another event than its key says');
    }
    return published;
  } catch (cause) {
    throw new StateTableError(
      'unreadable',
      [pk],
      `The event ${someOf([pk])} in the state table can't be read: it was changed by hand, or another version of Trailseal ` +
        'wrote it. Nobody is notified of it; delete the item.',
      cause,
    );
  }
}
