/** Which objects of a bucket an archive is made of. */

import type { ReplayScope } from '../../lib/pipeline/replay/replay.ts';
import { compare, extensions, type FoundFiles, whyNotRead } from '../../lib/trail/archive/files.ts';
import { type Bucket, ListingError, lookBelow, objectAt, objectsBelow, type StoredObject } from './bucket.ts';
import { inFlight } from './concurrently.ts';
import { type AccountRegion, accountRegionOf, afterLook, stepFrom } from './layout.ts';
import { type Location, uriOf } from './location.ts';

/** So many folders are listed at a time. */
const width = 16;

const outside = 'not where CloudTrail delivers its log files; name it to have it read';

export interface FindOptions {
  readonly scope: ReplayScope;
  /** Told of each object that is to be read. */
  readonly onFound?: (object: StoredObject) => void;
}

/**
 * Goes down CloudTrail's layout from a location, and lists the folders of the days, accounts and Regions that are
 * in scope. Anything that is not laid out so is listed whole. A location that names an object is that object.
 * @returns the objects as files, by their URIs. A folder that could not be listed is among the errors, once for
 * all that failed alike. Rejects when the bucket's signal is aborted.
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
  /** By reason. */
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
    let accountRegions: readonly AccountRegion[] = [
      accountRegionOf(isFolder ? location : { ...location, prefix: `${prefix}/` }),
    ];
    const prefixes: string[] = [];
    while (accountRegions.length > 0) {
      const next: AccountRegion[] = [];
      await inFlight(accountRegions, { width }, async (accountRegion) => {
        next.push(...(await this.#goOn(accountRegion, prefixes)));
      });
      accountRegions = next;
    }
    await inFlight(prefixes, { width }, (one) => this.#list(one));
  }

  found(location: Location): FoundFiles {
    const uri = (key: string) => uriOf(this.#bucket.name, key);
    const files = [...this.#objects.values()].map(({ key, bytes }) => ({ path: uri(key), bytes }));
    const errors = [...this.#failed].map(([reason, keys]) => {
      const [first = '', ...more] = keys.sort(compare);
      const alike = more.length === 0 ? '' : ` (and of ${more.length} more folders)`;
      return { file: uri(first), reason: `${reason}${alike}` };
    });
    if (files.length === 0 && errors.length === 0)
      errors.push({ file: uri(location.prefix), reason: nothing });
    return {
      files: files.sort((a, b) => compare(a.path, b.path)),
      skipped: this.#skipped.sort((a, b) => compare(a.file, b.file)),
      errors: errors.sort((a, b) => compare(a.file, b.file)),
    };
  }

  /** @returns where to go on; what is to be listed is added to `prefixes`. */
  async #goOn(accountRegion: AccountRegion, prefixes: string[]): Promise<readonly AccountRegion[]> {
    const { scope } = this.#options;
    const step = stepFrom(accountRegion, scope);
    if (step.kind === 'go') return step.accountRegions;
    if (step.kind === 'list') {
      prefixes.push(...step.prefixes);
      return [];
    }
    const seen = await this.#orFailed(accountRegion.prefix, () =>
      lookBelow(this.#bucket, accountRegion.prefix),
    );
    if (seen === undefined) return [];
    const name = ({ key }: StoredObject) => key.slice(accountRegion.prefix.length);
    const look = afterLook(accountRegion, { folders: seen.folders, files: seen.files.map(name) }, scope);
    prefixes.push(...(look.prefixes ?? []));
    if (look.files === true) for (const object of seen.files) this.#consider(object);
    for (const beside of look.beside) this.#skip(accountRegion.prefix + beside, outside);
    return look.accountRegions;
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
      if (!(error instanceof ListingError)) throw error;
      const alike = this.#failed.get(error.message) ?? [];
      this.#failed.set(error.message, [...alike, prefix]);
      return undefined;
    }
  }
}

const nothing =
  'nothing to read here, of the days, accounts and Regions that were asked for: ' +
  `no such object, and no folder of that name with objects that end in ${extensions.join(', ')}`;
