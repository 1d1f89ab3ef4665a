/**
 * The scheduled scan finds what no event reported: drift, resources older than the deployment, lost events. It
 * evaluates nothing itself: it sends the evaluators every resource that AWS lists and every open finding in the state
 * table, and never closes a finding because a listing left its resource out. A resource that is both listed and open
 * is evaluated twice. That is harmless, because both evaluations give the same verdict, and cheap, because few
 * resources have an open finding.
 */
import type { Clients } from '../../aws/clients.ts';
import type { QueueName } from '../../aws/names.ts';
import type { AccountRegion } from '../../core/account-region.ts';
import type { Control, Resource, ResourceType } from '../../core/control.ts';
import type { Lister, ListingError } from '../../core/list.ts';
import type { EvaluatorName } from '../../core/service.ts';
import { isPublicationPending, type Recorded, type StateTable } from '../../findings/state/table.ts';
import { evaluatorOf, evaluators, resourceTypeOf } from '../../services/catalogue.ts';
import {
  publishBody,
  type Recheck,
  recheckBody,
  type ScheduledScanPart,
  scheduledScanBody,
} from './message.ts';

export interface ScheduledScanSurroundings {
  /** The listers of all types that the controls evaluate. */
  readonly listers: Partial<Readonly<Record<ResourceType, Lister>>>;
  readonly clients: Clients;
  readonly stateTable: Pick<StateTable, 'page'>;
  /** The controls that the policy enables. */
  readonly controls: readonly Control[];
  readonly accountRegion: AccountRegion;
  /** Resolves when the queue has taken all of them. */
  readonly send: (queue: QueueName | 'remediate', bodies: readonly unknown[]) => Promise<void>;
  /**
   * The message by which remediation is reminded of an entry, `undefined` where there is nothing to do about it; left out
   * where this deployment has no remediation.
   */
  readonly reminderOf?: (entry: Recorded) => unknown;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** The milliseconds left to work in. */
  readonly remaining: () => number;
  /** Records that it runs, so that somebody notices when it does not. */
  readonly heartbeats: ScanHeartbeats;
}

/** Times are epoch milliseconds. */
export interface ScanHeartbeats {
  scanBegan(parts: readonly string[], at: number): Promise<void>;
  partDone(part: string, at: number): Promise<void>;
}

export interface Scanned {
  /** Resources that AWS listed, and entries that the state table holds. */
  readonly listed: number;
  readonly entries: number;
  /** Of these, those whose finding is open. */
  readonly open: number;
  /** Resources sent for evaluation, and findings sent for publication. */
  readonly rechecks: number;
  readonly publications: number;
  /** Open failures of which remediation was reminded, because the reason why it skipped them may be over. */
  readonly reminders: number;
  /** Whether another message continues the scan. */
  readonly continued: boolean;
  /** What could not be listed although the rest was; every other error rejects. */
  readonly unlisted: readonly ListingError[];
}

/** The most resources in one message: an evaluator processes ten messages at once, in two minutes. */
const rechecksInMessage = 50;
/**
 * The same for resources that need a call each: there may be thousands, and AWS accepts few calls a second from all
 * callers together: EC2 20, KMS 100. Source: EC2 API Reference, "Request throttling for the Amazon EC2 API"
 * (non-mutating actions); AWS KMS Developer Guide, "Request quotas" (ListGrants).
 */
const fewRechecksInMessage = 10;
/** The most findings in one message; their ids have up to 512 characters. */
const findingsInMessage = 100;
/** The most bytes of one message, far below the limits of SQS and Lambda. */
const messageBytes = 200 * 1024;
/** The time, in milliseconds, that must be left to begin a page: the SDK may need several tries for a call. */
const timeForAPage = 60_000;

/**
 * Processes one message of a scheduled scan. Without a part it divides the scan into parts, one message each; a part
 * is processed page by page, and a message of its own continues what no time is left for.
 * @param part the part to scan; `undefined` for the whole.
 * @returns what was listed and sent. Rejects with a `ListingError` when AWS does not list, and with the errors of the
 *   state table and the queues; then the message is to be delivered again, which is harmless because evaluation is
 *   idempotent.
 * @example (await scan(undefined, surroundings)).continued // true: it has sent one message for each part
 */
export async function scan(
  part: ScheduledScanPart | undefined,
  around: ScheduledScanSurroundings,
): Promise<Scanned> {
  const queues = queuesOf(around.controls);
  if (part === undefined) {
    const parts: ScheduledScanPart[] = [...queues.keys(), 'stateTable' as const].map((of) => ({ of }));
    await around.send(
      'scan',
      parts.map((each) => scheduledScanBody(each)),
    );
    await around.heartbeats.scanBegan(
      parts.map(({ of }) => of),
      around.now(),
    );
    return { ...nothing, continued: true };
  }
  const scanned =
    part.of === 'stateTable'
      ? await scheduledScanStateTable(part.token, around)
      : await scheduledScanType(part.of, part.token, queues.get(part.of) ?? [], around);
  if (!scanned.continued) await around.heartbeats.partDone(part.of, around.now());
  return scanned;
}

const nothing: Scanned = {
  listed: 0,
  entries: 0,
  open: 0,
  rechecks: 0,
  publications: 0,
  reminders: 0,
  continued: false,
  unlisted: [],
};

