/**
 * How the functions are bundled: for `sls package` by serverless-esbuild, and by `deploy/bundle.ts` for tests and
 * the benchmark.
 */
import type { BuildOptions } from 'esbuild';

/**
 * - `mainFields`: packages as ES modules, of which esbuild can leave out what is not used.
 * - `minify`: no names are kept. Errors are distinguished by their `name`, which the SDK's and Trailseal's classes set.
 * - No source map: Node reads the map when it loads the bundle, which costs more than a tenth of the start. The
 *   bundle depends on nothing but sources and policy, so that its map can be made when a stack trace calls for it.
 * - `metafile` is for `deploy/bundle.ts` alone, which asks for it by itself.
 */
export const buildOptions = {
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'cjs',
  mainFields: ['module', 'main'],
  minify: true,
  legalComments: 'none',
} satisfies BuildOptions;

/** The handlers are CommonJS, whatever a package.json near them says. */
export const outputFileExtension = '.cjs';

/** `custom.esbuild` of serverless.yml: these options, and those of serverless-esbuild itself. */
export const serverlessEsbuild = {
  ...buildOptions,
  outputFileExtension,
  plugins: 'deploy/esbuild.js',
  // The default leaves "aws-sdk" to the runtime, which has had none since Node 18; nothing is left to it here.
  exclude: [],
  concurrency: 2,
} as const;
