/** A function's bundle, as `sls package` makes it, without packaging. */
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { type BuildOptions, build } from 'esbuild';
import { buildOptions, outputFileExtension } from './esbuild/options.ts';
import { plugins } from './esbuild/plugins.ts';

const root = path.join(import.meta.dirname, '..');

export interface Bundle {
  readonly file: string;
  readonly bytes: number;
  /** How many of the bytes come of each source file; paths are relative to the project's folder. */
  readonly inputs: ReadonlyMap<string, number>;
}

/**
 * Bundles a function into a folder, as `<name of the entry>.cjs`.
 * @param entry its file, `functions/evaluators/ec2.ts`.
 * @param policyFile the policy that it is to hold.
 * @param overridable whether an SSM parameter may override that policy.
 * @throws BuildFailure, esbuild's, which names what is wrong in the policy or the sources.
 */
export function bundleFunction(
  entry: string,
  folder: string,
  policyFile: string,
  overridable = false,
): Promise<Bundle> {
  return bundleWith({ ...buildOptions, plugins: plugins({ policyFile, overridable }) }, entry, folder);
}

/** The same with other options than those of a deployment, such as those to compare it with. */
export async function bundleWith(options: BuildOptions, entry: string, folder: string): Promise<Bundle> {
  await mkdir(folder, { recursive: true });
  const outfile = path.join(folder, `${path.basename(entry, path.extname(entry))}${outputFileExtension}`);
  const { metafile } = await build({
    ...options,
    absWorkingDir: root,
    entryPoints: [path.resolve(root, entry)],
    outfile,
    metafile: true,
    logLevel: 'silent',
  });
  const [output] = Object.values(metafile.outputs);
  if (output === undefined) throw new Error(`esbuild made nothing of ${entry}`);
  return {
    file: path.resolve(outfile),
    bytes: output.bytes,
    inputs: new Map(Object.entries(output.inputs).map(([file, { bytesInOutput }]) => [file, bytesInOutput])),
  };
}
