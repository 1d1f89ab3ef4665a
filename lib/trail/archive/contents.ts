/** What the files of an archive hold, gathered as they are read. */
import type { TrailEvent } from '../../core/event.ts';
import { parseRecord } from '../parse.ts';
import { type ArchiveFile, compare } from './files.ts';
import type { FileError, FileReading } from './reading.ts';

/** A record that is wanted, and where it stands. */
export interface ArchiveEvent {
  readonly event: TrailEvent;
  readonly file: string;
  /** Of the record's start, counted from 1. */
  readonly line: number | undefined;
}

/** How far the reading of an archive is. */
export interface ReadProgress {
  readonly filesDone: number;
  readonly files: number;
  /** As stored: compressed. */
  readonly bytesDone: number;
  readonly bytes: number;
  readonly records: number;
}

/** What was read so far of so many files, and how far that is. */
export class Contents {
  readonly #files: readonly ArchiveFile[];
  readonly #bytes: number;
  readonly #onProgress: ((progress: ReadProgress) => void) | undefined;
  readonly #contents: Content[] = [];
  readonly #done = { files: 0, bytes: 0, records: 0 };

  constructor(files: readonly ArchiveFile[], onProgress: ((progress: ReadProgress) => void) | undefined) {
    this.#files = files;
    this.#bytes = bytesOf(files);
    this.#onProgress = onProgress;
  }

  /** What the file with this index holds. */
  readonly take = (index: number, reading: FileReading): void => {
    const file = this.#files[index];
    if (file === undefined) throw new RangeError(`there is no file ${index}`);
    this.#contents[index] = contentOf(file.path, reading);
    const done = this.#done;
    done.files++;
    done.bytes += file.bytes;
    done.records += reading.uninteresting + reading.rejected + reading.wanted.length;
    this.#onProgress?.({
      filesDone: done.files,
      files: this.#files.length,
      bytesDone: done.bytes,
      bytes: this.#bytes,
      records: done.records,
    });
  };

  /** @throws Error when a file was not taken. */
  inOrderOfPaths(): { readonly file: string; readonly content: Content }[] {
    return this.#files
      .map(({ path: file }, index) => {
        const content = this.#contents[index];
        if (content === undefined) throw new Error(`${file} was not read`);
        return { file, content };
      })
      .sort((a, b) => compare(a.file, b.file));
  }
}

/** Of all files, as stored. */
export function bytesOf(files: readonly ArchiveFile[]): number {
  return files.reduce((sum, { bytes }) => sum + bytes, 0);
}

/** What a file holds, its wanted records made events. */
export type Content = Omit<FileReading, 'wanted'> & { readonly events: readonly ArchiveEvent[] };

function contentOf(file: string, { wanted, ...reading }: FileReading): Content {
  const events: ArchiveEvent[] = [];
  const refused: FileError[] = [];
  for (const { value, line } of wanted) {
    const parsed = parseRecord(value);
    if (parsed.ok) events.push({ event: parsed.event, file, line });
    else refused.push({ line, reason: parsed.reason });
  }
  const rejected = reading.rejected + refused.length;
  return { ...reading, rejected, errors: [...reading.errors, ...refused], events };
}
