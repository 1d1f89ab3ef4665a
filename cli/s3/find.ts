/** Finds the objects of a bucket that make up an archive. */
import type { ReplayScope } from '../../lib/pipeline/replay/replay.ts';
import { compare, extensions, type FoundFiles, whyNotRead } from '../../lib/trail/archive/files.ts';
import {
  type Bucket,
  BucketListingError,
  contentsOf,
  objectAt,
  objectsBelow,
  type StoredObject,
} from './bucket.ts';
import { concurrently } from './concurrently.ts';
import { afterVisit, folderAt, type LayoutFolder, nextStep } from './layout.ts';
import { type Location, uriOf } from './location.ts';

/** Most folders that are listed at a time. */
const width = 16;

const outside = 'not where CloudTrail delivers its log files; to read it, name it as a path';

export interface FindOptions {
  readonly scope: ReplayScope;
  /** Called for each object of the archive. */
  readonly onFound?: (object: StoredObject) => void;
}

/**
 * Descends CloudTrail's layout from a location, and lists the folders of the days, accounts and Regions in scope.
 * Folders with another layout are listed completely. A location that names an object is that object.
 * @returns the objects as files, by their URIs. Folders that could not be listed are among the errors, one error for
 * all with the same reason. Rejects when the bucket's signal is aborted.
 */
export async function findObjects(
  bucket: Bucket,
  location: Location,
  options: FindOptions,
): Promise<FoundFiles> {
  const search = new Search(bucket, options);
  await search.from(location);
  return search.found(location);
}

class Search {
  readonly #bucket: Bucket;
  readonly #options: FindOptions;
  readonly #objects = new Map<string, StoredObject>();
  readonly #skipped: { file: string; why: string }[] = [];
  /** Prefixes by reason. */
  readonly #failed = new Map<string, string[]>();

  constructor(bucket: Bucket, options: FindOptions) {
    this.#bucket = bucket;
    this.#options = options;
  }

  async from(location: Location): Promise<void> {
    const { prefix } = location;
    const isFolder = prefix === '' || prefix.endsWith('/');
    if (!isFolder) {
      const object = await this.#orFailed(prefix, () => objectAt(this.#bucket, prefix));
      if (object !== undefined) this.#take(object);
      if (object !== undefined || this.#failed.size > 0) return;
    }
    let folders: readonly LayoutFolder[] = [
      folderAt(isFolder ? location : { ...location, prefix: `${prefix}/` }),
    ];
    const prefixes: string[] = [];
    while (folders.length > 0) {
      const next: LayoutFolder[] = [];
      await concurrently(folders, { width }, async (folder) => {
        next.push(...(await this.#step(folder, prefixes)));
      });
      folders = next;
    }
    await concurrently(prefixes, { width }, (one) => this.#list(one));
  }

  found(location: Location): FoundFiles {
    const uri = (key: string) => uriOf(this.#bucket.name, key);
    const files = [...this.#objects.values()].map(({ key, bytes }) => ({ path: uri(key), bytes }));
    const errors = [...this.#failed].map(([reason, keys]) => {
      const [first = '', ...more] = keys.sort(compare);
      const alike =
        more.length === 0 ? '' : ` (and ${more.length} more ${more.length === 1 ? 'folder' : 'folders'})`;
      return { file: uri(first), reason: `${reason}${alike}` };
    });
    if (files.length === 0 && errors.length === 0)
      errors.push({ file: uri(location.prefix), reason: nothingFound });
    return {
      files: files.sort((a, b) => compare(a.path, b.path)),
      skipped: this.#skipped.sort((a, b) => compare(a.file, b.file)),
      errors: errors.sort((a, b) => compare(a.file, b.file)),
    };
  }

  /** @returns the folders to continue with; prefixes to list are added to `prefixes`. */
  async #step(folder: LayoutFolder, prefixes: string[]): Promise<readonly LayoutFolder[]> {
    const { scope } = this.#options;
    const step = nextStep(folder, scope);
    if (step.kind === 'descend') return step.folders;
    if (step.kind === 'list') {
      prefixes.push(...step.prefixes);
      return [];
    }
    const contents = await this.#orFailed(folder.prefix, () => contentsOf(this.#bucket, folder.prefix));
    if (contents === undefined) return [];
    const name = ({ key }: StoredObject) => key.slice(folder.prefix.length);
    const visit = afterVisit(folder, { folders: contents.folders, files: contents.files.map(name) }, scope);
    prefixes.push(...(visit.prefixes ?? []));
    if (visit.files === true) for (const object of contents.files) this.#consider(object);
    for (const beside of visit.beside) this.#skip(folder.prefix + beside, outside);
    return visit.folders;
  }

  async #list(prefix: string): Promise<void> {
    await this.#orFailed(prefix, async () => {
      for await (const objects of objectsBelow(this.#bucket, prefix)) {
        for (const object of objects) this.#consider(object);
      }
    });
  }

  #consider(object: StoredObject): void {
    const why = whyNotRead(object.key.split('/'));
    if (why === undefined) this.#take(object);
    else this.#skip(object.key, why);
  }

  #take(object: StoredObject): void {
    this.#objects.set(object.key, object);
    this.#options.onFound?.(object);
  }

  #skip(key: string, why: string): void {
    this.#skipped.push({ file: uriOf(this.#bucket.name, key), why });
  }

  async #orFailed<T>(prefix: string, list: () => Promise<T>): Promise<T | undefined> {
    try {
      return await list();
    } catch (error) {
      if (!(error instanceof BucketListingError)) throw error;
      const alike = this.#failed.get(error.message) ?? [];
      this.#failed.set(error.message, [...alike, prefix]);
      return undefined;
    }
  }
}

const nothingFound =
  'there is nothing to read of the days, accounts and Regions in scope: ' +
  `no such object, and no such folder with objects that end in ${extensions.join(', ')}`;
