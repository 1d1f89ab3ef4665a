/**
 * Replay: what the controls and a policy would have made of an archive of CloudTrail. The events are taken in the
 * order of time across all files, each resource is followed from event to event, and every plan stops short of
 * being carried out.
 */
import type { Control, Resource, TrailEvent, Verdict } from '../lib/control.ts';
import { lessons, TrailFacts } from '../lib/facts/trail/trail.ts';
import type { Finding } from '../lib/findings/finding.ts';
import { findingId } from '../lib/findings/id.ts';
import { archiveFinding, changeOf, keepFinding, resolveFinding } from '../lib/findings/lifecycle.ts';
import { type Judged, judge } from '../lib/judge.ts';
import { type Concern, Matcher, wantedEvents } from '../lib/match.ts';
import type { Policy } from '../lib/policy/policy.ts';
import {
  type Archive,
  type ArchiveEvent,
  type Progress,
  readArchive,
  type StoredFiles,
} from '../lib/trail/archive.ts';
import type { InputError } from '../lib/trail/input-error.ts';
import { chronological } from './chronology.ts';
import { Openings } from './opening.ts';

/** What is looked at; an absent bound does not bind. */
export interface Scope {
  /** Epoch milliseconds; events before it are learned from, not judged. */
  readonly since?: number;
  /** Epoch milliseconds; events at or after it are left alone. */
  readonly until?: number;
  readonly accounts?: ReadonlySet<string>;
  readonly regions?: ReadonlySet<string>;
}

export interface ReplayOptions {
  readonly controls: readonly Control[];
  readonly policy: Policy;
  readonly scope?: Scope;
  /** The moment against which exemptions are held. */
  readonly now: Date;
  readonly threads?: number;
  /** Read as well as the paths. */
  readonly stored?: StoredFiles;
  readonly onProgress?: (progress: Progress) => void;
  readonly signal?: AbortSignal;
}

/** Why a record that was read and understood was not judged. */
export const ignoredReasons = [
  'not-a-trigger',
  'only-context',
  'failed-call',
  'dry-run',
  'duplicate',
  'out-of-scope',
  'no-resource',
] as const;
export type IgnoredReason = (typeof ignoredReasons)[number];

export interface Replay {
  /** Always `matched` + the sum of `ignored` + `rejected`. */
  readonly records: number;
  readonly matched: number;
  readonly ignored: Readonly<Record<IgnoredReason, number>>;
  readonly rejected: number;
  readonly verdicts: Readonly<Record<Verdict, number>>;
  readonly posture: Readonly<Record<string, Readonly<Record<Verdict, number>>>>;
  /** In the order in which they were first opened. */
  readonly findings: readonly Finding[];
  /** The record that opened each finding (last), by finding id. */
  readonly openers: ReadonlyMap<string, TrailEvent>;
  readonly period: { readonly from: string | null; readonly to: string | null };
  readonly inputErrors: readonly InputError[];
  readonly files: number;
  readonly skipped: Archive['skipped'];
}

/**
 * Reads the archive below `paths` and replays it.
 * @throws the signal's reason when aborted. What is wrong with the input is told in `inputErrors`, not thrown.
 */
export async function replay(paths: readonly string[], options: ReplayOptions): Promise<Replay> {
  const { controls, policy, now, threads, stored, onProgress, signal } = options;
  const enabled = controls.filter((control) => policy.controls.get(control.id)?.enabled === true);
  const archive = await readArchive(paths, {
    wanted: wantedEvents(enabled, lessons),
    ...(threads === undefined ? {} : { threads }),
    ...(stored === undefined ? {} : { stored }),
    ...(onProgress === undefined ? {} : { onProgress }),
    ...(signal === undefined ? {} : { signal }),
  });
  const course = new Course(enabled, policy, now);
  const told = await follow(archive.events, course, new Matcher(enabled), options.scope ?? {}, signal);
  return {
    records: archive.records,
    matched: told.matched,
    ignored: { ...told.ignored, 'not-a-trigger': archive.uninteresting },
    rejected: archive.rejected,
    verdicts: course.verdicts,
    posture: course.posture(),
    findings: [...course.findings.values()],
    openers: course.openers,
    period: { from: isoOrNull(told.from), to: isoOrNull(told.to) },
    inputErrors: archive.inputErrors,
    files: archive.files,
    skipped: archive.skipped,
  };
}

interface Told {
  readonly matched: number;
  readonly ignored: Record<IgnoredReason, number>;
  readonly from: number | undefined;
  readonly to: number | undefined;
}

