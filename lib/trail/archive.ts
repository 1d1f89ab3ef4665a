/**
 * Reading an archive of CloudTrail, fast: the events that are wanted, parsed, and the count of all others.
 *
 * A wanted record is rare. So each file is unpacked where it is scanned, in WebAssembly's memory (see
 * `archive/scanner/`); the scanner checks all of it as JSON.parse would and finds the records, and only those
 * that are wanted are parsed. `archive/reading.ts` says what a file's content means, which files there
 * are in `archive/files.ts`. Files are read in several threads, the largest first; each thread holds one file
 * at a time. The result is the same for any number of threads. What is stored elsewhere (`StoredFiles`) is
 * read here as it comes, which is slower than a thread reads it.
 */
import { availableParallelism } from 'node:os';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { compileScanner } from './archive/compile.ts';
import { type ArchiveEvent, bytesOf, Contents, type ReadProgress } from './archive/contents.ts';
import { type ArchiveFile, findFiles, type StoredFiles } from './archive/files.ts';
import { type FileReading, type InputError, readBytes, readFile, unread } from './archive/reading.ts';
import { type CompiledScanner, Scanner, type WantedList, wantedIn } from './archive/scanner.ts';
import type { WorkerResult, WorkerTask } from './archive/worker.ts';

export type { ArchiveEvent, ReadProgress } from './archive/contents.ts';
export type { StoredFiles } from './archive/files.ts';
export type { InputError } from './archive/reading.ts';

export interface Archive {
  /** Every record: uninteresting + events + rejected. */
  readonly records: number;
  /** Well-formed records that are not wanted. */
  readonly uninteresting: number;
  /** Elements that are not CloudTrail records; the first 1,000 of a file are each in `inputErrors`. */
  readonly rejected: number;
  /** The wanted records, in the order of their files' paths and of their place in the file. */
  readonly events: readonly ArchiveEvent[];
  readonly inputErrors: readonly InputError[];
  /** Files read. */
  readonly files: number;
  /** What was found in folders, or named, and rightly not read. */
  readonly skipped: readonly { readonly file: string; readonly why: string }[];
}

export interface ReadOptions {
  readonly wanted: WantedList | 'all';
  /** How many threads read; by default what suits the archive's size and the machine. */
  readonly threads?: number;
  /** Read as well as the paths. */
  readonly stored?: StoredFiles;
  /** Called in between; at most once a file. */
  readonly onProgress?: (progress: ReadProgress) => void;
  readonly signal?: AbortSignal;
}

/** Below this many stored bytes a thread more costs more than it brings: starting one takes 50 ms or so. */
const bytesWorthAThread = 4_000_000;
/** Each thread keeps memory for the largest file that it met, stored and unpacked. */
const maxThreads = 8;

/**
 * @param paths files, read by their content, and folders, walked.
 * @throws the signal's reason when aborted. What is wrong with the input is in `inputErrors`, not thrown.
 * @example const { records, events } = await readArchive(['./cloudtrail'], { wanted: wantedEvents(controls) });
 */
export async function readArchive(paths: readonly string[], options: ReadOptions): Promise<Archive> {
  options.signal?.throwIfAborted();
  const { stored, onProgress } = options;
  const found = findFiles(paths);
  const files = [...found.files, ...(stored?.files ?? [])];
  const contents = new Contents(files, onProgress);
  const compiled = compileScanner();
  await readFiles(found.files, compiled, options, contents.take);
  if (stored !== undefined) {
    await readStored(stored, compiled, options, (index, reading) =>
      contents.take(found.files.length + index, reading),
    );
  }
  const events: ArchiveEvent[] = [];
  const inputErrors: InputError[] = [...found.errors, ...(stored?.errors ?? [])];
  const skipped = [...found.skipped, ...(stored?.skipped ?? [])];
  let uninteresting = 0;
  let rejected = 0;
  let read = 0;
  for (const { file, content } of contents.inOrderOfPaths()) {
    if (content.skipped !== undefined) skipped.push({ file, why: content.skipped });
    if (content.read) read++;
    uninteresting += content.uninteresting;
    rejected += content.rejected;
    for (const error of content.errors) inputErrors.push({ file, ...error });
    for (const event of content.events) events.push(event);
  }
  const records = uninteresting + rejected + events.length;
  return {
    records,
    uninteresting,
    rejected,
    events,
    inputErrors,
    files: read,
    skipped,
  };
}

/**
 * Every record of some bytes, for those who want to see all of them: `trailseal explain`.
 * @param bytes one file's bytes, in any of the shapes that `archive/reading.ts` lists.
 * @param file what to call it in the errors.
 * @returns the records as JSON.parse made them (or envelopes around them), and what could not be read.
 * @example const { elements } = readDocument(readFileSync('event.json'), 'event.json');
 */
