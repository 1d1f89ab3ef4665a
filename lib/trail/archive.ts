/**
 * Reading an archive of CloudTrail, fast: the events that are wanted, parsed, and the count of all others.
 *
 * A wanted record is rare. So each file is unpacked where it is scanned, in WebAssembly's memory (see
 * `archive/scanner/`); the scanner checks all of it as JSON.parse would and finds the records, and only those
 * that are wanted are parsed. `archive/reading.ts` says what a file's content means, which files there
 * are in `archive/files.ts`. Files are read in several threads, the largest first; each thread holds one file
 * at a time, and this thread none of the large ones. The result is the same for any number of threads. What is stored
 * elsewhere (`StoredFiles`) is read here as it comes, which is slower than a thread reads it.
 */
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { Turns } from '../core/turns.ts';
import { compileScanner } from './archive/compile.ts';
import { type ArchiveEvent, bytesOf, Contents, type ReadProgress } from './archive/contents.ts';
import { type ArchiveFile, findFiles, type StoredFiles } from './archive/files.ts';
import { openPipe, readPipe } from './archive/pipes.ts';
import {
  type FileError,
  type FileReading,
  type InputError,
  readBytes,
  readFile,
  unread,
} from './archive/reading.ts';
import { type CompiledScanner, Scanner, type WantedList, wantedIn } from './archive/scanner.ts';
import type { WorkerResult, WorkerTask } from './archive/worker.ts';

export type { ArchiveEvent, ReadProgress } from './archive/contents.ts';
export type { StoredFiles } from './archive/files.ts';
export type { InputError } from './archive/reading.ts';