/** Walks the events through time, deciding which are judged and why the others are not. */
async function follow(
  events: readonly ArchiveEvent[],
  course: Course,
  matcher: Matcher,
  scope: Scope,
  signal: AbortSignal | undefined,
): Promise<Told> {
  const ignored = Object.fromEntries(ignoredReasons.map((reason) => [reason, 0])) as Record<
    IgnoredReason,
    number
  >;
  let matched = 0;
  let from: number | undefined;
  let to: number | undefined;
  const { succeeded, failed, dryRuns, duplicates } = chronological(events, (event) =>
    matcher.onlyEnds(event),
  );
  ignored['failed-call'] = failed;
  ignored['dry-run'] = dryRuns;
  ignored.duplicate = duplicates;
  for (const event of succeeded) {
    signal?.throwIfAborted();
    if (scope.until !== undefined && event.time !== undefined && event.time >= scope.until) {
      ignored['out-of-scope'] += 1;
      continue;
    }
    course.learn(event);
    if (!matcher.declares(event)) {
      ignored['only-context'] += 1;
      continue;
    }
    if (scope.since !== undefined && event.time !== undefined && event.time < scope.since) {
      ignored['out-of-scope'] += 1;
      continue;
    }
    const { triggered, ended } = matcher.match(event);
    if (triggered.length === 0 && ended.length === 0) {
      ignored[inScope(event, scope) ? 'no-resource' : 'out-of-scope'] += 1;
      continue;
    }
    const within = ({ resource }: Concern) => inScope(resource, scope);
    const [judgeable, endings] = [triggered.filter(within), ended.filter(within)];
    if (judgeable.length === 0 && endings.length === 0) {
      ignored['out-of-scope'] += 1;
      continue;
    }
    matched += 1;
    if (event.time !== undefined) {
      from = Math.min(from ?? event.time, event.time);
      to = Math.max(to ?? event.time, event.time);
    }
    await course.take(event, judgeable, endings);
  }
  return { matched, ignored, from, to };
}

function inScope(where: { readonly account: string; readonly region: string }, scope: Scope): boolean {
  return (scope.accounts?.has(where.account) ?? true) && (scope.regions?.has(where.region) ?? true);
}

/** What is known so far: the facts, the findings, and the last verdict on each resource that exists. */
class Course {
  readonly findings = new Map<string, Finding>();
  readonly openers = new Map<string, TrailEvent>();
  readonly verdicts: Record<Verdict, number> = { PASS: 0, FAIL: 0, UNKNOWN: 0, NOT_APPLICABLE: 0 };
  readonly #facts = new TrailFacts();
  readonly #enabled: readonly Control[];
  readonly #policy: Policy;
  readonly #openings: Openings;
  readonly #latest = new Map<string, { readonly control: string; readonly verdict: Verdict }>();
  /** Finding ids by the control and the ARN of what their resource is part of. */
  readonly #parts = new Map<string, Set<string>>();

  constructor(enabled: readonly Control[], policy: Policy, now: Date) {
    this.#enabled = enabled;
    this.#policy = policy;
    this.#openings = new Openings(policy, now);
  }

  learn(event: TrailEvent): void {
    this.#facts.learn(event);
  }

  async take(event: TrailEvent, triggered: readonly Concern[], ended: readonly Concern[]): Promise<void> {
    const settingsOf = (id: string): unknown => this.#policy.controls.get(id)?.settings;
    for (const judged of await judge(triggered, this.#facts, settingsOf)) this.#record(judged, event);
    for (const { control, resource } of ended) this.#end(control, resource, event);
  }

  #record({ control, resource, judgement }: Judged, event: TrailEvent): void {
    const { verdict } = judgement;
    this.verdicts[verdict] += 1;
    const id = findingId(control.id, resource);
    this.#latest.set(id, { control: control.id, verdict });
    if (resource.partOf !== undefined) this.#partsOf(control, resource.partOf).add(id);
    const previous = this.findings.get(id);
    switch (changeOf(previous, verdict)) {
      case 'open':
        this.findings.set(id, this.#openings.open(previous, { control, resource, judgement }, event));
        this.openers.set(id, event);
        break;
      case 'keep':
        if (previous !== undefined) this.findings.set(id, keepFinding(previous, judgement, event));
        break;
      case 'close':
        if (previous !== undefined) this.findings.set(id, resolveFinding(previous, judgement, event));
        break;
      case 'none':
        break;
    }
  }

  #end(control: Control, resource: Resource, event: TrailEvent): void {
    const parts = this.#partsOf(control, resource.arn);
    for (const id of [findingId(control.id, resource), ...parts]) {
      this.#latest.delete(id);
      const finding = this.findings.get(id);
      const named = finding?.resource.type === resource.type || parts.has(id);
      if (finding !== undefined && named) this.findings.set(id, archiveFinding(finding, event));
    }
    parts.clear();
  }

  #partsOf(control: Control, arn: string): Set<string> {
    const key = `${control.id} ${arn}`;
    const parts = this.#parts.get(key) ?? new Set<string>();
    this.#parts.set(key, parts);
    return parts;
  }

  posture(): Record<string, Record<Verdict, number>> {
    const none = () => ({ PASS: 0, FAIL: 0, UNKNOWN: 0, NOT_APPLICABLE: 0 });
    const posture = Object.fromEntries(this.#enabled.map((control) => [control.id, none()]));
    for (const { control, verdict } of this.#latest.values()) {
      const counts = posture[control];
      if (counts !== undefined) counts[verdict] += 1;
    }
    return posture;
  }
}

function isoOrNull(time: number | undefined): string | null {
  return time === undefined ? null : new Date(time).toISOString();
}
