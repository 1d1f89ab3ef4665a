/**
 * The budgets of a kind of action: how many runs an hour may have in all accounts, in one account, and because of one
 * principal. Each limit has two parts: a general one for every finding, and one that only CRITICAL findings may use, so
 * that small failures, however many, never use up what the rescue of a key needs. Pure.
 */
import type { Severity } from '../../core/control.ts';
import type { Actor } from '../../core/event.ts';
import type { ActionKind, RateLimits } from '../model.ts';

/** `general` is for every finding, `reserved` for CRITICAL ones alone, which use it where the general part is used up. */
export type BudgetPart = 'general' | 'reserved';

/** Whom a run counts for. */
export interface Spender {
  readonly account: string;
  /**
   * The principal whose change opened the finding, as `principalOf` names it; `undefined` where an operator requested the
   * action, which no principal's share limits.
   */
  readonly actor: string | undefined;
}

/** One budget of a part: a maximum number of runs in an hour. */
export interface Budget {
  /** Whose runs it counts: those of one actor, of one account, or all. */
  readonly of: 'actor' | 'account' | 'total';
  /** The actor or account; empty for all. */
  readonly name: string;
  readonly limit: number;
}

/** Principals that are not known share one budget under this name. */
export const unknownPrincipal = 'unknown';

/**
 * The principal that acted, whatever it called its session: whoever may assume a role may choose any number of session
 * names, and whoever may ask for federated sessions, any number of names of users.
 * Source: IAM User Guide, "IAM JSON policy elements: Principal" (assumed-role session ARNs).
 * @example principalOf({ type: 'AssumedRole', arn: 'arn:aws:sts::111122223333:assumed-role/Deploy/session-7' })
 *   // 'arn:aws:iam::111122223333:role/Deploy'
 */
export function principalOf({ type, arn }: Pick<Actor, 'type' | 'arn'>): string {
  const [, partition, account, role] = /^arn:([^:]+):sts::(\d{12}):assumed-role\/([^/]+)\//.exec(arn) ?? [];
  if (role !== undefined) return `arn:${partition}:iam::${account}:role/${role}`;
  if (/^arn:[^:]+:iam::\d{12}:(?:(?:user|role)\/.+|root)$/.test(arn)) return arn;
  if (type === 'AWSService' && /^[a-z0-9.-]+\.amazonaws\.com(?:\.cn)?$/.test(arn)) return arn;
  return unknownPrincipal;
}

/** The parts that a finding of this severity may use, in the order in which it uses them. */
export function partsFor(severity: Severity): readonly BudgetPart[] {
  return severity === 'CRITICAL' ? ['general', 'reserved'] : ['general'];
}

/**
 * The budgets of a part that a run needs room in; the narrowest first, so that a principal that has used up its own share
 * is the reason, and not whoever came before it.
 */
export function budgetsOf(
  limits: RateLimits,
  part: BudgetPart,
  { account, actor }: Spender,
): readonly Budget[] {
  const inAll = partOf(limits.total, limits, part);
  const inAccount = partOf(limits.perAccount, limits, part);
  // Of the reserved part one principal may use half: the rest is for what another does meanwhile.
  const ofActor = part === 'general' ? limits.perActor : Math.ceil(Math.min(inAll, inAccount) / 2);
  return [
    ...(actor === undefined ? [] : [{ of: 'actor', name: actor, limit: ofActor } as const]),
    { of: 'account', name: account, limit: inAccount },
    { of: 'total', name: '', limit: inAll },
  ];
}

/** How many of a limit a part has. A limit of one has no reserved part, unless all of it is reserved. */
function partOf(limit: number, { reservedForCritical }: RateLimits, part: BudgetPart): number {
  const share = Math.ceil((limit * reservedForCritical) / 100);
  const reserved = reservedForCritical === 100 ? limit : Math.max(0, Math.min(share, limit - 1));
  return part === 'reserved' ? reserved : limit - reserved;
}

/**
 * The share of one principal where the policy sets none: half of the general part of an account.
 * @example defaultPerActor({ perAccount: 10, total: 50, reservedForCritical: 30 }) // 4
 */
export function defaultPerActor(limits: Omit<RateLimits, 'perActor'>): number {
  const general = partOf(Math.min(limits.perAccount, limits.total), { ...limits, perActor: 0 }, 'general');
  return Math.ceil(general / 2);
}

const nouns: Readonly<Record<ActionKind, { readonly one: string; readonly many: string }>> = {
  tag: { one: 'tag action', many: 'tag actions' },
  quarantine: { one: 'quarantine', many: 'quarantines' },
  fix: { one: 'fix', many: 'fixes' },
};

/** Why a budget allows no further run, as a sentence. @param when such as `in the last hour`. */
export function budgetText(
  kind: ActionKind,
  part: BudgetPart,
  { of, name, limit }: Budget,
  when: string,
): string {
  const where = { actor: `because of ${name}`, account: `in account ${name}`, total: 'in all accounts' }[of];
  const which = part === 'reserved' ? ' of the part reserved for CRITICAL findings' : '';
  if (limit === 0) return `The policy allows no ${nouns[kind].many}${which} ${where}.`;
  const what = limit === 1 ? nouns[kind].one : nouns[kind].many;
  return `Rate limit reached: ${limit} of ${limit} ${what}${which} ${where} ${when}.`;
}
