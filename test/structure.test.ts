import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { services } from '../lib/services/catalogue.ts';

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

/** Below `lib`, each folder and what it may import; what it may always import is its own. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  // The contracts name SDK clients, and how facts are read from AWS, by their types.
  'lib/core': ['lib/aws'],
  'lib/iam': ['lib/core'],
  'lib/aws': ['lib/core'],
  'lib/trail': ['lib/core'],
  'lib/services': ['lib/core', 'lib/iam', 'lib/aws', 'data'],
  'lib/policy': ['lib/core'],
  // A finding has a plan and an exemption, which are the policy's.
  'lib/findings': ['lib/core', 'lib/aws', 'lib/policy'],
  'lib/pipeline': ['lib/core', 'lib/aws', 'lib/trail', 'lib/policy', 'lib/findings', 'lib/services'],
  'lib/remediation': [
    'lib/core',
    'lib/aws',
    'lib/policy',
    'lib/findings',
    'lib/services',
    'lib/pipeline',
    'lib/trail',
  ],
  'lib/notifications': [
    'lib/core',
    'lib/aws',
    'lib/policy',
    'lib/services',
    'lib/remediation',
    'lib/pipeline',
  ],
};

/** The other folders of the product, and what each may import besides `lib` and its own. */
const outside: Readonly<Record<string, readonly string[]>> = {
  // A bundle contains the policy file, which the build reads and checks.
  functions: ['deploy/esbuild/policy-file.ts'],
  cli: ['package.json'],
  // The build reads a policy file as the command does, and words its errors alike.
  deploy: ['cli/policy/file.ts', 'cli/exit.ts', 'cli/output/printable.ts'],
  bench: ['cli', 'deploy', 'scripts', 'test'],
};

function within(file: string, folder: string): boolean {
  return file === folder || file.startsWith(`${folder}/`);
}

describe('modules', () => {
  it('below lib are in folders that have rules, and the rules are of folders that there are', () => {
    const folders = new Set([...modules.keys()].flatMap((file) => /^lib\/[^/]+/.exec(file)?.[0] ?? []));
    expect([...folders].sort()).toEqual(Object.keys(allowed).sort());
  });

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

  it.each(Object.entries(outside))('below %s import only what they may', (folder, others) => {
    const wrong = [...modules]
      .filter(([file]) => within(file, folder))
      .flatMap(([file, imports]) =>
        imports
          .filter(({ to }) => ![folder, 'lib', ...others].some((other) => within(to, other)))
          .map(({ to }) => `${file} -> ${to}`),
      );
    expect(wrong).toEqual([]);
  });

  it('declare each name of a type once, so that it means one thing', () => {
    const declaring = Map.groupBy(
      [...modules.keys()].flatMap((file) => {
        const text = readFileSync(path.join(root, file), 'utf8');
        const found = text.matchAll(/^(?:export )?(?:abstract )?(?:type|interface|class) (\w+)/gm);
        return [...found].map(([, name]) => ({ name, file }));
      }),
      ({ name }) => name,
    );
    const several = [...declaring]
      .map(([name, places]) => [name, [...new Set(places.map(({ file }) => file))]] as const)
      .filter(([, files]) => files.length > 1);
    // `ResourceTypes`, `Facts` and the like are declared once, and added to inside `declare module`.
    expect(several).toEqual([]);
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

describe('services', () => {
  const own = (file: string) => /^lib\/services\/([^/]+)\//.exec(file)?.[1];

  it('import no other service', () => {
    const ids = new Set(services.map(({ id }) => id));
    const wrong = [...modules].flatMap(([file, imports]) =>
      imports
        .filter(({ to }) => {
          const [from, into] = [own(file), own(to)];
          return from !== undefined && into !== undefined && from !== into && ids.has(into);
        })
        .map(({ to }) => `${file} -> ${to}`),
    );
    expect(wrong).toEqual([]);
  });

  it('are imported from their folders by nothing outside of lib/services but the evaluators’ entries', () => {
    const ids = services.map(({ id }) => id);
    const wrong = [...modules].flatMap(([file, imports]) =>
      within(file, 'lib/services') || within(file, 'functions/evaluators')
        ? []
        : imports
            .filter(({ to }) => ids.some((id) => within(to, `lib/services/${id}`)))
            .map(({ to }) => `${file} -> ${to}`),
    );
    expect(wrong).toEqual([]);
  });

  it('each have their parts in files of the same names', () => {
    const parts = ['service', 'types', 'facts', 'trail', 'live', 'clients', 'aws', 'list', 'tags', 'actions'];
    for (const { id } of services) {
      const missing = parts.filter((part) => !modules.has(`lib/services/${id}/${part}.ts`));
      expect([id, missing]).toEqual([id, []]);
    }
  });

  /** What only names a service as a subject of evaluation: its types of resources, its facts and its events' source. */
  const subjects = services.flatMap(({ id, source, resourceTypes }) => [
    ...Object.keys(resourceTypes).map((type) => new RegExp(`\\b${type}\\b`)),
    new RegExp(`['"\`]${id}\\.(?!amazonaws)[a-z]`),
    ...(source.kind === 'aws' ? [new RegExp(source.eventSource.replaceAll('.', '\\.'))] : []),
  ]);

  it('are named as subjects of evaluation only in their own folders and in deploy', () => {
    const found = [...modules.keys()]
      .filter((file) => !/^(lib\/services|deploy|bench)\//.test(file) && !file.includes('/generated/'))
      .flatMap((file) =>
        withoutComments(readFileSync(path.join(root, file), 'utf8'))
          .split('\n')
          .filter((line) => subjects.some((subject) => subject.test(line)))
          .map((line) => `${file}: ${line.trim()}`),
      );
    expect(found).toEqual([]);
  });
});

/** Comments may give a service as an example. */
function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
}
