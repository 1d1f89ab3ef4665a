/**
 * Writes the archive that ships with Trailseal, a month of an invented organization: `node scripts/sample.ts`.
 * The same story gives the same files, so that a difference in them is a change of the story.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { compress, sampleFiles } from './sample/delivery.ts';

/** Writes the archive below `folder`, in place of one that is there. */
export function writeSample(folder: string): void {
  const files = sampleFiles();
  rmSync(path.join(folder, 'AWSLogs'), { recursive: true, force: true });
  for (const file of files) {
    const target = path.join(folder, ...file.path.split('/'));
    mkdirSync(path.dirname(target), { recursive: true });
    writeFileSync(target, compress(file.text));
  }
}

if (import.meta.main) writeSample(path.join(import.meta.dirname, '..', 'data', 'sample'));
