/**
 * One program, once, in this process: `node bench/measure.ts PROGRAM FOLDER`. Prints one line of JSON. The clock starts when
 * everything is loaded, and stops at the result; peak memory is that of the whole process.
 */
import { benchArchive } from './archive.ts';
import { type ContenderName, contenders, type MeasuredOutcome } from './contenders.ts';

export interface Measurement extends MeasuredOutcome {
  readonly seconds: number;
  readonly peakMiB: number;
}

const [name = '', folder = ''] = process.argv.slice(2);
if (!Object.hasOwn(contenders, name)) throw new Error(`no contender is called ${JSON.stringify(name)}`);
const run = await contenders[name as ContenderName]();
const archive = benchArchive(folder);
const start = performance.now();
const outcome = await run(archive);
const seconds = (performance.now() - start) / 1000;
const measurement: Measurement = { ...outcome, seconds, peakMiB: process.resourceUsage().maxRSS / 1024 };
process.stdout.write(`${JSON.stringify(measurement)}\n`);
