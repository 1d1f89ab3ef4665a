/**
 * Reading an archive. Makes the archive under .bench/ when it is not there, and lets each contender read it in a
 * process of its own, several rounds, one after the other within each round so that a busy machine is busy for all
 * of them.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { benchArchive } from './archive.ts';
import type { ContenderName } from './contenders.ts';
import { type BenchPart, type Figure, median, plainFigure, rounded } from './figure.ts';
import type { Measurement } from './measure.ts';

const folder = join(import.meta.dirname, '..', '.bench', 'archive');
const names: readonly ContenderName[] = [
  'gunzip',
  'trailseal-1',
  'gunzip+JSON.parse',
  'trailseal-2',
  'duckdb',
  'duckdb-1',
  'gunzip, sized',
];

const targets: readonly {
  readonly name: 'trailseal-1' | 'trailseal-2';
  readonly against: ContenderName;
  readonly atLeast?: number;
  readonly atMost?: number;
}[] = [
  { name: 'trailseal-1', against: 'gunzip+JSON.parse', atLeast: 1.8 },
  { name: 'trailseal-1', against: 'gunzip', atMost: 1.9 },
  { name: 'trailseal-1', against: 'duckdb', atLeast: 2.5 },
  { name: 'trailseal-2', against: 'gunzip', atMost: 1.1 },
];
const maxMiB = 350;

/** @throws Error when a contender fails, but for DuckDB, which is left out then. */
export function measureReading(rounds: number): BenchPart {
  const archive = benchArchive(folder);
  const mb = (bytes: number): string => (bytes / 1e6).toFixed(0);
  console.log(
    `Reading ${archive.records.toLocaleString('en')} records in ${archive.files.length} files, ` +
      `${mb(archive.rawBytes)} MB raw, ${mb(archive.gzipBytes)} MB gzip.\n` +
      `${rounds} rounds, medians; starting Node and loading code is left out for all alike.`,
  );

  const measured = new Map<ContenderName, Measurement[]>(names.map((name) => [name, []]));
  const missing = new Map<ContenderName, string>();
  for (let round = 0; round < rounds; round++) {
    for (const name of names) {
      if (missing.has(name)) continue;
      const result = measure(name);
      if (typeof result !== 'string') measured.get(name)?.push(result);
      else if (name.startsWith('duckdb')) missing.set(name, result);
      else throw new Error(`${name} failed:\n${result}`);
    }
  }
  return {
    figures: figuresOf((name, of) => median((measured.get(name) ?? []).map((one) => one[of]))),
    notes: [
      ...[...missing].map(([name, why]) => `${name} was left out: ${why.trim().split('\n').at(-1)}`),
      'trailseal-1 and -2: replay with one thread and two. gunzip: gunzipSync(file); "sized": zlib at its fastest,\n' +
        'told beforehand how much room it needs, as a floor below the floor. duckdb: its default settings, all cores;\n' +
        'duckdb-1: one thread.',
    ],
    faults: disagreements(new Map(names.map((name) => [name, measured.get(name)?.[0]]))),
  };
}

function measure(name: ContenderName): Measurement | string {
  const program = join(import.meta.dirname, 'measure.ts');
  const child = spawnSync(process.execPath, [program, name, folder], {
    encoding: 'utf8',
    maxBuffer: 2 ** 24,
  });
  if (child.status !== 0) return child.stderr || String(child.error ?? `exit code ${child.status}`);
  const result: Measurement = JSON.parse(child.stdout);
  return result;
}

function figuresOf(
  middle: (name: ContenderName, of: 'seconds' | 'peakMiB') => number | undefined,
): readonly Figure[] {
  const figures: Figure[] = [];
  for (const { name, against, atLeast, atMost } of targets) {
    const own = middle(name, 'seconds');
    const other = middle(against, 'seconds');
    if (own === undefined || other === undefined) continue;
    const ratio = atLeast === undefined ? own / other : other / own;
    const met = atLeast === undefined ? ratio <= (atMost ?? 0) : ratio >= atLeast;
    const target =
      atLeast === undefined ? `at most ${atMost} times the time` : `at least ${atLeast} times as fast`;
    figures.push({
      name,
      value: rounded(own, 3),
      unit: 's',
      comparedWith: against,
      ratio: rounded(ratio, 2),
      target,
      met,
    });
  }
  for (const name of ['trailseal-1', 'trailseal-2'] as const) {
    const peak = middle(name, 'peakMiB');
    if (peak === undefined) continue;
    const target = `at most ${maxMiB} MiB`;
    figures.push({
      ...plainFigure(`${name} memory`, Math.round(peak), 'MiB'),
      target,
      met: peak <= maxMiB,
    });
  }
  for (const name of names) {
    const seconds = middle(name, 'seconds');
    if (seconds === undefined || name.startsWith('trailseal')) continue;
    figures.push(plainFigure(name, rounded(seconds, 3), 's'));
  }
  return figures;
}

/** What the contenders do not agree about, of what they count. */
function disagreements(outcomes: ReadonlyMap<ContenderName, Measurement | undefined>): readonly string[] {
  return (['records', 'matching'] as const).flatMap((counted) => {
    const told = [...outcomes].flatMap(([name, one]) =>
      one?.[counted] === undefined ? [] : [[name, one[counted]]],
    );
    return new Set(told.map(([, count]) => count)).size > 1
      ? [`The contenders disagree about ${counted}: ${told.map((pair) => pair.join(' ')).join(', ')}`]
      : [];
  });
}
