/** What the files of an archive hold, gathered as they are read. */
import type { TrailEvent } from '../../core/event.ts';
import { parseRecord } from '../parse.ts';
import { type ArchiveFile, compare } from './files.ts';
import { countOf, type FileError, type FileReading, type WantedElement } from './reading.ts';

/** A record that is wanted, and where it stands. */
export interface ArchiveEvent {
  readonly event: TrailEvent;
  readonly file: string;
  /** Of the record's start, counted from 1. */
  readonly line: number | undefined;
  /** How often the file holds it, byte for byte. */
  readonly copies: number;
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

interface Part {
  readonly events: ArchiveEvent[];
  readonly refused: (FileError & Pick<WantedElement, 'copies'>)[];
}

/** What was read so far of so many files, and how far that is. */
export class Contents {
  readonly #files: readonly ArchiveFile[];
  readonly #bytes: number;
  readonly #onProgress: ((progress: ReadProgress) => void) | undefined;
  readonly #contents: Content[] = [];
  /** Of files that are being read. */
  readonly #parts = new Map<number, Part>();
  readonly #done = { files: 0, bytes: 0, records: 0 };

  constructor(files: readonly ArchiveFile[], onProgress: ((progress: ReadProgress) => void) | undefined) {
    this.#files = files;
    this.#bytes = bytesOf(files);
    this.#onProgress = onProgress;
  }

  /** Some of the wanted elements of the file with this index: large readings come in parts, as each keeps others waiting. */
  readonly add = (index: number, wanted: readonly WantedElement[]): void => {
    const { path: file } = this.#fileAt(index);
    const { events, refused } = this.#partOf(index);
    for (const { value, line, copies } of wanted) {
      const parsed = parseRecord(value);
      if (parsed.ok) events.push({ event: parsed.event, file, line, copies });
      else refused.push({ line, reason: parsed.reason, copies });
    }
    this.#done.records += countOf(wanted);
  };

  /** Forgets the parts of a file that is read again. */
  readonly forget = (index: number): void => {
    const { events, refused } = this.#partOf(index);
    this.#done.records -= countOf(events) + countOf(refused);
    this.#parts.delete(index);
  };

  /** What the file with this index holds, or the last part of it. */
  readonly take = (index: number, { wanted, ...reading }: FileReading): void => {
    this.add(index, wanted);
    const { events, refused } = this.#partOf(index);
    this.#parts.delete(index);
    this.#contents[index] = {
      ...reading,
      rejected: reading.rejected + countOf(refused),
      errors: [...reading.errors, ...refused.map(({ copies: _, ...error }) => error)],
      events,
    };
    const done = this.#done;
    done.files++;
    done.bytes += this.#fileAt(index).bytes;
    done.records += reading.uninteresting + reading.rejected;
    this.#onProgress?.({
      filesDone: done.files,
      files: this.#files.length,
      bytesDone: done.bytes,
      bytes: this.#bytes,
      records: done.records,
    });
  };

  #fileAt(index: number): ArchiveFile {
    const file = this.#files[index];
    if (file === undefined) throw new RangeError(`there is no file ${index}`);
    return file;
  }

  #partOf(index: number): Part {
    const part = this.#parts.get(index) ?? { events: [], refused: [] };
    this.#parts.set(index, part);
    return part;
  }

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