export interface Archive {
  /** Every record: uninteresting + events, with their copies + rejected. */
  readonly records: number;
  /** Well-formed records that are not wanted. */
  readonly uninteresting: number;
  /** Elements that are not CloudTrail records; the first 1,000 of a file are each in `inputErrors`. */
  readonly rejected: number;
  /** The wanted records, in the order of their files' paths and of their place in the file; copies in a file count. */
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
 * Most stored bytes of a file that is read in this thread, which handles signals as well: they wait for no more than a
 * file of this size, a thousand times as large when it is unpacked.
 */
const bytesInThisThread = 512 * 1024;

/**
 * @param paths files, read by their content, and folders, walked.
 * @throws the signal's reason when aborted. What is wrong with the input is in `inputErrors`, not thrown.
 * @example const { records, events } = await readArchive(['./cloudtrail'], { wanted: wantedEvents(controls) });
 */
export async function readArchive(paths: readonly string[], options: ReadOptions): Promise<Archive> {
  options.signal?.throwIfAborted();
  const { stored, onProgress } = options;
  const turns = new Turns(options.signal);
  const found = await findFiles(paths, turns);
  const pipes = found.files.flatMap((file) => {
    const descriptor = openPipe(file.path);
    return descriptor === undefined ? [] : [{ ...file, descriptor }];
  });
  const others = found.files.filter(({ path }) => pipes.every((pipe) => pipe.path !== path));
  const files = [...others, ...pipes, ...(stored?.files ?? [])];
  const contents = new Contents(files, onProgress);
  const compiled = compileScanner();
  await readFiles(others, compiled, options, turns, takerOf(contents, 0));
  await readPipes(pipes, compiled, options, turns, takerOf(contents, others.length));
  if (stored !== undefined) {
    await readStored(stored, compiled, options, turns, takerOf(contents, found.files.length));
  }
  const events: ArchiveEvent[] = [];
  const inputErrors: InputError[] = [...found.errors, ...(stored?.errors ?? [])];
  const skipped = [...found.skipped, ...(stored?.skipped ?? [])];
  let uninteresting = 0;
  let rejected = 0;
  let read = 0;
  for (const { file, content } of contents.inOrderOfPaths()) {
    await turns.giveWay();
    if (content.skipped !== undefined) skipped.push({ file, why: content.skipped });
    if (content.read) read++;
    uninteresting += content.uninteresting;
    rejected += content.rejected;
    for (const error of content.errors) inputErrors.push({ file, ...error });
    for (const event of content.events) events.push(event);
  }
  const records = uninteresting + rejected + events.reduce((sum, { copies }) => sum + copies, 0);
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

/** Takes what files hold, by their index. */
type Taker = Pick<Contents, 'add' | 'take' | 'forget'>;

/** For files of which the first has the index `offset` in the contents. */
function takerOf(contents: Contents, offset: number): Taker {
  return {
    add: (index, wanted) => contents.add(offset + index, wanted),
    take: (index, reading) => contents.take(offset + index, reading),
    forget: (index) => contents.forget(offset + index),
  };
}

/** Reads each of `files`, and hands over what it holds with its index among them. */
async function readFiles(
  files: readonly ArchiveFile[],
  compiled: CompiledScanner,
  options: ReadOptions,
  turns: Turns,
  taker: Taker,
): Promise<void> {
  const { wanted: list, signal } = options;
  // The largest first, so that no thread is left alone with it at the end.
  const order = [...files.keys()].sort((a, b) => (files[b]?.bytes ?? 0) - (files[a]?.bytes ?? 0) || a - b);
  const paths = order.map((index) => files[index]?.path ?? '');
  const large = order.filter((index) => (files[index]?.bytes ?? 0) > bytesInThisThread).length;
  const next = { large: counterFrom(0), small: counterFrom(large) };
  const done = new Set<number>();
  const inTurns: Taker = {
    add: (turn, part) => taker.add(order[turn] ?? 0, part),
    take: (turn, reading) => {
      done.add(turn);
      taker.take(order[turn] ?? 0, reading);
    },
    forget: (turn) => taker.forget(order[turn] ?? 0),
  };

  const wanted = wantedIn(list);
  const task = { files: paths, large, next, wanted: list, scanner: compiled };
  const threads = threadsFor(files, bytesOf(files), options.threads);
  const workers = Array.from({ length: Math.max(threads - 1, Math.min(large, 1)) }, () =>
    startWorker(task, inTurns),
  );
  try {
    // This thread reads as well, and between files takes what the others found, or aborts.
    const scanner = new Scanner(compiled, wanted);
    for (
      let turn = Atomics.add(next.small, 0, 1);
      turn < paths.length;
      turn = Atomics.add(next.small, 0, 1)
    ) {
      inTurns.take(turn, readFile(paths[turn] ?? '', scanner, wanted));
      await turns.giveWay();
    }
    await orAborted(Promise.all(workers.map(({ ended }) => ended)), signal);
    for (const turn of paths.keys()) {
      // A worker that died (out of memory, most likely) has left its file: this time it has all memory to itself.
      if (done.has(turn)) continue;
      inTurns.forget(turn);
      await readAlone({ ...task, files: paths.slice(turn, turn + 1) }, turn, inTurns, signal);
    }
  } finally {
    await Promise.all(workers.map(({ worker }) => worker.terminate()));
  }
}

/** Reads one file in a thread that does nothing else. */
async function readAlone(
  task: Pick<WorkerTask, 'files' | 'wanted' | 'scanner'>,
  index: number,
  taker: Taker,
  signal: AbortSignal | undefined,
): Promise<void> {
  let done = false;
  const next = { large: counterFrom(0), small: counterFrom(1) };
  const { worker, ended } = startWorker(
    { ...task, large: 1, next },
    {
      add: (_, part) => taker.add(index, part),
      take: (_, reading) => {
        done = true;
        taker.take(index, reading);
      },
    },
  );
  try {
    const failure = await orAborted(ended, signal);
    if (done) return;
    taker.forget(index);
    const reason = `could not be read: ${failure?.message ?? 'its reader ended before it did'}`;
    taker.take(index, unread({ reason }));
  } finally {
    await worker.terminate();
  }
}

/** A number that threads share. */
function counterFrom(start: number): Int32Array {
  return new Int32Array(new SharedArrayBuffer(4)).fill(start);
}

/** The same for pipes, one after the other: each is read when its end is there. */
async function readPipes(
  pipes: readonly { readonly descriptor: number }[],
  compiled: CompiledScanner,
  options: ReadOptions,
  turns: Turns,
  taker: Taker,
): Promise<void> {
  const fetch: StoredFiles['fetch'] = async (take) => {
    for (const [index, { descriptor }] of pipes.entries()) {
      await take(index, await pipedBytes(descriptor, options.signal));
    }
  };
  await readStored({ fetch }, compiled, options, turns, taker);
}

async function pipedBytes(descriptor: number, signal: AbortSignal | undefined): Promise<Buffer | FileError> {
  try {
    return await readPipe(descriptor, signal);
  } catch (error) {
    signal?.throwIfAborted();
    return { reason: `could not be read: ${error instanceof Error ? error.message : String(error)}` };
  }
}

/** The same for files that are brought here: each is read when its bytes are there. */
async function readStored(
  stored: Pick<StoredFiles, 'fetch'>,
  compiled: CompiledScanner,
  { wanted: list, signal }: ReadOptions,
  turns: Turns,
  taker: Taker,
): Promise<void> {
  const wanted = wantedIn(list);
  const scanner = new Scanner(compiled, wanted);
  await stored.fetch(async (index, content) => {
    await turns.giveWay();
    if (!Buffer.isBuffer(content)) {
      taker.take(index, unread(content));
    } else if (content.length <= bytesInThisThread) {
      taker.take(index, readBytes(content, scanner, wanted));
    } else {
      await readAlone({ files: [content], wanted: list, scanner: compiled }, index, taker, signal);
    }
  });
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
  task: Omit<WorkerTask, 'waiting'>,
  taker: Pick<Taker, 'add' | 'take'>,
): { readonly worker: Worker; readonly ended: Promise<Error | undefined> } {
  const waiting = counterFrom(0);
  const workerData: WorkerTask = { ...task, waiting };
  const worker = new Worker(workerFile, { workerData });
  worker.on('message', ({ turn, part }: WorkerResult) => {
    if (Array.isArray(part)) taker.add(turn, part);
    else taker.take(turn, part as FileReading);
    Atomics.sub(waiting, 0, 1);
    Atomics.notify(waiting, 0);
  });
  // Its error shows again where it matters: what it did not read is read again.
  const ended = new Promise<Error | undefined>((resolve) => {
    worker.on('error', (error) => resolve(error instanceof Error ? error : new Error(String(error))));
    worker.on('exit', () => resolve(undefined));
  });
  return { worker, ended };
}

async function orAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  signal.throwIfAborted();
  const { promise, reject } = Promise.withResolvers<never>();
  const abort = (): void => reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
