/** The order in which an archive's events happened, as far as it is known. */
import type { TrailEvent } from '../../core/control.ts';
import type { ArchiveEvent } from '../../trail/archive.ts';

/**
 * Sorts events by time. One without a time keeps its place behind the record before it in its file. CloudTrail's
 * clock ticks in seconds: within one, what makes a resource goes first and what deletes it last; otherwise the order
 * of the files holds. ReplicateKey goes before the CreateKey that it brings about in another Region, which says less
 * of the new key. Source: AWS KMS Developer Guide, "ReplicateKey" (CloudTrail entry).
 * @param events in the order of their files and of their places in these.
 * @param onlyDeletes whether an event can do nothing but delete resources.
 * @returns every event, in the order in which `replay` takes them.
 * @example inOrderOfTime(archive.events, (event) => matcher.onlyDeletes(event))
 */
export function inOrderOfTime(
  events: Iterable<ArchiveEvent>,
  onlyDeletes: (event: TrailEvent) => boolean,
): readonly TrailEvent[] {
  const placed: { readonly event: TrailEvent; readonly time: number; readonly rank: number }[] = [];
  let file: string | undefined;
  let time = Number.NEGATIVE_INFINITY;
  for (const { event, file: from } of events) {
    if (from !== file) {
      file = from;
      time = Number.NEGATIVE_INFINITY;
    }
    time = event.time ?? time;
    placed.push({ event, time, rank: onlyDeletes(event) ? ranks.deletes : rankOf(event.eventName) });
  }
  // Array.prototype.sort is stable, so ties keep the order in which the archive was read.
  placed.sort((a, b) => compare(a.time, b.time) || a.rank - b.rank);
  return placed.map(({ event }) => event);
}

const ranks = { replicates: 0, creates: 1, changes: 2, deletes: 3 } as const;

function rankOf(eventName: string): number {
  if (eventName.startsWith('Replicate')) return ranks.replicates;
  return /^(Create|Run|Schedule|Import)/.test(eventName) ? ranks.creates : ranks.changes;
}

function compare(a: number, b: number): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/**
 * Finds records that equal an earlier one field for field, among events in the order of time. Equal event ids
 * alone are no proof of that: only records that agree in id, time and name are written out and compared whole, so that
 * no more is kept than those of one moment, and those without a time.
 * @example
 * const duplicates = new Duplicates();
 * for (const event of inOrder) if (!duplicates.has(event)) …
 */
export class Duplicates {
  #time: number | undefined;
  readonly #ofThisTime = new Map<string, TrailEvent | Set<string>>();
  readonly #untimed = new Map<string, TrailEvent | Set<string>>();

  /** Whether an equal record came before; from now on it has. */
  has(event: TrailEvent): boolean {
    if (event.time !== undefined && event.time !== this.#time) {
      this.#time = event.time;
      this.#ofThisTime.clear();
    }
    const seen = event.time === undefined ? this.#untimed : this.#ofThisTime;
    const key = `${event.id} ${event.eventName}`;
    const alike = seen.get(key);
    if (alike === undefined) {
      seen.set(key, event);
      return false;
    }
    const texts = alike instanceof Set ? alike : new Set([canonical(alike.raw)]);
    const count = texts.size;
    seen.set(key, texts.add(canonical(event.raw)));
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
