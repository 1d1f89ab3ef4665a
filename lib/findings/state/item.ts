/**
 * Entries as DynamoDB's items, and back. What an index, a condition or a person needs is an attribute of its own; all
 * the rest is one binary attribute, JSON in gzip: observations of one resource resemble each other, so that it is a
 * small part of what it would be as attributes, and so is its price. `base64 -d | gunzip` shows it.
 */
import { gunzipSync, gzipSync } from 'node:zlib';
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import * as z from 'zod/mini';
import { type AccountRegion, accountRegionKey } from '../../core/account-region.ts';
import { severities, verdicts } from '../../core/control.ts';
import { statuses } from '../finding.ts';
import { boundedName, named } from './bounds.ts';
import { detailsIn, type Entry } from './entry.ts';
import { StateTableError, someOf } from './error.ts';
import { entrySortKey, expiryAttribute } from './schema.ts';
import { forgottenAt, isListed, type Recorded } from './table.ts';

export type Item = Record<string, AttributeValue>;

/** The version of the form in which this Trailseal writes its items: entries, operators' exemptions, what is remembered. */
export const formatVersion = 1;

/** DynamoDB's limit on a sort key, in bytes; a partition key may be longer. */
const keyBytes = 1_024;

/** No entry comes near; what unpacks to more is damaged. */
const unpackedBytes = 4_000_000;

/**
 * A key as the table can hold it: of UTF-8, neither empty nor too long. The same for the same.
 * @example keyText('trailseal/…') // the same text, where it has at most 1,024 bytes
 */
export function keyText(text: string): string {
  return named(text.toWellFormed(), keyBytes);
}

/** Where the entry with this id is. */
export function keyOf(id: string): Item {
  return { pk: { S: keyText(id) }, sk: { S: entrySortKey } };
}

/** The partition key of an item, or of a key; empty where it has none. */
export function keyTextIn(item: Item): string {
  return item['pk']?.S ?? '';
}

/** The hash key, in the index `open`, of what is in this account and Region. */
export function openKey(accountRegion: AccountRegion): string {
  return keyText(accountRegionKey(accountRegion));
}

/** The hash key, in the index `parts`, of what is part of this; the same of a name as an entry keeps it. */
export function partKey(name: string): string {
  return keyText(boundedName(name));
}

/**
 * @param now epoch milliseconds: when it is written.
 * @example fromItem(toItem(entry, Date.now())) // the entry
 */
export function toItem(entry: Recorded, now: number): Item {
  const { id, control, resource, observations, base, finding } = entry;
  const { version, updatedAt, published, outstandingSince } = entry;
  const body: Body = { id, control, resource, observations, base, finding };
  const forgotten = forgottenAt(entry, now);
  const partOf = finding === undefined || finding.status === 'ARCHIVED' ? undefined : resource.partOf;
  return {
    ...keyOf(id),
    ...marshall(
      {
        formatVersion,
        version,
        updatedAt,
        published,
        outstandingSince,
        [expiryAttribute]: forgotten === undefined ? undefined : Math.ceil(forgotten / 1_000),
        open: isListed(entry) ? openKey(resource) : undefined,
        // An index takes no empty key.
        partOf: partOf ? partKey(partOf) : undefined,
        control: control.toWellFormed(),
        status: finding?.status,
        body: gzipSync(JSON.stringify(body)),
      },
      { removeUndefinedValues: true },
    ),
  };
}

/** What there is no attribute of its own for. */
type Body = Omit<Entry, 'details'>;

const attributes = z.looseObject({
  formatVersion: z.literal(formatVersion),
  version: z.int(),
  updatedAt: z.number(),
  published: z.optional(z.object({ updatedAt: z.number(), at: z.number() })),
  outstandingSince: z.optional(z.number()),
  body: z.instanceof(Uint8Array),
});

