/**
 * What the queue of remediation holds: transitions, as the bus delivers them; the ends of grace periods and of waits for
 * budget; findings that a scheduled scan found open still; calls by which somebody may have reverted an action; and the
 * requests of operators. All parsing of these messages is here, and when one that came to no end is sent again. A message says what to look up, and
 * nothing that it says is believed: what is done about a finding follows from the state table and AWS, and what an operator
 * requested is read from the state table.
 */
import * as z from 'zod/mini';
import type { Control } from '../core/control.ts';
import type { TrailEvent } from '../core/event.ts';
import { at, isObject, text } from '../core/json.ts';
import type { Recorded } from '../findings/state/table.ts';
import type { Policy } from '../policy/model.ts';
import { parseRecord } from '../trail/parse.ts';
import type { HintedCall } from './actions/action-run.ts';
import { isOutstanding } from './eligibility.ts';
import { transitionSchema, transitionSource } from './events/transition.ts';

/**
 * That a finding be remediated: it was opened, or changed. It only names the finding; what is done about it follows from
 * the state table, the policy and AWS.
 */
export interface RemediationRequest {
  /** The finding's id. */
  readonly finding: string;
  /** The finding's `openedAt` then: one that was closed and opened again has a request of its own. */
  readonly openedAt: string | null;
  /**
   * A scheduled scan found it open still: people were notified of what stands in the way already. It only keeps them from
   * being notified of that once more.
   */
  readonly reminder: boolean;
  /** It waited for budget: people were notified of that already. */
  readonly waited: boolean;
  /** The call in CloudTrail after which what was done is compared with AWS: a hint for people. */
  readonly call?: HintedCall | undefined;
}

/** What became of the message before. */
interface Attempts {
  /** How often it was begun or resumed, from 1. */
  readonly attempt: number;
}

export type RemediationMessage =
  | ({ readonly kind: 'remediation'; readonly request: RemediationRequest } & Attempts)
  /** `id` names what was requested, which is in the state table: see `action-request-record.ts`. */
  | ({ readonly kind: 'requested-action'; readonly id: string } & Attempts)
  /** A call in CloudTrail by which somebody may have reverted an action. */
  | ({ readonly kind: 'call'; readonly event: TrailEvent } & Attempts)
  | { readonly kind: 'malformed'; readonly reason: string };

/** The version of remediation's own messages. */
const messageVersion = 1;

const remediationSchema = z.object({
  finding: z.string().check(z.minLength(1)),
  openedAt: z.nullable(z.string()),
  reminder: z._default(z.boolean(), false),
  waited: z._default(z.boolean(), false),
});

/** @returns what the body asks for; `malformed`, with a reason for people, where it can't be read. */
export function parseRemediation(body: string): RemediationMessage {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch (error) {
    return malformed(`it is no JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  const own = at(value, 'trailseal');
  // An event that comes once more has only its attempts there.
  const version = at(own, 'version') ?? messageVersion;
  if (version !== messageVersion) {
    return malformed(
      `it is of version ${JSON.stringify(version)}, and this deployment takes version ${messageVersion}: redrive it when the deployment that sent it is there`,
    );
  }
  const attempts = attemptsIn(own);
  const remediation = at(value, 'trailseal', 'remediation');
  if (remediation !== undefined) {
    const request = remediationSchema.safeParse(remediation);
    return request.success
      ? { kind: 'remediation', request: request.data, ...attempts }
      : malformed(`its remediation request: ${request.error.issues[0]?.message}`);
  }
  const requestedAction = at(value, 'trailseal', 'requestedAction');
  if (requestedAction !== undefined) {
    const id = text(requestedAction, 'id');
    return id
      ? { kind: 'requested-action', id, ...attempts }
      : malformed('its requested action: it has no id');
  }
  const source = text(value, 'source');
  if (source?.startsWith('aws.') === true) {
    const parsed = parseRecord(value);
    return parsed.ok ? { kind: 'call', event: parsed.event, ...attempts } : malformed(parsed.reason);
  }
  if (source !== transitionSource) return malformed(`it is no event of "${transitionSource}"`);
  const transition = transitionSchema.safeParse(at(value, 'detail'));
  if (!transition.success) {
    const [issue] = transition.error.issues;
    return malformed(`its detail is no transition: ${issue?.path.join('.')}: ${issue?.message}`);
  }
  const { finding, openedAt } = transition.data;
  const request = { finding, openedAt, reminder: false, waited: false };
  return { kind: 'remediation', request, ...attempts };
}

/** The message that has a finding remediated: at the end of a grace period, when there is budget, or because a scheduled scan found it open. */
export function remediateBody(request: RemediationRequest): unknown {
  return { trailseal: { version: messageVersion, kind: 'remediation', remediation: request } };
}

/**
 * The message by which a scheduled scan reminds remediation of an open failure: what stood in the way may be over, and what
 * was done may be reverted.
 * @returns `undefined` where the policy asks for nothing to be done about it.
 */
export function reminderOf(policy: Policy, controls: readonly Control[], entry: Recorded): unknown {
  if (!isOutstanding(policy, controls, entry)) return undefined;
  const { id, finding } = entry;
  return remediateBody({ finding: id, openedAt: finding?.openedAt ?? null, reminder: true, waited: false });
}

/** The message that has a request of an operator carried out. @param id of the request, which the state table has. */
export function requestBody(id: string): unknown {
  return { trailseal: { version: messageVersion, kind: 'requested-action', requestedAction: { id } } };
}

/** The same message once more: what it asks for is under way, or partially completed. */
export function onceMore(body: unknown, attempts: Attempts): unknown {
  const own = at(body, 'trailseal');
  return { ...(isObject(body) ? body : {}), trailseal: { ...(isObject(own) ? own : {}), ...attempts } };
}

/** Seconds before the second run of a message, the third, …: an update of a cluster takes a quarter of an hour. */
const retryDelays = [20, 60, 60, 120, 240, 480, 900, 900, 900, 900, 900, 900];

/** The longest of them. */
export const longestRetryDelay = 900;

/**
 * Seconds until the next run of a message that came to no end.
 * @param attempt the run that has ended, from 1.
 * @returns `undefined` when it has been tried often enough.
 */
export function nextRunIn(attempt: number): number | undefined {
  return retryDelays[attempt - 1];
}

function attemptsIn(own: unknown): Attempts {
  const attempt = at(own, 'attempt');
  const counted = typeof attempt === 'number' && Number.isSafeInteger(attempt) && attempt > 0;
  return { attempt: counted ? attempt : 1 };
}

function malformed(reason: string): RemediationMessage {
  return { kind: 'malformed', reason };
}
