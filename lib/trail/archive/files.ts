/** Which files an archive is made of: those below paths, and those that are stored elsewhere. */
import { type BigIntStats, readdirSync, statSync } from 'node:fs';
import { join, sep } from 'node:path';
import type { FileError } from './reading.ts';

export interface ArchiveFile {
  readonly path: string;
  /** As stored. */
  readonly bytes: number;
}

interface FoundFile extends ArchiveFile {
  readonly identity: string;
}

export interface FoundFiles {
  /** In the order of their paths' code units. */
  readonly files: readonly ArchiveFile[];
  readonly skipped: readonly { readonly file: string; readonly why: string }[];
  readonly errors: readonly { readonly file: string; readonly reason: string }[];
}

/** Files of an archive that are not in the file system: listed already, their bytes brought one by one. */
export interface StoredFiles extends FoundFiles {
  /**
   * Brings every one of `files`, in any order, each once.
   * @param take is given the file's index in `files` and its bytes, or why they could not be had. The bytes are
   * its own until it returns.
   * @returns when all were taken. Rejects when aborted, with the signal's reason; a file that cannot be had is no
   * reason to.
   */
  fetch(take: (index: number, content: Buffer | FileError) => void): Promise<void>;
}

/** Of the files that are read where a folder is named. */
export const extensions: readonly string[] = [
  '.json',
  '.json.gz',
  '.jsonl',
  '.ndjson',
  '.jsonl.gz',
  '.ndjson.gz',
];

/**
 * CloudTrail's folders beside the one with the records.
 * Source: AWS CloudTrail User Guide, "Finding your CloudTrail log files", "CloudTrail digest file structure".
 */
const folders: ReadonlyMap<string, string> = new Map([
  ['CloudTrail-Digest', 'a CloudTrail digest file: signatures of log files, no records'],
  ['CloudTrail-Insight', 'CloudTrail Insights: unusual activity, no records of calls'],
]);

/**
 * Named files as they are, whatever their names; folders with all that is below them, links followed, by
 * extension. A file that is reached twice counts once, under the first of its paths.
 */
export function findFiles(paths: readonly string[]): FoundFiles {
  const files: FoundFile[] = [];
  const skipped: { file: string; why: string }[] = [];
  const errors: { file: string; reason: string }[] = [];

  /** @returns how many files there are to read in it. */
  const walk = (folder: string, identity: string, above: readonly string[]): number => {
    // A link to a folder that this one is in: all of it is being walked already.
    if (above.includes(identity)) return 0;
    let names: string[];
    try {
      names = readdirSync(folder);
    } catch (error) {
      errors.push({ file: folder, reason: reasonOf(error) });
      return 0;
    }
    let count = 0;
    for (const name of names) {
      const path = join(folder, name);
      const stat = statOf(path);
      if (stat === undefined) continue;
      if (stat.isDirectory()) {
        count += walk(path, identityOf(stat), [...above, identity]);
        continue;
      }
      const why = whyNot(path, stat.isFile());
      if (why !== undefined) {
        skipped.push({ file: path, why });
        continue;
      }
      files.push({ path, bytes: Number(stat.size), identity: identityOf(stat) });
      count++;
    }
    return count;
  };

  const statOf = (path: string): BigIntStats | undefined => {
    try {
      return statSync(path, { bigint: true });
    } catch (error) {
      errors.push({ file: path, reason: reasonOf(error) });
      return undefined;
    }
  };

  for (const path of new Set(paths)) {
    const stat = statOf(path);
    if (stat === undefined) continue;
    if (!stat.isDirectory()) files.push({ path, bytes: Number(stat.size), identity: identityOf(stat) });
    else if (walk(path, identityOf(stat), []) === 0) errors.push({ file: path, reason: nothing });
  }
  return { files: once(files), skipped: sorted(skipped), errors: sorted(errors) };
}

/** Which file it is, whatever leads to it. */
function identityOf({ dev, ino }: BigIntStats): string {
  return `${dev}:${ino}`;
}

const nothing = `a folder with nothing to read: no file below it ends in ${extensions.join(', ')}`;

function whyNot(path: string, isFile: boolean): string | undefined {
  return isFile ? whyNotRead(path.split(sep)) : 'not a file';
}

/** @returns why a file that was found in a folder is left alone, by the names on its path; undefined if it is not. */
export function whyNotRead(segments: readonly string[]): string | undefined {
  const name = (segments.at(-1) ?? '').toLowerCase();
  if (!extensions.some((extension) => name.endsWith(extension))) {
    return `does not end in ${extensions.join(', ')}; name it to have it read`;
  }
  for (const segment of segments) {
    const why = folders.get(segment);
    if (why !== undefined) return why;
  }
  return undefined;
}

function once(files: readonly FoundFile[]): ArchiveFile[] {
  const known = new Set<string>();
  return files
    .toSorted((a, b) => compare(a.path, b.path))
    .filter(({ identity }) => !known.has(identity) && known.add(identity));
}

function sorted<T extends { readonly file: string }>(entries: readonly T[]): T[] {
  return entries.toSorted((a, b) => compare(a.file, b.file));
}

/** By code units: the same order everywhere. */
export function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOENT') return 'there is no such file or folder';
  if (code === 'EACCES' || code === 'EPERM') return 'permission denied';
  if (code === 'ELOOP') return 'a link that leads back to itself';
  return error instanceof Error ? error.message : String(error);
}
