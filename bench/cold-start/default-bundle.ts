/** What the functions' bundles are compared with. */
import type { BuildOptions } from 'esbuild';

/**
 * A function bundled by esbuild alone: everything that its entry imports, minified, and packages as ES modules, of
 * which esbuild leaves out what it can see is not used (with its own choice, CommonJS, bundles are far larger).
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
