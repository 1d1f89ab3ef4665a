/** Limits, what waits for budget, and circuit breakers, as text and as JSON. */
import { type BudgetPart, budgetsOf } from '../../lib/policy/decide/budgets.ts';
import { durationText } from '../../lib/policy/duration.ts';
import type { ActionKind, RateLimits } from '../../lib/policy/model.ts';
import type {
  BreakerReset,
  CountedRun,
  LimitState,
  OpenBreaker,
  WaitingRun,
} from '../../lib/remediation/limits.ts';
import { printable, shortened } from '../output/printable.ts';

const hour = 3_600_000;

/** The breakers of one kind of action, with what the last hour used of its limits, and what waits. */
export interface BreakerView {
  readonly kind: ActionKind;
  /** Those that are open. */
  readonly breakers: readonly OpenBreaker[];
  /** Its last reset; `undefined` where none is known. */
  readonly lastReset: BreakerReset | undefined;
  /** Actions in the last hour by account, most first. */
  readonly used: readonly { readonly account: string; readonly count: number }[];
  /** The same by part of the limits and by actor. */
  readonly parts: Readonly<Record<BudgetPart, PartView>>;
  /** What is tried again, the first due first. */
  readonly waiting: readonly WaitingRun[];
  readonly limits: RateLimits;
}

/** What the last hour used of a part of the limits. */
interface PartView {
  readonly usedInLastHour: number;
  /** Most first; `requested` for what operators requested. */
  readonly byActor: readonly { readonly actor: string; readonly count: number }[];
  readonly limits: { readonly perAccount: number; readonly perActor: number; readonly total: number };
}

/** @param now epoch milliseconds. */
export function breakerView(
  kind: ActionKind,
  state: LimitState,
  limits: RateLimits,
  now: number,
): BreakerView {
  const recent = state.runs.filter(({ at }) => at > now - hour);
  const used = tally(recent, ({ account }) => account).map(([account, count]) => ({ account, count }));
  const part = (name: BudgetPart): PartView => {
    const runs = recent.filter((run) => run.part === name);
    const limitOf = Object.fromEntries(
      budgetsOf(limits, name, { account: '', actor: '' }).map(({ of, limit }) => [of, limit]),
    );
    return {
      usedInLastHour: runs.length,
      byActor: tally(runs, ({ actor = 'requested' }) => actor).map(([actor, count]) => ({ actor, count })),
      limits: {
        perAccount: limitOf['account'] ?? 0,
        perActor: limitOf['actor'] ?? 0,
        total: limitOf['total'] ?? 0,
      },
    };
  };
  return {
    kind,
    breakers: state.breakers,
    lastReset: state.reset,
    used,
    parts: { general: part('general'), reserved: part('reserved') },
    waiting: state.waiting.toSorted((one, other) => one.due - other.due),
    limits,
  };
}

function tally(
  runs: readonly CountedRun[],
  by: (run: CountedRun) => string,
): readonly (readonly [string, number])[] {
  return [...Map.groupBy(runs, by)]
    .map(([name, some]) => [name, some.length] as const)
    .sort(([name, count], [other, more]) => more - count || (name < other ? -1 : 1));
}

/** What waits that is shown as text, at most. */
const shownWaiting = 10;

/** Some lines. */
export function breakerText(
  { kind, breakers, lastReset, used, parts, waiting, limits }: BreakerView,
  now: number,
): string {
  const total = used.reduce((sum, { count }) => sum + count, 0);
  const accounts = used.map(({ account, count }) => `${count} in ${printable(account)}`).join(', ');
  return [
    ...(breakers.length === 0 ? [`${kind}: closed`] : []),
    ...breakers.map(
      ({ account, since, because }) =>
        `${kind}: OPEN${account === undefined ? '' : ` in account ${printable(account)}`} since ${timeText(since)} ` +
        `(${spanText(now - since)} ago): ${printable(because)}`,
    ),
    `  actions in the last hour: ${total === 0 ? 'none' : `${total} (${accounts})`}; limit: ${limitsText(limits)}`,
    partText('for all findings', parts.general),
    partText('for CRITICAL findings alone', parts.reserved),
    ...waitingLines(waiting),
    ...(breakers.length === 0
      ? []
      : [`  no ${kind} action is carried out until the breaker is reset, but for CRITICAL findings`]),
    ...(lastReset === undefined ? [] : [`  last reset: ${resetText(lastReset)}`]),
  ].join('\n');
}

