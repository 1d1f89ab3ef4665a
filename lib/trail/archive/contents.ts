/** What the files of an archive say, gathered as they are read. */
import type { ArchiveEvent, Progress } from '../archive.ts';
import { parseRecord } from '../parse.ts';
import { type ArchiveFile, compare } from './files.ts';
import type { Reading, Trouble } from './reading.ts';

/** What was read so far of so many files, and how far that is. */
export class Contents {
  readonly #files: readonly ArchiveFile[];
  readonly #bytes: number;
  readonly #onProgress: ((progress: Progress) => void) | undefined;
  readonly #contents: Content[] = [];
  readonly #done = { files: 0, bytes: 0, records: 0 };

  constructor(files: readonly ArchiveFile[], onProgress: ((progress: Progress) => void) | undefined) {
    this.#files = files;
    this.#bytes = bytesOf(files);
    this.#onProgress = onProgress;
  }

  /** What the file at `accountRegion` says. */
  readonly take = (accountRegion: number, reading: Reading): void => {
    const file = this.#files[accountRegion];
    if (file === undefined) throw new RangeError(`there is no file ${accountRegion}`);
    this.#contents[accountRegion] = contentOf(file.path, reading);
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
      .map(({ path: file }, accountRegion) => {
        const content = this.#contents[accountRegion];
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
export type Content = Omit<Reading, 'wanted'> & { readonly events: readonly ArchiveEvent[] };

function contentOf(file: string, { wanted, ...reading }: Reading): Content {
  const events: ArchiveEvent[] = [];
  const refused: Trouble[] = [];
  for (const { value, line } of wanted) {
    const parsed = parseRecord(value);
    if (parsed.ok) events.push({ event: parsed.event, file, line });
    else refused.push({ line, reason: parsed.reason });
  }
  const rejected = reading.rejected + refused.length;
  return { ...reading, rejected, troubles: [...reading.troubles, ...refused], events };
}
