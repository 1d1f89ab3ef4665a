/** The figures of the report, calculated from the findings. Pure. */
import { type Severity, severities } from '../../lib/core/control.ts';
import type { Actor } from '../../lib/core/event.ts';
import type { Finding } from '../../lib/findings/finding.ts';

const hour = 3_600_000;
const day = 24 * hour;

/** Most severe first. */
export const worstFirst: readonly Severity[] = [...severities].reverse();

/** The open findings of one group: an account, a Region, a control, or all. */
export interface OpenCount {
  readonly name: string;
  readonly open: number;
  /** Of these, those with verdict UNKNOWN, and those with an active exemption. */
  readonly unknown: number;
  readonly exempt: number;
  /** In the order of `worstFirst`. */
  readonly bySeverity: readonly number[];
}

/** The open findings counted by `name`, the largest and most severe groups first. */
export function openBy(
  findings: readonly Finding[],
  name: (finding: Finding) => string,
): readonly OpenCount[] {
  const groups = new Map<string, Finding[]>();
  for (const finding of findings) {
    if (finding.status !== 'OPEN') continue;
    const group = groups.get(name(finding));
    if (group === undefined) groups.set(name(finding), [finding]);
    else group.push(finding);
  }
  return [...groups]
    .map(([group, members]) => countOpen(group, members))
    .sort(
      (a, b) => b.open - a.open || compareCounts(b.bySeverity, a.bySeverity) || (a.name < b.name ? -1 : 1),
    );
}

function countOpen(name: string, open: readonly Finding[]): OpenCount {
  return {
    name,
    open: open.length,
    unknown: open.filter((finding) => finding.verdict === 'UNKNOWN').length,
    exempt: open.filter((finding) => finding.exemption?.state === 'active').length,
    bySeverity: worstFirst.map((severity) => open.filter((finding) => finding.severity === severity).length),
  };
}