function partText(what: string, { usedInLastHour, byActor, limits }: PartView): string {
  const actors = byActor.map(({ actor, count }) => `${count} ${actorText(actor)}`).join(', ');
  const { perActor, perAccount, total } = limits;
  return (
    `  ${what}: ${usedInLastHour === 0 ? 'none' : `${usedInLastHour} (${actors})`}; ` +
    `limit: ${perActor} because of one principal, ${perAccount} per account, ${total} in total`
  );
}

function actorText(actor: string): string {
  return actor === 'requested' ? 'requested by operators' : `because of ${shortened(actor, 200)}`;
}

function waitingLines(waiting: readonly WaitingRun[]): readonly string[] {
  if (waiting.length === 0) return [];
  const more = waiting.length - shownWaiting;
  return [
    `  waiting for budget: ${waiting.length}`,
    ...waiting
      .slice(0, shownWaiting)
      .map(
        ({ severity, finding, actor, due }) =>
          `    ${severity} ${shortened(finding, 300)} (${actorText(actor)}), tried again at ${timeText(due)}`,
      ),
    ...(more > 0 ? [`    and ${more} more`] : []),
  ];
}

function resetText({ at, actor, reason }: BreakerReset): string {
  return `${timeText(at)} by ${shortened(actor, 200)}: ${shortened(reason, 400)}`;
}

function limitsText({ perAccount, total }: RateLimits): string {
  return `${perAccount} per account, ${total} in total`;
}

/** Whether there is something to reset: a breaker is open, or something waits for budget. */
export function isToReset({ breakers, waiting }: Pick<BreakerView, 'breakers' | 'waiting'>): boolean {
  return breakers.length > 0 || waiting.length > 0;
}

/** What a reset allows again. */
export function resetDoneText(
  { kind, limits, waiting }: BreakerView,
  wasReset: boolean,
  policy: string,
): string {
  if (!wasReset)
    return `The ${kind} breaker was not open, and nothing waited for budget; nothing was changed.`;
  const last = waiting.at(-1);
  const latest = last === undefined ? '' : `, what waited for budget by ${timeText(last.due)} at the latest`;
  return (
    `The ${kind} breaker is closed, and its count starts anew. Limit per hour: ${limitsText(limits)} ` +
    `(policy: ${printable(policy)}). The next scheduled scan resumes the actions that were skipped meanwhile${latest}.`
  );
}

export function breakerJson({ kind, breakers, lastReset, used, parts, waiting, limits }: BreakerView) {
  return {
    kind,
    open: breakers.length > 0,
    breakers: breakers.map(({ account = null, since, because }) => ({
      account,
      since: timeText(since),
      reason: because,
    })),
    lastReset:
      lastReset === undefined
        ? null
        : { at: timeText(lastReset.at), actor: lastReset.actor, reason: lastReset.reason },
    usedInLastHour: used,
    parts,
    waiting: waiting.map(({ finding, severity, actor, account, region, since, due }) => ({
      finding,
      severity,
      actor,
      account,
      region,
      since: timeText(since),
      due: timeText(due),
    })),
    limits,
  };
}

function timeText(time: number): string {
  return new Date(time).toISOString();
}

function spanText(milliseconds: number): string {
  return durationText(Math.max(1, Math.round(milliseconds / 60_000)) * 60_000);
}
