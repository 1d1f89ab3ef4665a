/** Progress bars on a terminal; nothing where the output is piped. */
import { SingleBar } from 'cli-progress';
import type { ScanProgress } from '../../lib/pipeline/scan/scan.ts';
import type { ReadProgress } from '../../lib/trail/archive.ts';

export interface ProgressBar<P> {
  readonly update: (progress: P) => void;
  readonly stop: () => void;
}

interface BarState {
  readonly total: number;
  readonly done: number;
  /** Values of the names in the format. */
  readonly payload: Readonly<Record<string, string>>;
}

/** A replay's bar, with rate and time left. */
export function replayBar(stream: NodeJS.WriteStream, shown: boolean): ProgressBar<ReadProgress> {
  const started = performance.now();
  return progressBar(
    stream,
    shown,
    '{bar} {percentage}% | {files} files | {records} records | {rate}/s | {eta_formatted} left',
    ({ bytes, bytesDone, files, filesDone, records }) => ({
      total: bytes,
      done: bytesDone,
      payload: {
        files: `${filesDone}/${files}`,
        records: records.toLocaleString('en-GB'),
        rate: size(bytesDone / secondsSince(started)),
      },
    }),
  );
}

/** A scan's bar, with rate and time left. */
export function scanBar(stream: NodeJS.WriteStream, shown: boolean): ProgressBar<ScanProgress> {
  const started = performance.now();
  return progressBar(
    stream,
    shown,
    '{bar} {percentage}% | {listed} listings | {resources} resources | {rate}/s | {eta_formatted} left',
    ({ listings, listingsDone, resources }) => ({
      total: listings,
      done: listingsDone,
      payload: {
        listed: `${listingsDone}/${listings}`,
        resources: resources.toLocaleString('en-GB'),
        rate: (resources / secondsSince(started)).toFixed(0),
      },
    }),
  );
}

/** A bar on `stream`, or one that does nothing when `stream` is no terminal. */
function progressBar<P>(
  stream: NodeJS.WriteStream,
  shown: boolean,
  format: string,
  step: (progress: P) => BarState,
): ProgressBar<P> {
  if (!shown || stream.isTTY !== true) return { update: () => undefined, stop: () => undefined };
  const bar = new SingleBar({
    stream,
    clearOnComplete: true,
    hideCursor: true,
    etaBuffer: 50,
    fps: 12,
    format,
    barsize: 24,
  });
  let running = false;
  return {
    update(progress) {
      const { total, done, payload } = step(progress);
      if (!running) {
        bar.start(Math.max(total, 1), done, payload);
        running = true;
      } else {
        bar.setTotal(Math.max(total, 1));
        bar.update(done, payload);
      }
    },
    stop() {
      if (running) bar.stop();
      running = false;
    },
  };
}

function secondsSince(start: number): number {
  return Math.max((performance.now() - start) / 1000, 0.001);
}

function size(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${value.toFixed(value < 10 && unit > 0 ? 1 : 0)} ${units[unit] ?? 'B'}`;
}
