/**
 * A thread that reads files of an archive, one after the other, as `lib/trail/archive.ts` hands them out. It
 * imports no more than reading needs: what it finds is parsed into events by the main thread.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { type FileReading, readBytes, readFile, type WantedElement } from './reading.ts';
import { type CompiledScanner, Scanner, type WantedList, wantedIn } from './scanner.ts';

export interface WorkerTask {
  /** Paths, or what is stored in a file, in the order in which they are to be read. */
  readonly files: readonly (string | Uint8Array)[];
  /** How many of them, from the first on, are for workers alone. */
  readonly large: number;
  /** Numbers shared by all threads: which of the large files is next, and which of the others. */
  readonly next: { readonly large: Int32Array; readonly small: Int32Array };
  /** How many messages of this worker were not taken: whoever takes one counts down, and notifies. */
  readonly waiting: Int32Array;
  readonly wanted: WantedList | 'all';
  readonly scanner: CompiledScanner;
}

export interface WorkerResult {
  /** Of `files`. */
  readonly turn: number;
  /** Some of the file's wanted elements, or the last of them with all else. */
  readonly part: readonly WantedElement[] | FileReading;
}

/**
 * Most elements in a message, and most messages that wait to be taken. Node takes all that wait at once: so whoever takes
 * them is busy for some ten milliseconds, and no more is in memory.
 */
const elementsInPart = 500;
const partsWaiting = 4;

if (parentPort !== null) {
  const { files, large, next, waiting, wanted: list, scanner: compiled }: WorkerTask = workerData;
  const wanted = wantedIn(list);
  const scanner = new Scanner(compiled, wanted);
  const post = (turn: number, reading: FileReading): void => {
    const send = (part: WorkerResult['part']): void => {
      for (let count = Atomics.load(waiting, 0); count >= partsWaiting; count = Atomics.load(waiting, 0)) {
        Atomics.wait(waiting, 0, count);
      }
      Atomics.add(waiting, 0, 1);
      parentPort?.postMessage({ turn, part });
    };
    const { wanted: found } = reading;
    let from = 0;
    for (; found.length - from > elementsInPart; from += elementsInPart) {
      send(found.slice(from, from + elementsInPart));
    }
    send({ ...reading, wanted: found.slice(from) });
  };
  const readFrom = (counter: Int32Array, end: number): void => {
    for (let turn = Atomics.add(counter, 0, 1); turn < end; turn = Atomics.add(counter, 0, 1)) {
      const file = files[turn] ?? '';
      const reading =
        typeof file === 'string'
          ? readFile(file, scanner, wanted)
          : readBytes(Buffer.from(file.buffer, file.byteOffset, file.byteLength), scanner, wanted);
      post(turn, reading);
    }
  };
  readFrom(next.large, large);
  readFrom(next.small, files.length);
}
