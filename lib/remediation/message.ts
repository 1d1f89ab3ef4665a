/**
 * What the queue of remediation holds: transitions, as the bus delivers them, the end of grace periods, what a sweep found
 * open still, and orders of operators.
 */
import * as z from 'zod/mini';
import { at, isObject } from '../json.ts';
import { transitionSchema, transitionSource } from '../transitions/transition.ts';
import { type OperatorOrder, operatorOrderSchema } from './order.ts';

/** Why a finding is looked at: it was opened, or changed, at some time. */
export interface Occasion {
  readonly finding: string;
  /** The finding's `openedAt` then: one that was closed and opened again has an occasion of its own. */
  readonly openedAt: string | null;
  /** When the ledger took note of it, epoch milliseconds: grace periods begin then. */
  readonly since: number;
  /** It is only that a sweep found it open still: people have been told of all that stands in the way. */
  readonly reminder: boolean;
}

export type RemediationMessage =
  /** `attempt` counts how often the same was begun or gone on with, from 1. */
  | { readonly kind: 'occasion'; readonly occasion: Occasion; readonly attempt: number }
  | { readonly kind: 'order'; readonly order: OperatorOrder; readonly attempt: number }
  | { readonly kind: 'malformed'; readonly reason: string };

const occasionSchema = z.object({
  finding: z.string().check(z.minLength(1)),
  openedAt: z.nullable(z.string()),
  since: z.number(),
  reminder: z._default(z.boolean(), false),
});

/** @returns what the body asks for; `malformed`, with a reason for people, where nothing can be made of it. */
export function parseRemediation(body: string): RemediationMessage {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch (error) {
    return malformed(`it is no JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  const attempt = attemptIn(at(value, 'trailseal', 'attempt'));
  const own = at(value, 'trailseal', 'occasion');
  if (own !== undefined) {
    const occasion = occasionSchema.safeParse(own);
    return occasion.success
      ? { kind: 'occasion', occasion: occasion.data, attempt }
      : malformed(`its occasion: ${occasion.error.issues[0]?.message}`);
  }
  const ordered = at(value, 'trailseal', 'order');
  if (ordered !== undefined) {
    const order = operatorOrderSchema.safeParse(ordered);
    return order.success
      ? { kind: 'order', order: order.data, attempt }
      : malformed(`its order: ${order.error.issues[0]?.message}`);
  }
  if (at(value, 'source') !== transitionSource) return malformed(`it is no event of "${transitionSource}"`);
  const transition = transitionSchema.safeParse(at(value, 'detail'));
  if (!transition.success) {
    const [issue] = transition.error.issues;
    return malformed(`its detail is no transition: ${issue?.path.join('.')}: ${issue?.message}`);
  }
  const { finding, openedAt, sequence } = transition.data;
  return { kind: 'occasion', occasion: { finding, openedAt, since: sequence, reminder: false }, attempt };
}

/** The message that has a finding looked after: at the end of a grace period, or because a sweep found it open. */
export function remediateBody(occasion: Occasion): unknown {
  return { trailseal: { version: 1, kind: 'remediate', occasion } };
}

/** The message that brings an operator's order. */
export function orderBody(order: OperatorOrder): unknown {
  return { trailseal: { version: 1, kind: 'order', order } };
}

/** The same message once more: what it asks for is under way, or half-done. */
export function onceMore(body: unknown, attempt: number): unknown {
  const own = at(body, 'trailseal');
  return { ...(isObject(body) ? body : {}), trailseal: { ...(isObject(own) ? own : {}), attempt } };
}

function attemptIn(value: unknown): number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? value : 1;
}

function malformed(reason: string): RemediationMessage {
  return { kind: 'malformed', reason };
}