const text = z.string();
const evidence = z.looseObject({
  summary: text,
  required: text,
  observed: z.array(z.looseObject({ what: text })),
});
const plan = z.looseObject({ actions: z.array(z.looseObject({})), skipped: z.array(z.looseObject({})) });
const actor = z.looseObject({ type: text, arn: text, name: text });
const resource = z.looseObject({
  type: text,
  id: text,
  arn: z.optional(text),
  account: text,
  region: text,
});
const finding = z.looseObject({
  id: text,
  control: text,
  title: text,
  severity: z.enum(severities),
  verdict: z.enum(['FAIL', 'UNKNOWN']),
  status: z.enum(statuses),
  resource: z.looseObject({ type: text, id: text, arn: z.optional(text) }),
  account: text,
  region: text,
  eventIds: z.array(text),
  actor,
  evidence,
  plan,
  history: z.array(z.looseObject({ status: z.enum(statuses), summary: text })),
});
const observation = z.looseObject({
  key: text,
  at: z.number(),
  cause: z.looseObject({ eventName: text, actor }),
  resource,
  result: z.discriminatedUnion('kind', [
    z.looseObject({ kind: z.literal('deleted'), because: text }),
    z.looseObject({
      kind: z.literal('evaluated'),
      verdict: z.enum(verdicts),
      evidence,
      severity: z.enum(severities),
      plan,
    }),
  ]),
});
const body = z.looseObject({
  id: text,
  control: text,
  resource,
  observations: z.array(observation).check(z.minLength(1)),
  base: z.optional(z.looseObject({ at: z.number(), key: text, finding: z.optional(finding) })),
  finding: z.optional(finding),
});

function isBody(value: unknown): value is Body {
  return body.safeParse(value).success;
}

/**
 * Stops at an item that a newer version of Trailseal wrote: what it means is not known here, so that it must be neither
 * acted on nor written over.
 * @throws StateTableError `newer-format`, which names the item and says what to do.
 * @example checkFormat({ pk: { S: 'trailseal/…' }, formatVersion: { N: '1' } });
 */
export function checkFormat(item: Item): void {
  const version = Number(item['formatVersion']?.N);
  if (!(version > formatVersion)) return;
  const pk = keyTextIn(item);
  throw new StateTableError(
    'newer-format',
    [pk],
    `The state table's item ${someOf([pk])} (sk ${someOf([item['sk']?.S ?? ''])}) has format version ${version}, and this ` +
      `version of Trailseal reads those up to ${formatVersion}: a newer one wrote it. Deploy the newest version of ` +
      'Trailseal, or run it; nothing was changed.',
  );
}

/**
 * The entry in an item.
 * @throws StateTableError that names it when it is none, or of a newer format.
 */
export function fromItem(item: Item): Recorded {
  checkFormat(item);
  try {
    const {
      version,
      updatedAt,
      published,
      outstandingSince,
      body: packed,
    } = attributes.parse(unmarshall(item));
    const json: unknown = JSON.parse(gunzipSync(packed, { maxOutputLength: unpackedBytes }).toString('utf8'));
    if (!isBody(json)) throw new TypeError('its body is not that of an entry');
    const { id, control, resource, observations, base, finding } = json;
    if (keyText(id) !== keyTextIn(item)) throw new TypeError(`its body is that of another entry, ${id}`);
    if (finding !== undefined && (finding.id !== id || finding.control !== control)) {
      throw new TypeError(`its finding is another one, ${finding.id} of ${finding.control}`);
    }
    return {
      id,
      control,
      resource,
      observations,
      base,
      finding,
      details: detailsIn(observations) ?? base?.details,
      version,
      updatedAt,
      published,
      outstandingSince,
    };
  } catch (cause) {
    const id = keyTextIn(item);
    throw new StateTableError(
      'unreadable',
      [id],
      `The state table's entry ${someOf([id])} can't be read: it is damaged, or was changed by hand. Delete the item ` +
        `(pk as above, sk "${entrySortKey}"), and the next scheduled scan makes it anew, without its history.`,
      cause,
    );
  }
}
