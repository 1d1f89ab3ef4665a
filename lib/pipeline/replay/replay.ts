/**
 * Replay: what the controls and a policy would have made of an archive of CloudTrail. Events come in the order of time,
 * each resource is followed from event to event, and every plan stops short of being carried out.
 */
import type { AccountRegion } from '../../core/account-region.ts';
import type { Control, TrailEvent, Verdict } from '../../core/control.ts';
import { Turns } from '../../core/turns.ts';
import type { ResourceDescription } from '../../findings/asff-resource.ts';
import type { Finding } from '../../findings/finding.ts';
import type { Policy } from '../../policy/model.ts';
import {
  type Archive,
  type InputError,
  type ReadProgress,
  readArchive,
  type StoredFiles,
} from '../../trail/archive.ts';
import { type Concern, Matcher, wantedActors, wantedEvents } from '../match.ts';
import { contextEvents } from '../trail-facts.ts';
import { Duplicates, inOrderOfTime } from './chronology.ts';
import { ReplayState, type ReplayStateOptions } from './state.ts';

/** What is evaluated; an absent bound does not bind. */
export interface ReplayScope {
  /** Epoch milliseconds; the facts of earlier events count, but they are not evaluated. */
  readonly since?: number;
  /** Epoch milliseconds; events at or after it are left alone. */
  readonly until?: number;
  readonly accounts?: ReadonlySet<string>;
  readonly regions?: ReadonlySet<string>;
}

export interface ReplayOptions extends Omit<ReplayStateOptions, 'onEvaluated'> {
  /** Those that the policy enables are evaluated. */
  readonly controls: readonly Control[];
  readonly scope?: ReplayScope;
  readonly signal?: AbortSignal;
}

/** How an archive is read. */
export interface ReadingOptions {
  readonly threads?: number;
  /** Read as well as the paths. */
  readonly stored?: StoredFiles;
  readonly onProgress?: (progress: ReadProgress) => void;
  readonly signal?: AbortSignal;
}

