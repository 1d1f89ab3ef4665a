/**
 * Writes the archive that ships with Trailseal, a month of an invented organization: `node scripts/sample.ts`.
 * The same story gives the same files, so that a difference in them is a change of the story.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { compress, sampleFiles } from './sample/delivery.ts';

/** What became of an archive: the paths of its files, with `/`. */
export interface Written {
  readonly written: readonly string[];
  readonly removed: readonly string[];
}

/** Writes the archive below `folder`: of one that is there, the files that differ, and no others. */
export function writeSample(folder: string): Written {
  const made = new Map(sampleFiles().map((file) => [file.path, file.text]));
  const removed = gzipFilesBelow(folder).filter((file) => !made.has(file));
  for (const file of removed) rmSync(path.join(folder, file));
  const written = [...made].flatMap(([file, text]) => {
    const target = path.join(folder, file);
    // By what it holds: another zlib may compress the same into other bytes.
    if (existsSync(target) && gunzipSync(readFileSync(target)).toString('utf8') === text) return [];
    mkdirSync(path.dirname(target), { recursive: true });
    writeFileSync(target, compress(text));
    return [file];
  });
  return { written, removed };
}

function gzipFilesBelow(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.gz'))
    .map((name) => name.split(path.sep).join('/'));
}

if (import.meta.main) {
  const { written, removed } = writeSample(path.join(import.meta.dirname, '..', 'data', 'sample'));
  process.stdout.write(`${written.length} files written, ${removed.length} removed\n`);
}
