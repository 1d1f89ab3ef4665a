import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { type OutputFile, writeTogether } from '../../../cli/output/files.ts';
import { put, workFolder } from '../command.ts';

describe('files that are written together', () => {
  /** A folder with files `a` and `b` of an earlier run, and new ones of these texts. */
  function folderWith(texts: Readonly<Record<string, () => string>>) {
    const folder = workFolder();
    for (const name of ['a', 'b']) put(folder, name, 'old');
    const files = Object.entries(texts).map(([name, text]): OutputFile => [path.join(folder, name), text]);
    const contents = () =>
      Object.fromEntries(
        readdirSync(folder).map((name) => [name, readFileSync(path.join(folder, name), 'utf8')]),
      );
    return { files, contents };
  }
  const old = { a: 'old', b: 'old' };

  it('are swapped in when all of them are whole', async () => {
    let between: unknown;
    const { files, contents } = folderWith({
      a: () => 'new',
      b: () => {
        between = contents()['a'];
        return 'new';
      },
    });
    await writeTogether(files);
    expect(between).toBe('old');
    expect(contents()).toEqual({ a: 'new', b: 'new' });
  });

  it('leave the old ones, and nothing aside, where one of them cannot be made', async () => {
    const failure = new Error('no report');
    const { files, contents } = folderWith({
      a: () => 'new',
      b: () => {
        throw failure;
      },
    });
    await expect(writeTogether(files)).rejects.toBe(failure);
    expect(contents()).toEqual(old);
  });

  it('leave the old ones where the file system refuses one of them', async () => {
    const { files, contents } = folderWith({ a: () => 'new', 'missing/c': () => 'new' });
    await expect(writeTogether(files)).rejects.toThrow(/ENOENT/);
    expect(contents()).toEqual(old);
  });

  it('leave the old ones where the run is aborted', async () => {
    const abort = new AbortController();
    const { files, contents } = folderWith({
      a: () => {
        abort.abort();
        return 'new';
      },
      b: () => 'new',
    });
    await expect(writeTogether(files, abort.signal)).rejects.toThrow();
    expect(contents()).toEqual(old);
  });
});
