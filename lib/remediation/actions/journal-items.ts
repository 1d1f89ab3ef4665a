/** Deeds as DynamoDB's items, and back. */
import { createHash } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import * as z from 'zod/mini';
import type { ActionId } from '../../core/action.ts';
import { severities } from '../../core/control.ts';
import { LedgerError, someOf } from '../../findings/state/error.ts';
import { type Item, keyText } from '../../findings/state/item.ts';
import { expiryAttribute } from '../../findings/state/schema.ts';
import { type Deed, deedStatuses } from './action-run.ts';
import type { Place } from './journal.ts';

/** The version of this form. */
const itemVersion = 1;

/** So long after its last write a deed that is ended is kept, for the audit; one that is not, for good. */
const keptFor = 400 * 24 * 3_600_000;
const ended: readonly Deed['status'][] = ['done', 'undone', 'superseded', 'gone'];

/** No deed comes near; what unpacks to more is damaged. */
const unpackedBytes = 4_000_000;

/** What the sort keys of the deeds, or of those of one action, begin with. */
export function deedKeyPrefix(action?: ActionId): string {
  return action === undefined ? 'action#' : `action#${action}#`;
}

export function deedKey({ finding, action, sequence }: Pick<Deed, 'finding' | 'action' | 'sequence'>): Item {
  return {
    pk: { S: keyText(finding.id) },
    sk: { S: `${deedKeyPrefix(action)}${String(sequence).padStart(8, '0')}` },
  };
}

/** @param now when it is written. */
export function toItem(deed: Deed, now: Date): Item {
  const { status, version, lease, begunAt, action } = deed;
  return {
    ...deedKey(deed),
    ...marshall(
      {
        v: itemVersion,
        version,
        status,
        action,
        begunAt,
        leaseOwner: lease?.owner,
        [expiryAttribute]: ended.includes(status) ? seconds(now.getTime() + keptFor) : undefined,
        body: gzipSync(JSON.stringify(deed)),
      },
      { removeUndefinedValues: true },
    ),
  };
}

/** The partition of the list of deeds that holds those of this day. */
export function listingKey({ account, region }: Place, day: Date): string {
  return `deeds/${account}/${region}/${day.toISOString().slice(0, 10)}`;
}

/** The item that lists a deed by the time at which it was begun. */
export function listing(deed: Deed, now: Date): Item {
  const { resource, begunAt } = deed;
  const { pk, sk } = deedKey(deed);
  const digest = createHash('sha256').update(`${pk?.S} ${sk?.S}`).digest('hex').slice(0, 32);
  return {
    pk: { S: keyText(listingKey(resource, new Date(begunAt))) },
    sk: { S: `${begunAt}#${digest}` },
    ...marshall({
      v: itemVersion,
      begunAt,
      deedPk: pk?.S,
      deedSk: sk?.S,
      [expiryAttribute]: seconds(now.getTime() + keptFor),
    }),
  };
}

const listed = z.looseObject({ begunAt: z.string(), deedPk: z.string(), deedSk: z.string() });

/** What an item of the list says. */
export function fromListing(item: Item): { readonly begunAt: string; readonly key: Item } {
  return read(item, () => {
    const { begunAt, deedPk, deedSk } = listed.parse(unmarshall(item));
    return { begunAt, key: { pk: { S: deedPk }, sk: { S: deedSk } } };
  });
}

const attributes = z.looseObject({ v: z.literal(itemVersion), body: z.instanceof(Uint8Array) });

const text = z.string();
const decision = z.object({ by: z.enum(['policy', 'operator']), name: text, why: text });
const body = z.object({
  finding: z.object({
    id: text,
    control: text,
    title: text,
    severity: z.enum(severities),
    openedAt: z.nullable(text),
  }),
  action: text,
  sequence: z.int(),
  resource: z.looseObject({ type: text, id: text, arn: text, account: text, region: text }),
  settings: z.unknown(),
  status: z.enum(deedStatuses),
  decision,
  plan: z.array(text),
  before: z.unknown(),
  after: z.array(text),
  begunAt: text,
  doneAt: z.nullable(text),
  undoneAt: z.nullable(text),
  undo: z.nullable(decision),
  notes: z.array(z.object({ at: text, by: text, what: text })),
  lease: z.nullable(z.object({ owner: text, until: z.number() })),
  version: z.int(),
  writer: text,
});

function isDeed(value: unknown): value is Deed {
  return body.safeParse(value).success;
}

/** The deed in an item. Throws a `LedgerError` that names it when it is none, or none of this version. */
export function fromItem(item: Item): Deed {
  return read(item, () => {
    const { body: packed } = attributes.parse(unmarshall(item));
    const json: unknown = JSON.parse(gunzipSync(packed, { maxOutputLength: unpackedBytes }).toString('utf8'));
    if (!isDeed(json)) throw new TypeError('its body is not that of a deed');
    return json;
  });
}

function read<T>(item: Item, parse: () => T): T {
  try {
    return parse();
  } catch (cause) {
    const pk = item['pk']?.S ?? '';
    throw new LedgerError(
      'unreadable',
      [pk],
      `A record of what was done for ${someOf([pk])} can't be read (sk ${someOf([item['sk']?.S ?? ''])}): another ` +
        'version of Trailseal wrote it, or it was changed by hand. Nothing is done or undone by it; deploy the newest ' +
        'version.',
      cause,
    );
  }
}

function seconds(milliseconds: number): number {
  return Math.ceil(milliseconds / 1_000);
}
