/** Files of an archive that are not in the file system: listed already, their bytes brought one by one. */
import type { Found } from './files.ts';
import type { Trouble } from './reading.ts';

export interface StoredFiles extends Found {
  /**
   * Brings every one of `files`, in any order, each once.
   * @param take is given the file's place in `files` and its bytes, or why they could not be had. The bytes are
   * its own until it returns.
   * @returns when all were taken. Rejects when aborted, with the signal's reason; a file that cannot be had is no
   * reason to.
   */
  fetch(take: (accountRegion: number, content: Buffer | Trouble) => void): Promise<void>;
}
