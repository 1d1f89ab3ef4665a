/**
 * From JSON that was read to events: records are parsed here, and nowhere else.
 * Source of the shapes: AWS CloudTrail User Guide, "CloudTrail record contents"; Amazon EventBridge User
 * Guide, "Events from AWS services" (envelope); Amazon SQS Developer Guide (message body).
 */
import * as z from 'zod/mini';
import type { Actor, CallOutcome, TrailEvent } from '../core/event.ts';
import { flag, isObject, text } from '../core/json.ts';
import { refusal, unwrap } from './envelope.ts';

export type Parsed =
  | { readonly ok: true; readonly event: TrailEvent }
  | { readonly ok: false; readonly reason: string };

/** A field that helps but is not needed: of the wrong type it counts as absent, as `"null"` does. */
const optionalText = z.catch(z.optional(z.string()), undefined);
const anything = z.optional(z.unknown());

const recordSchema = z.looseObject({
  eventSource: z.string().check(z.minLength(1)),
  eventName: z.string().check(z.minLength(1)),
  eventID: optionalText,
  eventTime: optionalText,
  awsRegion: optionalText,
  recipientAccountId: optionalText,
  sourceIPAddress: optionalText,
  userAgent: optionalText,
  errorCode: optionalText,
  errorMessage: optionalText,
  userIdentity: anything,
  requestParameters: anything,
  responseElements: anything,
  additionalEventData: anything,
  serviceEventDetails: anything,
  resources: anything,
});

/**
 * @param value one element of an archive: a record, or an envelope around one.
 * @returns the event; or why it is not a CloudTrail record, as a sentence for people.
 * @example
 * const parsed = parseRecord(JSON.parse(line));
 * if (parsed.ok) console.log(parsed.event.eventName);
 * else console.error(parsed.reason);
 */
export function parseRecord(value: unknown): Parsed {
  const unwrapped = unwrap(value);
  const refused = refusal(unwrapped);
  if (refused !== undefined || !isObject(unwrapped)) return { ok: false, reason: refused ?? 'not an object' };
  const parsed = recordSchema.safeParse(unwrapped);
  if (!parsed.success) {
    const fields = parsed.error.issues.map((issue) => issue.path.join('.')).join(', ');
    return { ok: false, reason: `not a CloudTrail record: ${fields} missing or not a string` };
  }
  if (deeperThan(unwrapped, maxDepth)) {
    return { ok: false, reason: `not a CloudTrail record: nested more than ${maxDepth} levels deep` };
  }
  const record = parsed.data;
  const userIdentity = record.userIdentity;
  return {
    ok: true,
    event: {
      id: record.eventID,
      eventSource: record.eventSource,
      eventName: record.eventName,
      time: parseTime(record.eventTime),
      account:
        record.recipientAccountId ??
        text(userIdentity, 'accountId') ??
        ownerAnswered(record.responseElements) ??
        'unknown',
      region: record.awsRegion ?? 'unknown',
      actor: parseActor(userIdentity, record.sourceIPAddress, record.userAgent),
      outcome: parseOutcome(record.errorCode, record.errorMessage, record.requestParameters),
      request: record.requestParameters ?? null,
      response: record.responseElements ?? null,
      resources: parseResources(record.resources),
      additional: record.additionalEventData ?? null,
      serviceEventDetails: record.serviceEventDetails ?? null,
      raw: unwrapped,
    },
  };
}

/**
 * The account that the answer names as the owner of what was made, which is the caller's: an excerpt of a record may name
 * no other. Source: EC2 API Reference, "Reservation", "Snapshot": OwnerId.
 */
function ownerAnswered(response: unknown): string | undefined {
  const owner = text(response, 'ownerId');
  return owner !== undefined && /^\d{12}$/.test(owner) ? owner : undefined;
}

/** Real records nest less than 20 levels; recursion over what is read stays safe below this. */
const maxDepth = 200;

function deeperThan(value: unknown, limit: number): boolean {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > limit) return true;
    level = level.flatMap((item) => (typeof item === 'object' && item !== null ? Object.values(item) : []));
  }
  return false;
}

/** Epoch milliseconds of an ISO 8601 time or of `YYYY-MM-DD hh:mm:ss` (UTC); `undefined` for anything else. */
export function parseTime(value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  const match =
    /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)\s*(Z|UTC|[+-]\d{2}:?\d{2})?)?$/.exec(
      value.trim(),
    );
  if (match === null) return undefined;
  const [, day, clock = '00:00:00', zone = 'Z'] = match;
  const midnight = Date.parse(`${day}T00:00:00Z`);
  // Date.parse takes 30 February for 2 March.
  if (Number.isNaN(midnight) || !new Date(midnight).toISOString().startsWith(`${day}`)) return undefined;
  const time = Date.parse(`${day}T${clock}${zone === 'UTC' ? 'Z' : zone}`);
  return Number.isNaN(time) ? undefined : time;
}

function parseActor(identity: unknown, sourceIp: string | undefined, userAgent: string | undefined): Actor {
  const arn = text(identity, 'arn');
  const issuer = text(identity, 'sessionContext', 'sessionIssuer', 'userName');
  const invokedBy = text(identity, 'invokedBy');
  const principal = text(identity, 'principalId');
  const session = arn?.includes(':assumed-role/') ? arn.split('/').at(-1) : undefined;
  const name =
    (issuer !== undefined && session !== undefined ? sessionName(issuer, session) : undefined) ??
    text(identity, 'userName') ??
    issuer ??
    arn?.split(':').at(-1) ??
    invokedBy ??
    principal ??
    'unknown';
  return {
    type: text(identity, 'type') ?? (invokedBy === undefined ? 'unknown' : 'AWSService'),
    arn: arn ?? invokedBy ?? principal ?? 'unknown',
    name,
    account: text(identity, 'accountId'),
    sourceIp,
    userAgent,
  };
}

/**
 * IAM Identity Center makes a role for each permission set; people know its session and the set, not the role.
 * Source: IAM Identity Center User Guide, "Permission sets".
 */
function sessionName(role: string, session: string): string {
  const [, permissionSet] = /^AWSReservedSSO_(.+)_[0-9a-f]{16}$/.exec(role) ?? [];
  return permissionSet === undefined ? `${role}/${session}` : `${session} (${permissionSet})`;
}

/**
 * EC2 answers a permitted dry run with `Client.DryRunOperation`, KMS with `DryRunOperationException`.
 * Source: EC2 API Reference, "Common client error codes"; KMS API Reference, "CreateGrant: DryRun".
 */
function parseOutcome(
  errorCode: string | undefined,
  errorMessage: string | undefined,
  request: unknown,
): CallOutcome {
  if (errorCode?.includes('DryRunOperation')) return { kind: 'dry-run' };
  if (errorCode !== undefined && errorCode !== '') return { kind: 'failed', errorCode, errorMessage };
  if (flag(request, 'dryRun') === true || flag(request, 'DryRun') === true) return { kind: 'dry-run' };
  return { kind: 'success' };
}

function parseResources(value: unknown): TrailEvent['resources'] {
  if (!Array.isArray(value)) return [];
  return value.filter(isObject).map((entry) => ({
    arn: text(entry, 'ARN') ?? text(entry, 'arn'),
    type: text(entry, 'type'),
    account: text(entry, 'accountId'),
  }));
}
