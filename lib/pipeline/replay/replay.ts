/**
 * Replay: what the controls and a policy would have made of an archive of CloudTrail. The events are taken in the
 * order of time across all files, each resource is followed from event to event, and every plan stops short of
 * being carried out.
 */
import type { Control, TrailEvent, Verdict } from '../../core/control.ts';
import type { Finding } from '../../findings/finding.ts';
import type { Policy } from '../../policy/policy.ts';
import {
  type Archive,
  type ArchiveEvent,
  type Progress,
  readArchive,
  type StoredFiles,
} from '../../trail/archive.ts';
import type { InputError } from '../../trail/input-error.ts';
import { type Concern, Matcher, wantedEvents } from '../match.ts';
import { contextEvents } from '../trail-facts.ts';
import { chronological } from './chronology.ts';
import { type ReplayStateOptions, RunState } from './state.ts';

/** What is looked at; an absent bound does not bind. */
export interface Scope {
  /** Epoch milliseconds; events before it are learned from, not evaluated. */
  readonly since?: number;
  /** Epoch milliseconds; events at or after it are left alone. */
  readonly until?: number;
  readonly accounts?: ReadonlySet<string>;
  readonly regions?: ReadonlySet<string>;
}

export interface ReplayOptions extends ReplayStateOptions {
  readonly controls: readonly Control[];
  readonly scope?: Scope;
  readonly threads?: number;
  /** Read as well as the paths. */
  readonly stored?: StoredFiles;
  readonly onProgress?: (progress: Progress) => void;
  readonly signal?: AbortSignal;
}

/** Why a record that was read and understood was not evaluated. */
export const ignoredReasons = [
  'not-relevant',
  'context-only',
  'failed-call',
  'dry-run',
  'duplicate',
  'out-of-scope',
  'no-resource-id',
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
  return replayArchive(await readFor([options], paths, options), options);
}

/**
 * Reads the archive below `paths` once, for one replay or several.
 * @throws the signal's reason when aborted.
 */
export async function readFor(
  replays: readonly Pick<ReplayOptions, 'controls' | 'policy'>[],
  paths: readonly string[],
  { threads, stored, onProgress, signal }: Omit<ReplayOptions, 'controls' | 'policy' | 'now'>,
): Promise<Archive> {
  const enabled = new Set(replays.flatMap(({ controls, policy }) => enabledBy(policy, controls)));
  return readArchive(paths, {
    wanted: wantedEvents([...enabled], contextEvents),
    ...(threads === undefined ? {} : { threads }),
    ...(stored === undefined ? {} : { stored }),
    ...(onProgress === undefined ? {} : { onProgress }),
    ...(signal === undefined ? {} : { signal }),
  });
}

/**
 * Replays an archive that was read for it. Events that were read for another replay alone are ignored as
 * `only-context`.
 * @throws the signal's reason when aborted.
 */
export async function replayArchive(
  archive: Archive,
  options: Omit<ReplayOptions, 'threads' | 'stored' | 'onProgress'>,
): Promise<Replay> {
  const { controls, policy, scope = {}, signal } = options;
  const enabled = enabledBy(policy, controls);
  const state = new RunState(enabled, options);
  const told = await follow(archive.events, state, new Matcher(enabled), scope, signal);
  return {
    records: archive.records,
    matched: told.matched,
    ignored: { ...told.ignored, 'not-relevant': archive.uninteresting },
    rejected: archive.rejected,
    verdicts: state.verdicts,
    posture: state.posture(),
    findings: [...state.findings.values()],
    openers: state.openers,
    period: { from: isoOrNull(told.from), to: isoOrNull(told.to) },
    inputErrors: archive.inputErrors,
    files: archive.files,
    skipped: archive.skipped,
  };
}

function enabledBy(policy: Policy, controls: readonly Control[]): readonly Control[] {
  return controls.filter((control) => policy.controls.get(control.id)?.enabled === true);
}

interface Told {
  readonly matched: number;
  readonly ignored: Record<IgnoredReason, number>;
  readonly from: number | undefined;
  readonly to: number | undefined;
}

/** Walks the events through time, deciding which are evaluated and why the others are not. */
async function follow(
  events: readonly ArchiveEvent[],
  state: RunState,
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
    matcher.onlyDeletes(event),
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
    state.learn(event);
    if (!matcher.declares(event)) {
      ignored['context-only'] += 1;
      continue;
    }
    if (scope.since !== undefined && event.time !== undefined && event.time < scope.since) {
      ignored['out-of-scope'] += 1;
      continue;
    }
    const { triggered, deleted } = matcher.match(event);
    if (triggered.length === 0 && deleted.length === 0) {
      ignored[inScope(event, scope) ? 'no-resource-id' : 'out-of-scope'] += 1;
      continue;
    }
    const within = ({ resource }: Concern) => inScope(resource, scope);
    const [evaluable, deletions] = [triggered.filter(within), deleted.filter(within)];
    if (evaluable.length === 0 && deletions.length === 0) {
      ignored['out-of-scope'] += 1;
      continue;
    }
    matched += 1;
    if (event.time !== undefined) {
      from = Math.min(from ?? event.time, event.time);
      to = Math.max(to ?? event.time, event.time);
    }
    await state.take(event, evaluable, deletions);
  }
  return { matched, ignored, from, to };
}

function inScope(where: { readonly account: string; readonly region: string }, scope: Scope): boolean {
  return (scope.accounts?.has(where.account) ?? true) && (scope.regions?.has(where.region) ?? true);
}

function isoOrNull(time: number | undefined): string | null {
  return time === undefined ? null : new Date(time).toISOString();
}
