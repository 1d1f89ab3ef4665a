/** Action runs as DynamoDB's items, and back. */
import { createHash } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import * as z from 'zod/mini';
import type { AccountRegion } from '../../core/account-region.ts';
import type { ActionId } from '../../core/action.ts';
import { severities } from '../../core/control.ts';
import { StateTableError, someOf } from '../../findings/state/error.ts';
import { type Item, keyText } from '../../findings/state/item.ts';
import { expiryAttribute } from '../../findings/state/schema.ts';
import { type ActionRun, actionRunStatuses } from './action-run.ts';

/** The version of this form. */
const itemVersion = 1;

/** So long after its last write an action run that is ended is kept, for the audit; one that is not, for good. */
const keptFor = 400 * 24 * 3_600_000;
const deleted: readonly ActionRun['status'][] = ['done', 'undone', 'superseded', 'deleted'];

/** No action run comes near; what unpacks to more is damaged. */
const unpackedBytes = 4_000_000;

/** What the sort keys of the action runs, or of those of one action, begin with. */
export function actionRunKeyPrefix(action?: ActionId): string {
  return action === undefined ? 'action#' : `action#${action}#`;
}

export function actionRunKey({
  finding,
  action,
  sequence,
}: Pick<ActionRun, 'finding' | 'action' | 'sequence'>): Item {
  return {
    pk: { S: keyText(finding.id) },
    sk: { S: `${actionRunKeyPrefix(action)}${String(sequence).padStart(8, '0')}` },
  };
}

/** @param now when it is written. */
export function toItem(actionRun: ActionRun, now: Date): Item {
  const { status, version, lease, begunAt, action } = actionRun;
  return {
    ...actionRunKey(actionRun),
    ...marshall(
      {
        v: itemVersion,
        version,
        status,
        action,
        begunAt,
        leaseOwner: lease?.owner,
        [expiryAttribute]: deleted.includes(status) ? seconds(now.getTime() + keptFor) : undefined,
        body: gzipSync(JSON.stringify(actionRun)),
      },
      { removeUndefinedValues: true },
    ),
  };
}

/** The partition of the list of action runs that holds those of this day. */
export function listingKey({ account, region }: AccountRegion, day: Date): string {
  return `action runs/${account}/${region}/${day.toISOString().slice(0, 10)}`;
}

/** The item that lists an action run by the time at which it was begun. */
export function listing(actionRun: ActionRun, now: Date): Item {
  const { resource, begunAt } = actionRun;
  const { pk, sk } = actionRunKey(actionRun);
  const digest = createHash('sha256').update(`${pk?.S} ${sk?.S}`).digest('hex').slice(0, 32);
  return {
    pk: { S: keyText(listingKey(resource, new Date(begunAt))) },
    sk: { S: `${begunAt}#${digest}` },
    ...marshall({
      v: itemVersion,
      begunAt,
      actionRunPk: pk?.S,
      actionRunSk: sk?.S,
      [expiryAttribute]: seconds(now.getTime() + keptFor),
    }),
  };
}

const listed = z.looseObject({ begunAt: z.string(), actionRunPk: z.string(), actionRunSk: z.string() });

/** What an item of the list says. */
export function fromListing(item: Item): { readonly begunAt: string; readonly key: Item } {
  return read(item, () => {
    const { begunAt, actionRunPk, actionRunSk } = listed.parse(unmarshall(item));
    return { begunAt, key: { pk: { S: actionRunPk }, sk: { S: actionRunSk } } };
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
  status: z.enum(actionRunStatuses),
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

function isActionRun(value: unknown): value is ActionRun {
  return body.safeParse(value).success;
}

/** The action run in an item. Throws a `StateTableError` that names it when it is none, or none of this version. */
export function fromItem(item: Item): ActionRun {
  return read(item, () => {
    const { body: packed } = attributes.parse(unmarshall(item));
    const json: unknown = JSON.parse(gunzipSync(packed, { maxOutputLength: unpackedBytes }).toString('utf8'));
    if (!isActionRun(json)) throw new TypeError('its body is not that of an action run');
    return json;
  });
}

function read<T>(item: Item, parse: () => T): T {
  try {
    return parse();
  } catch (cause) {
    const pk = item['pk']?.S ?? '';
    throw new StateTableError(
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
