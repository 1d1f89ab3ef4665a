import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

const root = path.join(import.meta.dirname, '..');

/** Each module of the product, with the modules of the product that it imports for use at run time, and for types. */
const modules = new Map(
  ['lib', 'functions', 'cli', 'deploy', 'bench']
    .filter((folder) => existsSync(path.join(root, folder)))
    .flatMap((folder) =>
      readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' }).map((name) =>
        path.join(folder, name),
      ),
    )
    .filter((file) => file.endsWith('.ts'))
    .map((file) => {
      const text = readFileSync(path.join(root, file), 'utf8');
      const imports = [...text.matchAll(/^(?:import|export)\s+(type\s)?[^;]*?from\s+'(\.[^']+)'/gms)].map(
        (match) => ({
          to: path.join(path.dirname(file), match[2] ?? ''),
          typeOnly: match[1] !== undefined,
        }),
      );
      return [file, imports];
    }),
);

/** Who may import whom, by folder; what a folder may always import is its own. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  'lib/core': ['lib/aws', 'lib/findings', 'lib/services'],
  'lib/services': [
    'lib/core',
    'lib/iam',
    'lib/aws',
    'lib/findings',
    'lib/pipeline',
    'lib/remediation',
    'data',
  ],
  'lib/iam': ['lib/core'],
  'lib/aws': ['lib/core', 'lib/pipeline', 'lib/policy', 'lib/services'],
  'lib/trail': ['lib/core'],
  'lib/policy': ['lib/core', 'lib/remediation/actions/settings.ts'],
  'lib/findings': ['lib/core', 'lib/policy'],
};

function within(file: string, folder: string): boolean {
  return file === folder || file.startsWith(`${folder}/`);
}

describe('modules', () => {
  it.each(Object.entries(allowed))('below %s import only what they may', (folder, others) => {
    const wrong = [...modules]
      .filter(([file]) => within(file, folder))
      .flatMap(([file, imports]) =>
        imports
          .filter(({ to }) => ![folder, ...others].some((other) => within(to, other)))
          .map(({ to }) => `${file} -> ${to}`),
      );
    expect(wrong).toEqual([]);
  });

  it('of the library import none of the command', () => {
    const wrong = [...modules]
      .filter(([file]) => file.startsWith('lib/'))
      .flatMap(([file, imports]) =>
        imports
          .filter(({ to }) => !to.startsWith('lib/') && !to.startsWith('data/'))
          .map(({ to }) => `${file} -> ${to}`),
      );
    expect(wrong).toEqual([]);
  });

  it('have no cycles at run time', () => {
    expect(cyclesOf((_file, { typeOnly }) => !typeOnly)).toEqual([]);
  });

  it('have no cycles, types included', () => {
    expect(cyclesOf(() => true)).toEqual([]);
  });
});

interface Import {
  readonly to: string;
  readonly typeOnly: boolean;
}

/** The cycles among modules, by those of their imports that count; each as the way round. */
function cyclesOf(counts: (file: string, imported: Import) => boolean): readonly string[] {
  const cycles: string[] = [];
  const done = new Set<string>();
  const visit = (file: string, trail: readonly string[]): void => {
    if (trail.includes(file)) {
      cycles.push([...trail.slice(trail.indexOf(file)), file].join(' -> '));
      return;
    }
    if (done.has(file)) return;
    for (const imported of modules.get(file) ?? []) {
      if (counts(file, imported)) visit(imported.to, [...trail, file]);
    }
    done.add(file);
  };
  for (const file of modules.keys()) visit(file, []);
  return cycles;
}