function compareCounts(a: readonly number[], b: readonly number[]): number {
  for (const [index, count] of a.entries()) {
    const difference = count - (b[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

export type BucketSize = 'day' | 'week' | 'month' | 'year';

/** Findings opened and closed by day, week (from Monday), month or year (UTC), depending on the span. */
export interface Timeline {
  readonly step: BucketSize;
  readonly buckets: readonly {
    /** The first day of the bucket, `YYYY-MM-DD`. */
    readonly from: string;
    readonly opened: number;
    readonly closed: number;
    /** How many were open when the bucket ended. */
    readonly open: number;
  }[];
  /** Changes without a time, which are not in any bucket. */
  readonly untimed: number;
}

/** More buckets than this cannot be distinguished on a screen. */
const manyBuckets = 70;

/** The timeline of the findings' histories. OPEN after OPEN does not count as opened again. */
export function timeline(findings: readonly Finding[]): Timeline {
  const changes: { readonly at: number; readonly opens: boolean }[] = [];
  let untimed = 0;
  for (const finding of findings) {
    let open = false;
    for (const transition of finding.history) {
      const opens = transition.status === 'OPEN';
      if (opens === open) continue;
      open = opens;
      const at = transition.at === null ? Number.NaN : Date.parse(transition.at);
      if (Number.isNaN(at)) untimed += 1;
      else changes.push({ at, opens });
    }
  }
  if (changes.length === 0) return { step: 'day', buckets: [], untimed };
  let [first, last] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const { at } of changes) {
    first = Math.min(first, at);
    last = Math.max(last, at);
  }
  const span = last - first;
  const step: BucketSize =
    span < manyBuckets * day
      ? 'day'
      : span < manyBuckets * 7 * day
        ? 'week'
        : span < manyBuckets * 30 * day
          ? 'month'
          : 'year';
  const counted = new Map<number, { opened: number; closed: number }>();
  // Empty buckets are included, unless a wrong time (a clock set to 1970) makes nearly all of them empty.
  const starts: number[] = [];
  for (let start = startOf(first, step); start <= last && starts.length <= 4 * manyBuckets; ) {
    starts.push(start);
    start = nextStart(start, step);
  }
  if (starts.length <= 4 * manyBuckets)
    for (const start of starts) counted.set(start, { opened: 0, closed: 0 });
  for (const { at, opens } of changes) {
    const start = startOf(at, step);
    const bucket = counted.get(start) ?? { opened: 0, closed: 0 };
    if (opens) bucket.opened += 1;
    else bucket.closed += 1;
    counted.set(start, bucket);
  }
  let open = 0;
  const buckets = [...counted]
    .sort(([a], [b]) => a - b)
    .map(([start, { opened, closed }]) => {
      open += opened - closed;
      return { from: new Date(start).toISOString().split('T')[0] ?? '', opened, closed, open };
    });
  return { step, buckets, untimed };
}

function startOf(time: number, step: BucketSize): number {
  const date = new Date(time);
  date.setUTCHours(0, 0, 0, 0);
  if (step === 'week') date.setUTCDate(date.getUTCDate() - ((date.getUTCDay() + 6) % 7));
  if (step === 'month' || step === 'year') date.setUTCDate(1);
  if (step === 'year') date.setUTCMonth(0);
  return date.getTime();
}

function nextStart(start: number, step: BucketSize): number {
  const date = new Date(start);
  if (step === 'day') date.setUTCDate(date.getUTCDate() + 1);
  if (step === 'week') date.setUTCDate(date.getUTCDate() + 7);
  if (step === 'month') date.setUTCMonth(date.getUTCMonth() + 1);
  if (step === 'year') date.setUTCFullYear(date.getUTCFullYear() + 1);
  return date.getTime();
}

/** How long the findings of one group stayed open before they were fixed, in milliseconds. */
export interface FixTimes {
  readonly name: string;
  readonly fixed: number;
  readonly median: number;
  /** 90 % were fixed within this time. */
  readonly p90: number;
}

export interface TimeToFix {
  readonly distribution: readonly { readonly label: string; readonly count: number }[];
  readonly all: FixTimes | null;
  readonly bySeverity: readonly FixTimes[];
  readonly byControl: readonly FixTimes[];
}

const spans: readonly { readonly label: string; readonly below: number }[] = [
  { label: 'under 1 h', below: hour },
  { label: '1–4 h', below: 4 * hour },
  { label: '4–24 h', below: day },
  { label: '1–3 days', below: 3 * day },
  { label: '3–7 days', below: 7 * day },
  { label: '1–4 weeks', below: 28 * day },
  { label: 'over 4 weeks', below: Number.POSITIVE_INFINITY },
];

/** Time from opened to fixed, of findings that were fixed; a resource that was only deleted was not fixed. */
export function timeToFix(findings: readonly Finding[]): TimeToFix {
  const fixed = findings.flatMap((finding) => {
    const took = tookToFix(finding);
    return took === undefined ? [] : [{ finding, took }];
  });
  const group = (name: (finding: Finding) => string): Map<string, number[]> => {
    const groups = new Map<string, number[]>();
    for (const { finding, took } of fixed) {
      const times = groups.get(name(finding));
      if (times === undefined) groups.set(name(finding), [took]);
      else times.push(took);
    }
    return groups;
  };
  const bySeverity = group((finding) => finding.severity);
  return {
    distribution: spans.map(({ label, below }, index) => ({
      label,
      count: fixed.filter(({ took }) => took < below && took >= (spans[index - 1]?.below ?? 0)).length,
    })),
    all:
      fixed.length === 0
        ? null
        : fixTimes(
            'All',
            fixed.map(({ took }) => took),
          ),
    bySeverity: worstFirst.flatMap((severity) => {
      const times = bySeverity.get(severity);
      return times === undefined ? [] : [fixTimes(severity, times)];
    }),
    byControl: [...group((finding) => finding.control)]
      .map(([control, times]) => fixTimes(control, times))
      .sort((a, b) => b.median - a.median || (a.name < b.name ? -1 : 1)),
  };
}

function tookToFix(finding: Finding): number | undefined {
  // A finding that was resolved before its resource was deleted counts as fixed.
  const before = finding.history.findLast(({ status }) => status !== 'ARCHIVED');
  if (before?.status !== 'RESOLVED' || finding.openedAt === null || finding.closedAt === null)
    return undefined;
  const took = Date.parse(finding.closedAt) - Date.parse(finding.openedAt);
  return took >= 0 ? took : undefined;
}

function fixTimes(name: string, times: readonly number[]): FixTimes {
  const sorted = [...times].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const median = ((sorted[Math.ceil(middle) - 1] ?? 0) + (sorted[Math.floor(middle)] ?? 0)) / 2;
  return { name, fixed: sorted.length, median, p90: sorted[Math.ceil(sorted.length * 0.9) - 1] ?? 0 };
}

/** `milliseconds` for people: "40 min", "5.5 h", "12 days". */
export function duration(milliseconds: number): string {
  if (milliseconds < 60_000) return 'under 1 min';
  if (milliseconds < hour) return `${Math.round(milliseconds / 60_000)} min`;
  if (milliseconds < 2 * day) return `${round(milliseconds / hour)} h`;
  return `${round(milliseconds / day)} days`;
}

function round(value: number): string {
  return value < 10 ? String(Math.round(value * 10) / 10) : String(Math.round(value));
}

/** An actor who caused findings. */
export interface ActorRow {
  readonly name: string;
  readonly type: string;
  readonly arn: string;
  readonly sourceIps: readonly string[];
  readonly opened: number;
  readonly open: number;
  readonly worst: Severity;
  /** The time of the actor's latest finding. */
  readonly last: string | null;
}

/** The actors with most open findings, then most findings; at most `limit`. */
export function topActors(findings: readonly Finding[], limit = 10): readonly ActorRow[] {
  const groups = new Map<string, { actor: Actor; findings: Finding[]; ips: Set<string> }>();
  for (const finding of findings) {
    const { actor } = finding;
    const group = groups.get(actor.arn) ?? { actor, findings: [], ips: new Set<string>() };
    groups.set(actor.arn, group);
    group.findings.push(finding);
    if (actor.sourceIp !== undefined) group.ips.add(actor.sourceIp);
  }
  return [...groups.values()]
    .map(({ actor, findings: members, ips }) => ({
      name: actor.name,
      type: actor.type,
      arn: actor.arn,
      sourceIps: [...ips].sort(),
      opened: members.length,
      open: members.filter((finding) => finding.status === 'OPEN').length,
      worst:
        worstFirst.find((severity) => members.some((finding) => finding.severity === severity)) ??
        'INFORMATIONAL',
      last: members.reduce<string | null>(
        (last, { openedAt }) => (openedAt !== null && (last === null || openedAt > last) ? openedAt : last),
        null,
      ),
    }))
    .sort((a, b) => b.open - a.open || b.opened - a.opened || (a.arn < b.arn ? -1 : 1))
    .slice(0, limit);
}
