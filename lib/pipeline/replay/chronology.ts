/** The order in which an archive's events happened, as well as it can be told. */
import type { TrailEvent } from '../../core/control.ts';
import type { ArchiveEvent } from '../../trail/archive.ts';

export interface Chronology {
  /** Successful events, each once, in the order of time. */
  readonly succeeded: readonly TrailEvent[];
  readonly failed: number;
  readonly dryRuns: number;
  /** Records that say, field for field, what another one says. Equal event ids alone are no proof of that. */
  readonly duplicates: number;
}

/**
 * Sorts events by time. One without a time keeps its place behind the record before it in its file. CloudTrail's
 * clock ticks in seconds: within one, what makes a resource goes first and what ends it last; otherwise the
 * order of the files holds. ReplicateKey goes before the CreateKey that it brings about in another Region, which
 * says less of the new key. Source: AWS KMS Developer Guide, "ReplicateKey" (CloudTrail entry).
 */
export function chronological(
  events: readonly ArchiveEvent[],
  onlyDeletes: (event: TrailEvent) => boolean,
): Chronology {
  const seen = new Seen();
  const placed: { readonly event: TrailEvent; readonly time: number; readonly rank: number }[] = [];
  let failed = 0;
  let dryRuns = 0;
  let duplicates = 0;
  let file: string | undefined;
  let time = Number.NEGATIVE_INFINITY;
  for (const { event, file: from } of events) {
    if (from !== file) {
      file = from;
      time = Number.NEGATIVE_INFINITY;
    }
    time = event.time ?? time;
    if (event.outcome.kind === 'failed') {
      failed += 1;
      continue;
    }
    if (event.outcome.kind === 'dry-run') {
      dryRuns += 1;
      continue;
    }
    if (seen.before(event)) {
      duplicates += 1;
      continue;
    }
    placed.push({ event, time, rank: onlyDeletes(event) ? ranks.ends : rankOf(event.eventName) });
  }
  // Array.prototype.sort is stable, so ties keep the order in which the archive was read.
  placed.sort((a, b) => compare(a.time, b.time) || a.rank - b.rank);
  return { succeeded: placed.map(({ event }) => event), failed, dryRuns, duplicates };
}

const ranks = { replicates: 0, creates: 1, changes: 2, ends: 3 } as const;

function rankOf(eventName: string): number {
  if (eventName.startsWith('Replicate')) return ranks.replicates;
  return /^(Create|Run|Schedule|Import)/.test(eventName) ? ranks.creates : ranks.changes;
}

function compare(a: number, b: number): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The records so far. Only those that agree in id, time and name are written out and compared whole. */
class Seen {
  readonly #alike = new Map<string, TrailEvent | Set<string>>();

  /** Whether an equal record came before; from now on it has. */
  before(event: TrailEvent): boolean {
    const key = `${event.id} ${event.time} ${event.eventName}`;
    const alike = this.#alike.get(key);
    if (alike === undefined) {
      this.#alike.set(key, event);
      return false;
    }
    const texts = alike instanceof Set ? alike : new Set([canonical(alike.raw)]);
    const count = texts.size;
    this.#alike.set(key, texts.add(canonical(event.raw)));
    return texts.size === count;
  }
}

/** JSON with the keys of every object in order, so that equal records are equal texts. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
      : inner,
  );
}
