/**
 * Plugins that replace something of what is bundled, and fail the build where they should have and did not: packages
 * move their files and write them anew with any version, and a pattern that no longer matches would go unseen.
 */
import { readFile } from 'node:fs/promises';
import type { Loader, OnLoadResult, OnResolveArgs, OnResolveResult, Plugin, PluginBuild } from 'esbuild';

interface Expected {
  /** Paths of modules: where a bundle has one of them, the replacement must be made in it at least once. */
  readonly requiredBy: RegExp;
}

/** What modules hold is replaced. */
export interface ModuleReplacement extends Expected {
  /** The paths of the modules. */
  readonly modules: RegExp;
  readonly loader: Loader;
  /**
   * @returns what the module is to hold, the same text where the pattern that is to be replaced is not found; or all that
   *   esbuild is to know of it.
   */
  replace(text: string, path: string): string | OnLoadResult;
  /** Whether there is something to be replaced in a module; in every one, where left out. */
  applies?(text: string, path: string): boolean;
}

/** What imports lead to is replaced. */
export interface ImportReplacement extends Expected {
  /** What is imported, as it is written. */
  readonly imports: RegExp;
  /** @returns `undefined` for an import that is not meant. */
  resolve(args: OnResolveArgs): OnResolveResult | undefined;
}

export type Replacement = ModuleReplacement | ImportReplacement;

/** @param setup what the plugin does besides. */
export function replacing(
  name: string,
  replacements: readonly Replacement[],
  setup: (build: PluginBuild) => void = () => undefined,
): Plugin {
  return {
    name,
    setup(build) {
      for (const replacement of replacements) {
        const pattern = 'modules' in replacement ? replacement.modules : replacement.imports;
        let made = false;
        let requiring: string | undefined;
        build.onStart(() => {
          made = false;
          requiring = undefined;
        });
        build.onLoad({ filter: replacement.requiredBy }, ({ path }) => {
          requiring ??= path;
          return undefined;
        });
        if ('modules' in replacement) {
          build.onLoad({ filter: pattern }, async ({ path }) => {
            const text = await readFile(path, 'utf8');
            if (replacement.applies?.(text, path) === false) return undefined;
            made = true;
            const replaced = replacement.replace(text, path);
            if (typeof replaced === 'object') return replaced;
            if (replaced !== text) return { contents: replaced, loader: replacement.loader };
            return { errors: [{ text: `${name} finds nothing to replace in ${path}. ${advice}` }] };
          });
        } else {
          build.onResolve({ filter: pattern }, (args) => {
            const result = replacement.resolve(args);
            made ||= result !== undefined;
            return result;
          });
        }
        build.onEnd(() => {
          if (made || requiring === undefined) return undefined;
          const what = 'modules' in replacement ? 'no module' : 'no import';
          return {
            errors: [
              { text: `${name}: ${what} matches ${pattern}, though ${requiring} is bundled. ${advice}` },
            ],
          };
        });
      }
      setup(build);
    },
  };
}

const advice = 'See whether the package has changed, and change the plugin in deploy/esbuild accordingly.';
