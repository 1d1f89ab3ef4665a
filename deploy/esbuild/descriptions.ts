/** Left out of the bundles: what schemas say of themselves to people. Editors and docs read it, functions never do. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Plugin } from 'esbuild';

const library = path.join(import.meta.dirname, '..', '..', 'lib');

export const noDescriptions: Plugin = {
  name: 'no-descriptions',
  setup(build) {
    build.onLoad({ filter: /[\\/]lib[\\/].*\.ts$/ }, async ({ path: file }) => {
      if (path.relative(library, file).startsWith('..')) return undefined;
      return { contents: withoutDescriptions(await readFile(file, 'utf8')), loader: 'ts' };
    });
  },
};

const text = String.raw`(?:'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*")`;
const description = new RegExp(
  String.raw`\.check\(\s*z\.describe\(\s*${text}(?:\s*\+\s*${text})*\s*,?\s*\)\s*,?\s*\)`,
  'g',
);

/** @param source of a module. What a description is computed of, or checks something besides, stays as it is. */
export function withoutDescriptions(source: string): string {
  return source.replace(description, '');
}