/** The types that the controls evaluate, each with the queues of the evaluators that evaluate it. */
function queuesOf(controls: readonly Control[]): ReadonlyMap<ResourceType, readonly EvaluatorName[]> {
  const queues = new Map<ResourceType, EvaluatorName[]>();
  for (const control of controls) {
    const evaluator = evaluatorOf(control);
    const sofar = queues.get(control.resourceType) ?? [];
    if (!sofar.includes(evaluator)) queues.set(control.resourceType, [...sofar, evaluator]);
  }
  return queues;
}

async function scheduledScanType(
  type: ResourceType,
  start: string | undefined,
  queues: readonly EvaluatorName[],
  around: ScheduledScanSurroundings,
): Promise<Scanned> {
  // Since the message was sent, a new policy may have disabled the last control of the type.
  if (queues.length === 0) return nothing;
  const lister = around.listers[type];
  if (lister === undefined)
    throw new TypeError(`nothing lists ${type}, which ${queues.join(', ')} evaluates`);
  let scanned = nothing;
  const continued = await pages({ of: type }, start, around, async (token) => {
    const page = await lister.list(around.clients, around.accountRegion, token);
    const rechecks = page.resources.map((resource): Recheck => ({ resource }));
    for (const queue of queues) await around.send(queue, recheckBodies(rechecks));
    scanned = {
      ...scanned,
      listed: scanned.listed + page.resources.length,
      rechecks: scanned.rechecks + rechecks.length * queues.length,
      unlisted: [...scanned.unlisted, ...page.unlisted],
    };
    return page.token;
  });
  return { ...scanned, continued };
}

/**
 * Requests the re-evaluation of open findings, so that findings of deleted resources are archived and fixed ones
 * closed, and the publication of pending ones. Entries of controls that are not enabled stay unchanged.
 */
async function scheduledScanStateTable(
  start: string | undefined,
  around: ScheduledScanSurroundings,
): Promise<Scanned> {
  const evaluatorById = new Map(around.controls.map((control) => [control.id, evaluatorOf(control)]));
  let scanned = nothing;
  const continued = await pages({ of: 'stateTable' }, start, around, async (from) => {
    const { entries, token } = await around.stateTable.page(around.accountRegion, from);
    for (const evaluator of evaluators) {
      const own = entries.filter(({ control }) => evaluatorById.get(control) === evaluator);
      const rechecks = rechecksOf(own.filter(({ finding }) => finding?.status === 'OPEN'));
      const pending = own.filter((entry) => isPublicationPending(entry, around.now())).map(({ id }) => id);
      await around.send(evaluator, [
        ...recheckBodies(rechecks),
        ...inMessages(pending, findingsInMessage, publishBody),
      ]);
      scanned = {
        ...scanned,
        rechecks: scanned.rechecks + rechecks.length,
        publications: scanned.publications + pending.length,
      };
    }
    const reminders = remindersOf(entries, around);
    if (reminders.length > 0) await around.send('remediate', reminders);
    scanned = {
      ...scanned,
      reminders: scanned.reminders + reminders.length,
      entries: scanned.entries + entries.length,
      open: scanned.open + entries.filter(({ finding }) => finding?.status === 'OPEN').length,
    };
    return token;
  });
  return { ...scanned, continued };
}

function remindersOf(
  entries: readonly Recorded[],
  { reminderOf }: ScheduledScanSurroundings,
): readonly unknown[] {
  return entries.map((entry) => reminderOf?.(entry)).filter((body) => body !== undefined);
}

/** Each resource once, with the controls whose entries name it. */
function rechecksOf(entries: readonly Recorded[]): readonly Recheck[] {
  const rechecks = new Map<string, { readonly resource: Resource; readonly controls: string[] }>();
  for (const { control, resource } of entries) {
    const key = `${resource.type} ${resource.id}`;
    const recheck = rechecks.get(key) ?? { resource, controls: [] };
    recheck.controls.push(control);
    rechecks.set(key, recheck);
  }
  return [...rechecks.values()];
}

/**
 * Processes page after page, at least one, while time is left.
 * @param take processes a page; returns the token of the next.
 * @returns whether another message continues the rest.
 */
async function pages(
  { of }: Pick<ScheduledScanPart, 'of'>,
  start: string | undefined,
  { send, remaining }: ScheduledScanSurroundings,
  take: (token: string | undefined) => Promise<string | undefined>,
): Promise<boolean> {
  let token = start;
  do {
    token = await take(token);
    if (token !== undefined && remaining() < timeForAPage) {
      await send('scan', [scheduledScanBody({ of, token })]);
      return true;
    }
  } while (token !== undefined);
  return false;
}

function recheckBodies(rechecks: readonly Recheck[]): readonly unknown[] {
  const { true: few = [], false: many = [] } = Object.groupBy(rechecks, ({ resource }) =>
    resourceTypeOf(resource.type).reading === 'one-call-each' ? 'true' : 'false',
  );
  return [
    ...inMessages(many, rechecksInMessage, recheckBody),
    ...inMessages(few, fewRechecksInMessage, recheckBody),
  ];
}

/** The bodies of messages that hold all items, as many in each as may be. */
function inMessages<T>(
  items: readonly T[],
  most: number,
  bodyOf: (items: readonly T[]) => unknown,
): readonly unknown[] {
  const parts: T[][] = [];
  let bytes = 0;
  for (const item of items) {
    const size = Buffer.byteLength(JSON.stringify(item));
    const last = parts.at(-1);
    if (last === undefined || last.length === most || bytes + size > messageBytes) {
      parts.push([item]);
      bytes = size;
    } else {
      last.push(item);
      bytes += size;
    }
  }
  return parts.map((part) => bodyOf(part));
}
