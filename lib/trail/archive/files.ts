/** Which files an archive is made of: those below paths, and those that are stored elsewhere. */
import { type BigIntStats, readdirSync, realpathSync, statSync } from 'node:fs';
import { join, sep } from 'node:path';
import type { Turns } from '../../core/turns.ts';
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
   * @param take is given the file's index in `files` and its bytes, or why they could not be had. It is waited for, and
   * the bytes are its own until then.
   * @returns when all were taken. Rejects when aborted, with the signal's reason; a file that cannot be had is no
   * reason to.
   */
  fetch(take: (index: number, content: Buffer | FileError) => void | Promise<void>): Promise<void>;
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
 * Named files as they are, whatever their names; folders with all that is below them, by extension. Each folder is
 * walked once, and none is left: a link in it is followed to a file that one of the named folders holds, and nowhere else.
 * What a link leads to elsewhere is read if it is named. A file that is reached twice counts once, under the first of
 * its paths.
 * @param turns gives way to others as the walk goes on.
 * @throws what `turns` throws, for one that an abort signal ends.
 */
export async function findFiles(paths: readonly string[], turns: Turns): Promise<FoundFiles> {
  const files: FoundFile[] = [];
  const skipped: { file: string; why: string }[] = [];
  const errors: { file: string; reason: string }[] = [];
  /** How many files to read each folder holds, by its identity. Folders are named in any order, one in another too. */
  const walked = new Map<string, number>();

  const attempted = <T>(file: string, work: () => T): T | undefined => {
    try {
      return work();
    } catch (error) {
      errors.push({ file, reason: reasonOf(error) });
      return undefined;
    }
  };
  const statOf = (path: string) => attempted(path, () => statSync(path, { bigint: true }));

  const named: { readonly path: string; readonly stat: BigIntStats }[] = [];
  const roots: string[] = [];
  for (const path of new Set(paths)) {
    const stat = statOf(path);
    if (stat === undefined) continue;
    if (stat.isDirectory()) {
      const root = attempted(path, () => realpathSync(path));
      if (root === undefined) continue;
      roots.push(root);
    }
    named.push({ path, stat });
  }
  const isInside = (path: string): boolean =>
    roots.some((root) => path === root || path.startsWith(root.endsWith(sep) ? root : `${root}${sep}`));

  /** @returns why the link at this path is not followed; `undefined` where it is. */
  const whyNotFollowed = (path: string, isFolder: boolean): string | undefined => {
    let target: string;
    try {
      target = realpathSync(path);
    } catch (error) {
      return `a link that cannot be followed: ${reasonOf(error)}`;
    }
    if (!isInside(target))
      return 'a link that leads out of the folder; name what it leads to, to have it read';
    return isFolder ? 'a link to a folder that is read already' : undefined;
  };

  /** @returns how many files there are to read in it. */
  const walk = async (folder: string, identity: string): Promise<number> => {
    const known = walked.get(identity);
    if (known !== undefined) return known;
    walked.set(identity, 0);
    const entries = attempted(folder, () => readdirSync(folder, { withFileTypes: true })) ?? [];
    let count = 0;
    for (const entry of entries) {
      await turns.giveWay();
      const path = join(folder, entry.name);
      const stat = statOf(path);
      if (stat === undefined) continue;
      const why =
        (entry.isSymbolicLink() ? whyNotFollowed(path, stat.isDirectory()) : undefined) ??
        (stat.isDirectory() ? undefined : whyNot(path, stat.isFile()));
      if (why !== undefined) {
        skipped.push({ file: path, why });
      } else if (stat.isDirectory()) {
        count += await walk(path, identityOf(stat));
      } else {
        files.push({ path, bytes: Number(stat.size), identity: identityOf(stat) });
        count++;
      }
    }
    walked.set(identity, count);
    return count;
  };

  for (const { path, stat } of named) {
    if (!stat.isDirectory()) files.push({ path, bytes: Number(stat.size), identity: identityOf(stat) });
    else if ((await walk(path, identityOf(stat))) === 0) errors.push({ file: path, reason: nothing });
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
