/** The bundles with which the functions' bundles are compared. */
import type { BuildOptions } from 'esbuild';

/**
 * A function bundled by esbuild alone: everything that its entry imports, minified, with packages as ES modules, from which
 * esbuild removes unused code (with its default, CommonJS, bundles are far larger).
 */
export const defaultOptions = {
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'cjs',
  mainFields: ['module', 'main'],
  minify: true,
  legalComments: 'none',
} satisfies BuildOptions;
