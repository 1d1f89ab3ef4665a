/**
 * The benchmark: `npm run bench`. Makes its archive under .bench/ when it is not there, lets each contender read
 * it in a process of its own, several rounds, one after the other within each round so that a busy machine is
 * busy for all of them; takes medians; prints a table and writes out/bench.json. It reports what it finds and
 * never fails for being slow: it exits with 1 only when a contender fails or counts differently.
 *
 *     BENCH_ROUNDS=9 npm run bench
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';
import Table from 'cli-table3';
import { benchArchive } from './archive.ts';
import type { ContenderName } from './contenders.ts';
import type { Measurement } from './measure.ts';

/** One line of out/bench.json. What has no target is there to be looked at. */
interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: 's' | 'MiB';
  readonly comparedWith: string | null;
  /** How many times the other's time, where `target` says "at most"; how many times as fast, where "at least". */
  readonly ratio: number | null;
  readonly target: string | null;
  readonly met: boolean | null;
}

const root = join(import.meta.dirname, '..');
const folder = join(root, '.bench', 'archive');
const rounds = Math.max(1, Number(process.env['BENCH_ROUNDS'] ?? 5) || 5);
const names: readonly ContenderName[] = [
  'gunzip',
  'trailseal-1',
  'gunzip+JSON.parse',
  'trailseal-2',
  'duckdb',
  'duckdb-1',
  'gunzip, sized',
];

const archive = benchArchive(folder);
const mb = (bytes: number): string => (bytes / 1e6).toFixed(0);
console.log(
  `${archive.records.toLocaleString('en')} records in ${archive.files.length} files, ${mb(archive.rawBytes)} MB raw, ` +
    `${mb(archive.gzipBytes)} MB gzip. Node ${process.version}, ${availableParallelism()} × ${cpus()[0]?.model ?? 'CPU'}.\n` +
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

function median(name: ContenderName, of: 'seconds' | 'peakMiB'): number | undefined {
  const values = (measured.get(name) ?? []).map((one) => one[of]).sort((a, b) => a - b);
  const middle = values.length >> 1;
  const upper = values[middle];
  return values.length % 2 === 1 || upper === undefined ? upper : (upper + (values[middle - 1] ?? upper)) / 2;
}

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

const round2 = (value: number): number => Math.round(value * 100) / 100;
const round3 = (value: number): number => Math.round(value * 1000) / 1000;
const figures: Figure[] = [];
for (const { name, against, atLeast, atMost } of targets) {
  const own = median(name, 'seconds');
  const other = median(against, 'seconds');
  if (own === undefined || other === undefined) continue;
  const ratio = atLeast === undefined ? own / other : other / own;
  const met = atLeast === undefined ? ratio <= (atMost ?? 0) : ratio >= atLeast;
  const target =
    atLeast === undefined ? `at most ${atMost} times the time` : `at least ${atLeast} times as fast`;
  figures.push({
    name,
    value: round3(own),
    unit: 's',
    comparedWith: against,
    ratio: round2(ratio),
    target,
    met,
  });
}
for (const name of ['trailseal-1', 'trailseal-2'] as const) {
  const peak = median(name, 'peakMiB');
  if (peak === undefined) continue;
  const target = `at most ${maxMiB} MiB`;
  figures.push({
    name: `${name} memory`,
    value: Math.round(peak),
    unit: 'MiB',
    comparedWith: null,
    ratio: null,
    target,
    met: peak <= maxMiB,
  });
}
for (const name of names) {
  const seconds = median(name, 'seconds');
  if (seconds === undefined || name.startsWith('trailseal')) continue;
  figures.push({
    name,
    value: round3(seconds),
    unit: 's',
    comparedWith: null,
    ratio: null,
    target: null,
    met: null,
  });
}

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
console.log(table.toString());
for (const [name, why] of missing) console.log(`${name} was left out: ${why.trim().split('\n').at(-1)}`);
console.log(
  'trailseal-1 and -2: replay with one thread and two. gunzip: gunzipSync(file); "sized": zlib at its fastest,\n' +
    'told beforehand how much room it needs, as a floor below the floor. duckdb: its default settings, all cores;\n' +
    'duckdb-1: one thread.',
);

const outcomes = new Map(names.map((name) => [name, measured.get(name)?.[0]]));
for (const counted of ['records', 'matching'] as const) {
  const told = [...outcomes].flatMap(([name, one]) =>
    one?.[counted] === undefined ? [] : [[name, one[counted]]],
  );
  if (new Set(told.map(([, count]) => count)).size > 1) {
    console.error(
      `The contenders disagree about ${counted}: ${told.map((pair) => pair.join(' ')).join(', ')}`,
    );
    process.exitCode = 1;
  }
}
mkdirSync(join(root, 'out'), { recursive: true });
writeFileSync(join(root, 'out', 'bench.json'), `${JSON.stringify(figures, null, 2)}\n`);
console.log('Written to out/bench.json.');
