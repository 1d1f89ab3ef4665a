import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

const root = path.join(import.meta.dirname, '..');

interface ExportedFunction {
  /** Where it is, as `lib/core/arn.ts parseArn`. */
  readonly name: string;
  /** The comment just before it, without its markers; empty where there is none. */
  readonly docstring: string;
}

/** The exported functions of a module's source, each with its docstring. */
function exportedFunctions(file: string, source: string): readonly ExportedFunction[] {
  const declarations = source.matchAll(
    /(?:\/\*\*(?<docstring>(?:(?!\*\/)[\s\S])*)\*\/\n)?^export (?:default )?(?:async )?function\s*\*?\s*(?<name>\w+)/gm,
  );
  return [...declarations].map(({ groups }) => ({
    name: `${file} ${groups?.['name']}`,
    docstring: (groups?.['docstring'] ?? '').replace(/^\s*\* ?/gm, '').trim(),
  }));
}

function functionsBelow(folder: string): readonly ExportedFunction[] {
  return readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => path.join(folder, file))
    .flatMap((file) => exportedFunctions(file, readFileSync(path.join(root, file), 'utf8')));
}

/** What a docstring says before its first tag. */
function descriptionIn(docstring: string): string {
  return docstring.split(/^@/m, 1)[0]?.trim() ?? '';
}

/** What follows `@example` in a docstring, up to the next tag. */
function exampleIn(docstring: string): string {
  return /^@example\b(?<example>(?:(?!^@)[\s\S])*)/m.exec(docstring)?.groups?.['example']?.trim() ?? '';
}

describe.each(['lib/core', 'lib/pipeline', 'lib/services'])('each exported function of %s', (folder) => {
  const functions = functionsBelow(folder);

  it('is found', () => {
    expect(functions.length).toBeGreaterThan(0);
  });

  it('says in its docstring what it does', () => {
    const silent = functions.filter(({ docstring }) => descriptionIn(docstring) === '');
    expect(silent.map(({ name }) => name)).toEqual([]);
  });

  it('has an example that uses it', () => {
    const withoutExample = functions.filter(({ name, docstring }) => {
      const [, called = ''] = name.split(' ');
      return !new RegExp(`\\b${called}\\b`).test(exampleIn(docstring));
    });
    expect(withoutExample.map(({ name }) => name)).toEqual([]);
  });
});
