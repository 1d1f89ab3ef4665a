/**
 * A thread that reads files of an archive, one after the other, as `lib/trail/archive.ts` hands them out. It
 * imports no more than reading needs: what it finds is parsed into events by the main thread.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { type FileReading, readFile } from './reading.ts';
import { type CompiledScanner, Scanner, type WantedList, wantedIn } from './scanner.ts';

export interface WorkerTask {
  /** In the order in which they are to be read. */
  readonly paths: readonly string[];
  /** One number, shared by all threads: which of `paths` is next. */
  readonly next: Int32Array;
  readonly wanted: WantedList | 'all';
  readonly scanner: CompiledScanner;
}

export interface WorkerResult {
  /** Of `paths`. */
  readonly turn: number;
  readonly reading: FileReading;
}

if (parentPort !== null) {
  const { paths, next, wanted: list, scanner: compiled }: WorkerTask = workerData;
  const wanted = wantedIn(list);
  const scanner = new Scanner(compiled, wanted);
  for (let turn = Atomics.add(next, 0, 1); turn < paths.length; turn = Atomics.add(next, 0, 1)) {
    const path = paths[turn];
    if (path === undefined) break;
    const result: WorkerResult = { turn, reading: readFile(path, scanner, wanted) };
    parentPort.postMessage(result);
  }
}
