/** A checked policy without what checking added to it. */
import { at } from '../core/json.ts';
import type { PolicyFile } from './schema.ts';

/** The file without the defaults that checking filled in with the controls' settings: `allowedAccounts` goes before them. */
export function asWritten(file: PolicyFile, written: unknown): PolicyFile {
  if (file.controls === undefined) return file;
  const entries = Object.entries(file.controls).map(([id, entry]) => {
    const settings = at(written, 'controls', id, 'settings');
    return [id, settings === undefined ? entry : { ...entry, settings }] as const;
  });
  return { ...file, controls: Object.fromEntries(entries) };
}
