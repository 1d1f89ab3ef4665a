/** What a part of the benchmark found, and how it is shown. */
import Table from 'cli-table3';

/** One line of out/bench.json. What has no target is there to be looked at. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: 's' | 'ms' | 'MiB' | 'KB' | 'events/s' | 'events';
  readonly comparedWith: string | null;
  /** How many times the other's value, where `target` says "at most"; how many times as fast, where "at least". */
  readonly ratio: number | null;
  readonly target: string | null;
  readonly met: boolean | null;
}

/** A part of the benchmark, measured. */
export interface Part {
  readonly figures: readonly Figure[];
  /** What was left out and why, and what the names stand for; a line or more each. */
  readonly notes: readonly string[];
  /** What was wrong with the measuring itself, such as contenders that count differently; none is as it should be. */
  readonly faults: readonly string[];
}

/** A figure to be looked at. */
export function plainFigure(name: string, value: number, unit: Figure['unit']): Figure {
  return { name, value, unit, comparedWith: null, ratio: null, target: null, met: null };
}

/** The value in the middle; of an even number of values, between the two. `undefined` of none. */
export function median(values: readonly number[]): number | undefined {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle];
  return sorted.length % 2 === 1 || upper === undefined ? upper : (upper + (sorted[middle - 1] ?? upper)) / 2;
}

export function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}

/** The figures as a table. */
export function tableOf(figures: readonly Figure[]): string {
  const table = new Table({
    head: ['', 'median', 'against', 'ratio', 'target', ''],
    style: { head: [], border: [] },
  });
  for (const { name, value, unit, comparedWith, ratio, target, met } of figures) {
    const verdict = met === null ? '' : met ? 'met' : 'NOT MET';
    table.push([
      name,
      `${value} ${unit}`,
      comparedWith ?? '',
      ratio === null ? '' : `${ratio}×`,
      target ?? '',
      verdict,
    ]);
  }
  return table.toString();
}
