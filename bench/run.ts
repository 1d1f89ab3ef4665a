/**
 * The benchmark: `npm run bench`, or `npm run bench -- PART…` for some of its parts. Measures side by side, takes
 * medians, prints tables and writes out/bench.json. It never fails because something is slow: it exits with 1 only when
 * something can't be measured, or the measurement is invalid.
 *
 *     BENCH_ROUNDS=9 npm run bench -- reading
 *     npm run bench -- --quick          one round of each: tests that it works, not how fast
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';
import { measureColdStart } from './cold-start/cold-start.ts';
import { type BenchPart, tableOf } from './figure.ts';
import { measureReading } from './reading.ts';
import { measureThroughput } from './throughput.ts';

const rounds = Math.max(1, Number(process.env['BENCH_ROUNDS'] ?? 5) || 5);
const quick = process.argv.includes('--quick');

const parts: Readonly<Record<string, () => BenchPart | Promise<BenchPart>>> = {
  reading: () => measureReading(quick ? 1 : rounds),
  'cold-start': () => measureColdStart(quick ? 1 : Math.max(9, rounds)),
  throughput: () => measureThroughput(quick ? [1, 10] : undefined),
};

const requested = process.argv.slice(2).filter((argument) => argument !== '--quick');
const unknown = requested.find((name) => !Object.hasOwn(parts, name));
if (unknown !== undefined) {
  throw new Error(
    `there is no part ${JSON.stringify(unknown)}; the parts are ${Object.keys(parts).join(', ')}`,
  );
}

console.log(`Node ${process.version}, ${availableParallelism()} × ${cpus()[0]?.model ?? 'CPU'}.`);
const results: BenchPart[] = [];
for (const [name, measure] of Object.entries(parts)) {
  if (requested.length > 0 && !requested.includes(name)) continue;
  const part = await measure();
  results.push(part);
  console.log(tableOf(part.figures));
  for (const note of part.notes) console.log(note);
  for (const fault of part.faults) {
    console.error(fault);
    process.exitCode = 1;
  }
}
const out = join(import.meta.dirname, '..', 'out');
mkdirSync(out, { recursive: true });
const figures = results.flatMap((part) => part.figures);
writeFileSync(join(out, 'bench.json'), `${JSON.stringify(figures, null, 2)}\n`);
console.log('Written to out/bench.json.');
