/** Left out of the bundles: what schemas say of themselves to people. Editors and docs read it, functions never do. */
import path from 'node:path';
import { replacing } from './replacing.ts';

const library = path.join(import.meta.dirname, '..', '..', 'lib');

export const noDescriptions = replacing('no-descriptions', [
  {
    // Its settings describe themselves; every evaluator has some controls.
    requiredBy: /[\\/]lib[\\/]services[\\/]\w+[\\/]controls[\\/].*\.ts$/,
    modules: /[\\/]lib[\\/].*\.ts$/,
    loader: 'ts',
    applies: (source, file) =>
      !path.relative(library, file).startsWith('..') && /\.check\(\s*z\.describe\(\s*['"]/.test(source),
    replace: withoutDescriptions,
  },
]);

const text = String.raw`(?:'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*")`;
const description = new RegExp(
  String.raw`\.check\(\s*z\.describe\(\s*${text}(?:\s*\+\s*${text})*\s*,?\s*\)\s*,?\s*\)`,
  'g',
);

/** @param source of a module. What a description is computed of, or checks something besides, stays as it is. */
export function withoutDescriptions(source: string): string {
  return source.replace(description, '');
}
