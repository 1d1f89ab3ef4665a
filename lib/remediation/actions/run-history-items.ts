/** Action runs as DynamoDB's items, and back. */
import { createHash } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import * as z from 'zod/mini';
import { type AccountRegion, accountRegionKey } from '../../core/account-region.ts';
import type { ActionId } from '../../core/action.ts';
import { severities } from '../../core/control.ts';
import { StateTableError, someOf } from '../../findings/state/error.ts';
import { checkFormat, formatVersion, type Item, keyText } from '../../findings/state/item.ts';
import { expiryAttribute } from '../../findings/state/schema.ts';
import { reversalResponses } from '../../policy/model.ts';
import { type ActionRun, actionRunStatuses, nameOfActionRun } from './action-run.ts';

/** An action run that has ended is kept for so long after its last write, for the audit, in milliseconds; any other for good. */
const keptFor = 400 * 24 * 3_600_000;
const ended: readonly ActionRun['status'][] = ['done', 'undone', 'superseded', 'deleted', 'reverted'];

/** No action run comes near; what unpacks to more is damaged. */
const maxUnpackedBytes = 4_000_000;

/** What the sort keys of the action runs begin with; of those of one action, where it is given. */
export function actionRunKeyPrefix(action?: ActionId): string {
  return action === undefined ? 'action#' : `action#${action}#`;
}

/** The key of an action run's item. */
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
        formatVersion,
        version,
        status,
        action,
        begunAt,
        leaseOwner: lease?.owner,
        [expiryAttribute]: ended.includes(status) ? seconds(now.getTime() + keptFor) : undefined,
        body: gzipSync(JSON.stringify(actionRun)),
      },
      { removeUndefinedValues: true },
    ),
  };
}

/** The partition that lists the action runs which were begun on this day (UTC). */
export function listingKey(accountRegion: AccountRegion, day: Date): string {
  return `action runs/${accountRegionKey(accountRegion)}/${day.toISOString().slice(0, 10)}`;
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
      formatVersion,
      begunAt,
      actionRunPk: pk?.S,
      actionRunSk: sk?.S,
      [expiryAttribute]: seconds(now.getTime() + keptFor),
    }),
  };
}

const listed = z.looseObject({
  formatVersion: z.literal(formatVersion),
  begunAt: z.string(),
  actionRunPk: z.string(),
  actionRunSk: z.string(),
});

/**
 * What an item of the list says: when the action run was begun, and the key of its item.
 * Throws a `StateTableError` as `fromItem` does.
 */
export function fromListing(item: Item): { readonly begunAt: string; readonly key: Item } {
  return read(item, (attributes) => {
    const { begunAt, actionRunPk, actionRunSk } = listed.parse(attributes);
    return { begunAt, key: { pk: { S: actionRunPk }, sk: { S: actionRunSk } } };
  });
}

const stored = z.looseObject({
  formatVersion: z.literal(formatVersion),
  body: z.instanceof(Uint8Array),
});

const text = z.string();
const decision = z.object({ actor: z.enum(['policy', 'operator']), name: text, reason: text });
const reversal = z.object({
  noticedAt: text,
  differences: z.array(text),
  call: z.nullable(
    z.object({ eventName: text, eventId: z.nullable(text), actor: text, at: z.nullable(text) }),
  ),
  consequence: text,
  response: z.enum(reversalResponses),
});
const actionRunShape = z.object({
  finding: z.object({
    id: text,
    control: text,
    title: text,
    severity: z.enum(severities),
    openedAt: z.nullable(text),
  }),
  action: text,
  sequence: z.int(),
  resource: z.looseObject({ type: text, id: text, arn: z.optional(text), account: text, region: text }),
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
  reversal: z.optional(reversal),
  notes: z.array(z.object({ at: text, actor: text, text })),
  lease: z.nullable(z.object({ owner: text, until: z.number() })),
  version: z.int(),
  writer: text,
});

function isActionRun(value: unknown): value is ActionRun {
  return actionRunShape.safeParse(value).success;
}

/**
 * The action run in an item, which is the one that the item's key names.
 * Throws a `StateTableError` that names it when it is none, `newer-format` when a newer version wrote it.
 */
export function fromItem(item: Item): ActionRun {
  return read(item, (attributes) => {
    const { body } = stored.parse(attributes);
    const json: unknown = JSON.parse(
      gunzipSync(body, { maxOutputLength: maxUnpackedBytes }).toString('utf8'),
    );
    if (!isActionRun(json)) throw new TypeError('its body is not that of an action run');
    const { pk, sk } = actionRunKey(json);
    if (pk?.S !== item['pk']?.S || sk?.S !== item['sk']?.S) {
      throw new TypeError(`its body is that of another action run, ${nameOfActionRun(json)}`);
    }
    return json;
  });
}

function read<T>(item: Item, parse: (attributes: Record<string, unknown>) => T): T {
  const pk = item['pk']?.S ?? '';
  const sk = item['sk']?.S ?? '';
  try {
    checkFormat(item);
    return parse(unmarshall(item));
  } catch (cause) {
    if (cause instanceof StateTableError) throw cause;
    throw new StateTableError(
      'unreadable',
      [pk],
      `The action run of ${someOf([pk])} (sk ${someOf([sk])}) can't be read: ${cause instanceof TypeError ? cause.message : 'it has another form'}. ` +
        'Another version of Trailseal wrote it, or it was changed by hand. Nothing is done or undone by it: deploy the ' +
        'newest version, or restore the resource by hand and delete the item.',
      cause,
    );
  }
}

function seconds(milliseconds: number): number {
  return Math.ceil(milliseconds / 1_000);
}
