/**
 * Entries as DynamoDB's items, and back. What an index, a condition or a person needs is an attribute of its own; all
 * the rest is one binary attribute, JSON in gzip: observations of one resource resemble each other, so that it is a
 * small part of what it would be as attributes, and so is its price. `base64 -d | gunzip` shows it.
 */
import { gunzipSync, gzipSync } from 'node:zlib';
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import * as z from 'zod/mini';
import { severities, verdicts } from '../../core/control.ts';
import { statuses } from '../finding.ts';
import { boundedArn, named } from './bounds.ts';
import { detailsIn, type Entry } from './entry.ts';
import { StateTableError, someOf } from './error.ts';
import { forgottenAt, isListed } from './recorded.ts';
import { entrySortKey, expiryAttribute } from './schema.ts';
import type { Recorded } from './table.ts';

export type Item = Record<string, AttributeValue>;

/** The version of this form. */
const itemVersion = 1;

/** DynamoDB's limit on a sort key, in bytes; a partition key may be longer. */
const keyBytes = 1_024;

/** No entry comes near; what unpacks to more is damaged. */
const unpackedBytes = 4_000_000;

/** A key as the table can hold it: of UTF-8, neither empty nor too long. The same for the same. */
export function keyText(text: string): string {
  return named(text.toWellFormed(), keyBytes);
}

/** Where the entry with this id is. */
export function keyOf(id: string): Item {
  return { pk: { S: keyText(id) }, sk: { S: entrySortKey } };
}

/** The hash key, in the index `open`, of what is in this place. */
export function accountRegionKey({
  account,
  region,
}: {
  readonly account: string;
  readonly region: string;
}): string {
  return keyText(`${account}/${region}`);
}

/** The hash key, in the index `parts`, of what is part of this; the same of an ARN as an entry keeps it. */
export function partKey(arn: string): string {
  return keyText(boundedArn(arn));
}

/** @param now epoch milliseconds: when it is written. */
export function toItem(entry: Recorded, now: number): Item {
  const { id, control, resource, observations, base, finding, version, updatedAt, published } = entry;
  const body: Body = { id, control, resource, observations, base, finding };
  const forgotten = forgottenAt(entry, now);
  const partOf = finding === undefined || finding.status === 'ARCHIVED' ? undefined : resource.partOf;
  return {
    ...keyOf(id),
    ...marshall(
      {
        v: itemVersion,
        version,
        updatedAt,
        published,
        [expiryAttribute]: forgotten === undefined ? undefined : Math.ceil(forgotten / 1_000),
        open: isListed(entry) ? accountRegionKey(resource) : undefined,
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
  v: z.literal(itemVersion),
  version: z.int(),
  updatedAt: z.number(),
  published: z.optional(z.object({ updatedAt: z.number(), at: z.number() })),
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
const resource = z.looseObject({ type: text, id: text, arn: text, account: text, region: text });
const finding = z.looseObject({
  id: text,
  control: text,
  title: text,
  severity: z.enum(severities),
  verdict: z.enum(['FAIL', 'UNKNOWN']),
  status: z.enum(statuses),
  resource: z.looseObject({ type: text, id: text, arn: text }),
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

/** The entry in an item. Throws a `StateTableError` that names it when it is none, or none of this version. */
export function fromItem(item: Item): Recorded {
  try {
    const { version, updatedAt, published, body: packed } = attributes.parse(unmarshall(item));
    const json: unknown = JSON.parse(gunzipSync(packed, { maxOutputLength: unpackedBytes }).toString('utf8'));
    if (!isBody(json)) throw new TypeError('its body is not that of an entry');
    const { id, control, resource, observations, base, finding } = json;
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
    };
  } catch (cause) {
    const id = item['pk']?.S ?? '';
    throw new StateTableError(
      'unreadable',
      [id],
      `The state table's entry ${someOf([id])} can't be read: another version of Trailseal wrote it, or it was changed by ` +
        `hand. Deploy the newest version; if that has made it, delete the item (pk as above, sk "${entrySortKey}"), and the ` +
        'next scheduled scan makes it anew, without its history.',
      cause,
    );
  }
}
