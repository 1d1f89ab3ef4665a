/**
 * Which services a bundle holds, and which parts of them: an evaluator those that name it, with what it reads of others;
 * each function just the parts that it uses, so that none is bundled with SDK clients, fixes or listings of another.
 */
import path from 'node:path';
import type { Plugin } from 'esbuild';
import type { EvaluatorName, Service } from '../../lib/core/service.ts';
import { services } from '../../lib/services/catalogue.ts';
import { readers } from '../../lib/services/readers.ts';

const folder = path.join(import.meta.dirname, '..', '..', 'lib', 'services');
const index = path.join(folder, 'index.ts');
const liveIndex = path.join(folder, 'live.ts');

/** The parts of a service that only some functions use, by their files beside `service.ts` and `live.ts`. */
const parts = [
  'actions',
  'aws',
  'clients',
  'list',
  'memory',
  'quarantine/clients',
  'specimens',
  'tags',
  'trail',
] as const;
type ServicePart = (typeof parts)[number];

const ofEvaluators: readonly ServicePart[] = ['aws', 'clients', 'memory'];

/** What each function uses beside the controls; one that is not named here uses nothing more. */
const byFunction: Readonly<Record<string, readonly ServicePart[]>> = {
  scan: ['clients', 'list'],
  remediate: ['actions', 'aws', 'clients', 'quarantine/clients', 'tags'],
};

/** The evaluator whose entry file this is; `undefined` for another function's. */
function evaluatorIn(entry: string): EvaluatorName | undefined {
  return /[\\/]evaluators[\\/]([\w-]+)\.ts$/.exec(entry)?.[1];
}

/** Of what is no function, such as a command, nothing is left out. */
function partsOf(entry: string): readonly ServicePart[] {
  if (!/(^|[\\/])functions[\\/]/.test(entry)) return parts;
  if (evaluatorIn(entry) !== undefined) return ofEvaluators;
  return byFunction[path.basename(entry, '.ts')] ?? [];
}

/** The services whose facts an evaluator's controls need, beside its own: those that answer its readers. */
function askedBy(own: readonly Service[]): readonly string[] {
  const facts = own.flatMap(({ controls }) => controls.flatMap((control) => control.facts));
  const asked = facts.flatMap((name) => [name, ...(readers[name]?.asks ?? [])]);
  const ids = new Set(asked.map((name) => name.slice(0, name.indexOf('.'))));
  return services
    .map(({ id }) => id)
    .filter((id) => ids.has(id) && !own.some((service) => service.id === id));
}

/**
 * The two indexes as an evaluator's bundle has them: its own services, and of those that it asks what answers.
 * @throws TypeError for an evaluator that no service names.
 */
export function indexesFor(evaluator: EvaluatorName): { readonly index: string; readonly live: string } {
  const own = services.filter((service) => service.evaluator === evaluator);
  if (own.length === 0) throw new TypeError(`no service names the evaluator ${evaluator}`);
  return {
    index: own.map(({ id }) => `export { ${id} } from './${id}/service.ts';`).join('\n'),
    live: [
      ...own.map(({ id }) => `export { ${id}Live } from './${id}/live.ts';`),
      ...askedBy(own).flatMap((id) => [
        `import { aws as ${id}Aws } from './${id}/aws.ts';`,
        `import { clients as ${id}Clients } from './${id}/clients.ts';`,
        `export const ${id}Live = { id: '${id}', aws: ${id}Aws, clients: ${id}Clients };`,
      ]),
    ].join('\n'),
  };
}

/**
 * Has each bundle hold just the services, and the parts of them, that its function uses.
 * @param overridable whether the function checks overrides of the policy, which may name the controls and actions of all
 *   services: then its bundle knows all controls, and still asks AWS about its own services alone.
 */
export const ownServices = (overridable: boolean): Plugin => ({
  name: 'own-services',
  setup(build) {
    const { entryPoints } = build.initialOptions;
    const [entry] = Array.isArray(entryPoints) ? entryPoints : [];
    if (typeof entry !== 'string') return;
    const evaluator = evaluatorIn(entry);
    const kept = partsOf(entry);
    if (evaluator !== undefined) {
      const own = indexesFor(evaluator);
      const contents = new Map([
        [liveIndex, own.live],
        ...(overridable ? [] : [[index, own.index] as const]),
      ]);
      build.onLoad({ filter: /[\\/]services[\\/](index|live)\.ts$/ }, ({ path: file }) => {
        const text = contents.get(file);
        return text === undefined ? undefined : { contents: text, resolveDir: folder, loader: 'ts' };
      });
    }
    // No other import: each that passes the filter costs a call from esbuild to here, and the SDK has thousands.
    const filter = new RegExp(String.raw`^\./(?:${parts.join('|')})\.ts$`);
    build.onResolve({ filter }, ({ path: wanted, importer }) => {
      const inService = /^(service|live)\.ts$/.test(path.basename(importer));
      if (!inService || path.dirname(path.dirname(importer)) !== folder) return undefined;
      const part = parts.find((each) => wanted === `./${each}.ts`);
      return part === undefined || kept.includes(part)
        ? undefined
        : { path: part, namespace: 'part-left-out' };
    });
    // CommonJS: whatever is imported of it is undefined. Nothing in this bundle asks for it.
    build.onLoad({ filter: /.*/, namespace: 'part-left-out' }, () => ({
      contents: 'module.exports = {};',
      loader: 'js',
    }));
  },
});
