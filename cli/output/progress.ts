/** A progress bar on a terminal; nothing where the output is piped. */
import { SingleBar } from 'cli-progress';
import type { Progress } from '../../lib/trail/archive.ts';

export interface ProgressBar {
  readonly update: (progress: Progress) => void;
  readonly stop: () => void;
}

/** A bar on `stream` with rate and time left, or one that does nothing when `stream` is no terminal. */
export function progressBar(stream: NodeJS.WriteStream, wanted: boolean): ProgressBar {
  if (!wanted || stream.isTTY !== true) return { update: () => undefined, stop: () => undefined };
  const bar = new SingleBar({
    stream,
    clearOnComplete: true,
    hideCursor: true,
    etaBuffer: 50,
    fps: 12,
    format: '{bar} {percentage}% | {files} files | {records} records | {rate}/s | {eta_formatted} left',
    barsize: 24,
  });
  const started = performance.now();
  let running = false;
  return {
    update(progress) {
      const { bytes, bytesDone, files, filesDone, records } = progress;
      const seconds = Math.max((performance.now() - started) / 1000, 0.001);
      const payload = {
        files: `${filesDone}/${files}`,
        records: records.toLocaleString('en-GB'),
        rate: size(bytesDone / seconds),
      };
      if (!running) {
        bar.start(Math.max(bytes, 1), bytesDone, payload);
        running = true;
      } else {
        bar.setTotal(Math.max(bytes, 1));
        bar.update(bytesDone, payload);
      }
    },
    stop() {
      if (running) bar.stop();
      running = false;
    },
  };
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