/** Where the results of a replay go. */
export interface ReplaySink {
  /** Is given every evaluation as it is made, with the id that its finding has or would have. */
  readonly evaluated?: ReplayStateOptions['onEvaluated'];
  /**
   * Is given each finding once, as it is after the last event, in the order in which they were first opened.
   * @param opener the record that opened it, last if it was reopened.
   * @param described what is known of its resource.
   */
  finding(finding: Finding, opener: TrailEvent, described: ResourceDescription): void | Promise<void>;
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

/** What the relevant records of the input were about, whatever the scope: what a scope that matched nothing missed. */
export interface SeenInput {
  /** Those of the events, and those of the evaluated resources. */
  readonly accounts: ReadonlySet<string>;
  readonly regions: ReadonlySet<string>;
  /** From the first to the last: ISO 8601, UTC. */
  readonly from: string | null;
  readonly to: string | null;
}

/** What a replay counts. */
export interface ReplayCounts {
  /** Records that were evaluated. */
  readonly matched: number;
  readonly ignored: Readonly<Record<IgnoredReason, number>>;
  readonly verdicts: Readonly<Record<Verdict, number>>;
  /** The last verdicts on the resources that exist, by control. */
  readonly posture: Readonly<Record<string, Readonly<Record<Verdict, number>>>>;
  /** From the first to the last record that was evaluated: ISO 8601, UTC. */
  readonly period: { readonly from: string | null; readonly to: string | null };
  readonly seen: SeenInput;
}

/** What came of a replay, all at once, for outputs that need all of it. */
export interface Replay extends ReplayCounts {
  /** Always `matched` + the sum of `ignored` + `rejected`. */
  readonly records: number;
  readonly rejected: number;
  /** In the order in which they were first opened. */
  readonly findings: readonly Finding[];
  /** The record that opened each finding (last), by finding id. */
  readonly openers: ReadonlyMap<string, TrailEvent>;
  /** What is known of the resource of each finding, by finding id. */
  readonly described: ReadonlyMap<string, ResourceDescription>;
  readonly inputErrors: readonly InputError[];
  readonly files: number;
  readonly skipped: Archive['skipped'];
}

/**
 * Takes events one by one and gives what comes of them to a sink. Nothing is kept but the facts that the events prove
 * and what is known of each resource.
 *
 * The events are those of all accounts and Regions together, in the order of time, and not one account after the
 * other. There are two reasons. The guardrails of a policy also limit the actions in all accounts together, so that a
 * plan depends on what other accounts did before. And an event of one account may name resources of another (a grant
 * of a shared key), and one of a Region those of another (replicas of a key), so that the facts of one account are
 * not enough. Whoever brings the events may read account by account and merge them by time.
 * @param source in the order of time (`inOrderOfTime`); failed calls, dry runs and duplicates may be among them.
 * @throws the signal's reason when aborted, and what the source and the sink throw.
 * @example
 * const events = inOrderOfTime(archive.events, (event) => matcher.onlyDeletes(event));
 * const { verdicts } = await replay(events, { controls, policy, now: new Date() }, {
 *   finding: (finding) => console.log(finding.id, finding.status),
 * });
 */
export async function replay(
  source: Iterable<TrailEvent> | AsyncIterable<TrailEvent>,
  { controls, policy, now, scope = {}, signal }: ReplayOptions,
  sink: ReplaySink,
): Promise<ReplayCounts> {
  const enabled = enabledBy(policy, controls);
  const matcher = new Matcher(enabled);
  const state = new ReplayState(enabled, { policy, now, onEvaluated: sink.evaluated });
  const duplicates = new Duplicates();
  const ignored = noneIgnored();
  let matched = 0;
  const evaluated = new TimeSpan();
  const all = new TimeSpan();
  const accounts = new Set<string>();
  const regions = new Set<string>();
  const see = ({ account, region }: AccountRegion): void => {
    accounts.add(account);
    regions.add(region);
  };
  signal?.throwIfAborted();
  const turns = new Turns(signal);
  for await (const event of source) {
    await turns.giveWay();
    see(event);
    all.add(event.time);
    const reason = whyNotReplayed(event, duplicates);
    if (reason !== undefined) {
      ignored[reason] += 1;
      continue;
    }
    const taken = takenOf(event, state, matcher, scope);
    if (typeof taken === 'string') {
      ignored[taken] += 1;
      continue;
    }
    matched += 1;
    evaluated.add(event.time);
    for (const { resource } of [...taken.triggered, ...taken.deleted]) see(resource);
    await state.take(event, taken.triggered, taken.deleted);
  }
  for (const [id, finding] of state.findings) {
    await turns.giveWay();
    const opener = state.openers.get(id);
    if (opener === undefined) throw new TypeError(`the finding ${id} was opened by no event`);
    await sink.finding(finding, opener, state.described.get(id) ?? {});
  }
  return {
    matched,
    ignored,
    verdicts: state.verdicts,
    posture: state.posture(),
    period: evaluated.iso(),
    seen: { accounts, regions, ...all.iso() },
  };
}

/**
 * Reads the archive below `paths` and replays it.
 * @throws the signal's reason when aborted. What is wrong with the input is in `inputErrors`, and not thrown.
 * @example await replayPaths(['./cloudtrail'], { controls, policy: defaultPolicy(controls), now: new Date() });
 */
export async function replayPaths(
  paths: readonly string[],
  options: ReplayOptions & ReadingOptions,
): Promise<Replay> {
  return replayArchive(await readFor([options], paths, options), options);
}

/**
 * Reads the archive below `paths` once, for one replay or several.
 * @throws the signal's reason when aborted.
 * @example const archive = await readFor([{ controls, policy: old }, { controls, policy: new }], paths, {});
 */
export async function readFor(
  replays: readonly Pick<ReplayOptions, 'controls' | 'policy'>[],
  paths: readonly string[],
  { threads, stored, onProgress, signal }: ReadingOptions,
): Promise<Archive> {
  const enabled = new Set(replays.flatMap(({ controls, policy }) => enabledBy(policy, controls)));
  return readArchive(paths, {
    // A trigger by actor names no events, so every record is read.
    wanted:
      wantedActors([...enabled]).length > 0 ? ('all' as const) : wantedEvents([...enabled], contextEvents),
    ...(threads === undefined ? {} : { threads }),
    ...(stored === undefined ? {} : { stored }),
    ...(onProgress === undefined ? {} : { onProgress }),
    ...(signal === undefined ? {} : { signal }),
  });
}

/**
 * Replays an archive that was read for it, and collects what comes of it. Events that were read for another replay
 * alone are ignored as `context-only`.
 * @throws the signal's reason when aborted.
 * @example const { findings } = await replayArchive(archive, { controls, policy, now: new Date() });
 */
export async function replayArchive(
  archive: Archive,
  options: ReplayOptions,
  evaluated?: ReplaySink['evaluated'],
): Promise<Replay> {
  const matcher = new Matcher(enabledBy(options.policy, options.controls));
  const findings: Finding[] = [];
  const openers = new Map<string, TrailEvent>();
  const described = new Map<string, ResourceDescription>();
  const source = inOrderOfTime(archive.events, (event) => matcher.onlyDeletes(event));
  const counts = await replay(source, options, {
    evaluated,
    finding: (finding, opener, about) => {
      findings.push(finding);
      openers.set(finding.id, opener);
      described.set(finding.id, about);
    },
  });
  const ignored = { ...counts.ignored, 'not-relevant': archive.uninteresting };
  for (const { event, copies } of archive.events) ignored[whyUnchanged(event) ?? 'duplicate'] += copies - 1;
  return {
    ...counts,
    ignored,
    records: archive.records,
    rejected: archive.rejected,
    findings,
    openers,
    described,
    inputErrors: archive.inputErrors,
    files: archive.files,
    skipped: archive.skipped,
  };
}

/**
 * The counts of ignored records before the first record: 0 for every reason.
 * @example noneIgnored()['duplicate'] // 0
 */
export function noneIgnored(): Record<IgnoredReason, number> {
  return Object.fromEntries(ignoredReasons.map((reason) => [reason, 0])) as Record<IgnoredReason, number>;
}

function enabledBy(policy: Policy, controls: readonly Control[]): readonly Control[] {
  return controls.filter((control) => policy.controls.get(control.id)?.enabled === true);
}

/** Why nothing is learned from an event: it changed nothing, or was there already. */
function whyNotReplayed(event: TrailEvent, duplicates: Duplicates): IgnoredReason | undefined {
  return whyUnchanged(event) ?? (duplicates.has(event) ? 'duplicate' : undefined);
}

function whyUnchanged({ outcome }: TrailEvent): IgnoredReason | undefined {
  if (outcome.kind === 'failed') return 'failed-call';
  return outcome.kind === 'dry-run' ? 'dry-run' : undefined;
}

/** Learns from a successful event. @returns what of it is evaluated; or why nothing is. */
function takenOf(
  event: TrailEvent,
  state: ReplayState,
  matcher: Matcher,
  scope: ReplayScope,
): { readonly triggered: readonly Concern[]; readonly deleted: readonly Concern[] } | IgnoredReason {
  if (scope.until !== undefined && event.time !== undefined && event.time >= scope.until) {
    return 'out-of-scope';
  }
  state.learn(event);
  if (!matcher.declares(event)) return 'context-only';
  if (scope.since !== undefined && event.time !== undefined && event.time < scope.since) {
    return 'out-of-scope';
  }
  const { triggered, deleted } = matcher.match(event);
  if (triggered.length === 0 && deleted.length === 0) {
    return inScope(event, scope) ? 'no-resource-id' : 'out-of-scope';
  }
  const within = ({ resource }: Concern) => inScope(resource, scope);
  const taken = { triggered: triggered.filter(within), deleted: deleted.filter(within) };
  return taken.triggered.length === 0 && taken.deleted.length === 0 ? 'out-of-scope' : taken;
}

function inScope({ account, region }: AccountRegion, scope: ReplayScope): boolean {
  return (scope.accounts?.has(account) ?? true) && (scope.regions?.has(region) ?? true);
}

/** From the earliest to the latest of some times. */
class TimeSpan {
  #from: number | undefined;
  #to: number | undefined;

  /** @param time epoch milliseconds. */
  add(time: number | undefined): void {
    if (time === undefined) return;
    this.#from = Math.min(this.#from ?? time, time);
    this.#to = Math.max(this.#to ?? time, time);
  }

  iso(): { readonly from: string | null; readonly to: string | null } {
    return { from: isoOrNull(this.#from), to: isoOrNull(this.#to) };
  }
}

function isoOrNull(time: number | undefined): string | null {
  return time === undefined ? null : new Date(time).toISOString();
}
