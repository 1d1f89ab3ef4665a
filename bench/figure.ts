/** The results of a part of the benchmark, and how they are shown. */
import Table from 'cli-table3';

/** One entry of out/bench.json. A figure without a target is for information. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: 's' | 'ms' | 'MiB' | 'KB' | 'events/s' | 'events';
  readonly comparedWith: string | null;
  /** Where `target` says "at most", the value divided by the other's; where "at least", how many times as fast. */
  readonly ratio: number | null;
  readonly target: string | null;
  readonly met: boolean | null;
}

/** A part of the benchmark, measured. */
export interface BenchPart {
  readonly figures: readonly Figure[];
  /** What was skipped and why, and what the names mean; one or more lines each. */
  readonly notes: readonly string[];
  /** Errors of the measurement itself, such as programs that count differently; empty when it is valid. */
  readonly faults: readonly string[];
}

/** A figure without a target. */
export function plainFigure(name: string, value: number, unit: Figure['unit']): Figure {
  return { name, value, unit, comparedWith: null, ratio: null, target: null, met: null };
}

/** The middle value; of an even number of values, the mean of the two in the middle. `undefined` of none. */
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