export function readDocument(
  bytes: Buffer,
  file: string,
): { elements: readonly unknown[]; inputErrors: readonly InputError[] } {
  const all = wantedIn('all');
  const { wanted, errors, skipped } = readBytes(bytes, new Scanner(compileScanner(), all), all);
  const fileErrors = skipped === undefined ? errors : [...errors, { reason: skipped }];
  return {
    elements: wanted.map(({ value }) => value),
    inputErrors: fileErrors.map((error) => ({ file, ...error })),
  };
}

type Take = (index: number, reading: FileReading) => void;

/** Reads each of `files`, and hands over what it holds with its index among them. */
async function readFiles(
  files: readonly ArchiveFile[],
  compiled: CompiledScanner,
  options: ReadOptions,
  taken: Take,
): Promise<void> {
  const { wanted: list, signal } = options;
  const bytes = bytesOf(files);
  // The largest first, so that no thread is left alone with it at the end.
  const turns = [...files.keys()].sort((a, b) => (files[b]?.bytes ?? 0) - (files[a]?.bytes ?? 0) || a - b);
  const paths = turns.map((index) => files[index]?.path ?? '');
  const next = new Int32Array(new SharedArrayBuffer(4));
  const done = new Set<number>();
  const take: Take = (turn, reading) => {
    done.add(turn);
    taken(turns[turn] ?? 0, reading);
  };

  const wanted = wantedIn(list);
  const task: WorkerTask = { paths, next, wanted: list, scanner: compiled };
  const workers = Array.from({ length: threadsFor(files, bytes, options.threads) - 1 }, () =>
    startWorker(task, take),
  );
  try {
    // This thread reads as well, and between files takes what the others found, or aborts.
    const scanner = new Scanner(compiled, wanted);
    let nextTurnAt = performance.now() + 10;
    for (let turn = Atomics.add(next, 0, 1); turn < paths.length; turn = Atomics.add(next, 0, 1)) {
      take(turn, readFile(paths[turn] ?? '', scanner, wanted));
      if (performance.now() < nextTurnAt) continue;
      await nextTurn();
      signal?.throwIfAborted();
      nextTurnAt = performance.now() + 10;
    }
    await orAborted(Promise.all(workers.map(({ ended }) => ended)), signal);
    // A worker that died (out of memory, most likely) has left its file; it is read here, alone.
    for (const [turn, path] of paths.entries()) {
      if (!done.has(turn)) take(turn, readFile(path, scanner, wanted));
    }
  } finally {
    await Promise.all(workers.map(({ worker }) => worker.terminate()));
  }
}

/** The same for files that are brought here: each is read when its bytes are there. */
async function readStored(
  stored: StoredFiles,
  compiled: CompiledScanner,
  { wanted: list }: ReadOptions,
  taken: Take,
): Promise<void> {
  const wanted = wantedIn(list);
  const scanner = new Scanner(compiled, wanted);
  await stored.fetch((index, content) =>
    taken(index, Buffer.isBuffer(content) ? readBytes(content, scanner, wanted) : unread(content)),
  );
}

function threadsFor(files: readonly ArchiveFile[], bytes: number, asked: number | undefined): number {
  const suitable = Math.min(availableParallelism(), Math.floor(bytes / bytesWorthAThread));
  return Math.max(1, Math.min(asked ?? suitable, files.length, maxThreads));
}

/** Bundled, the worker is a file of its own beside the bundle; in the sources it is where it is. */
const workerFile = new URL(
  import.meta.url.endsWith('.ts') ? './archive/worker.ts' : './archive-worker.js',
  import.meta.url,
);

function startWorker(
  task: WorkerTask,
  take: (turn: number, reading: FileReading) => void,
): { worker: Worker; ended: Promise<void> } {
  const worker = new Worker(workerFile, { workerData: task });
  worker.on('message', ({ turn, reading }: WorkerResult) => take(turn, reading));
  const ended = new Promise<void>((resolve) => {
    // Its error shows again where it matters: this thread reads whatever the worker did not.
    worker.on('error', () => resolve());
    worker.on('exit', () => resolve());
  });
  return { worker, ended };
}

async function orAborted(work: Promise<unknown>, signal: AbortSignal | undefined): Promise<void> {
  if (signal === undefined) {
    await work;
    return;
  }
  signal.throwIfAborted();
  const { promise, reject } = Promise.withResolvers<never>();
  const abort = (): void => reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  try {
    await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
