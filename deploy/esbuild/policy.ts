/** The policy of a deployment as part of its functions, checked, in place of the module that reads it from its file. */
import path from 'node:path';
import type { PartialMessage, Plugin } from 'esbuild';
import { UsageError } from '../../cli/exit.ts';
import { printable } from '../../cli/output/printable.ts';
import type { PolicyError } from '../../lib/policy/file/parse.ts';
import { checkPolicyFile } from './policy-file.ts';
import { replacing } from './replacing.ts';

const policyModule = path.join(import.meta.dirname, '..', '..', 'functions', 'policy.ts');

/**
 * Replaces `functions/policy.ts` by what it would export. The build fails when the file can't be read or is not a
 * policy, with an error for everything that is wrong, at its line and column.
 */
export function checkedPolicy(file: string): Plugin {
  return replacing('checked-policy', [
    {
      requiredBy: /[\\/]functions[\\/](evaluator|operator|remediate|scan)\.ts$/,
      modules: /[\\/]functions[\\/]policy\.ts$/,
      loader: 'js',
      applies: (_text, module) => path.resolve(module) === policyModule,
      replace: () => {
        const watchFiles = [path.resolve(file)];
        try {
          const check = checkPolicyFile(file);
          if (!check.ok) return { errors: check.errors.map(messageOf(file, check.text)), watchFiles };
          // No key is `__proto__`, which a policy may not have: as JSON and as JavaScript it is the same.
          const contents = `export const checkedPolicy = ${JSON.stringify(check.policy)};`;
          return { contents, loader: 'js', watchFiles };
        } catch (error) {
          if (!(error instanceof UsageError)) throw error;
          return { errors: [{ text: error.message }], watchFiles };
        }
      },
    },
  ]);
}

/** An error as esbuild shows it: its columns count from 0, in bytes. */
function messageOf(file: string, text: string): (error: PolicyError) => PartialMessage {
  const lines = text.split(/\r\n|\r|\n/);
  return ({ path: where, line, column, message, hint }) => {
    const lineText = lines[line - 1] ?? '';
    const what = where === '' ? message : `${where}: ${message}`;
    return {
      text: printable(hint === '' ? what : `${what} (${hint})`),
      location: { file, line, column: Buffer.byteLength(lineText.slice(0, column - 1)), lineText },
    };
  };
}
