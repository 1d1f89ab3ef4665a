/** What the plugins make of the SDK: the same, but smaller. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ResourceDetails$ } from '@aws-sdk/client-securityhub';
import type { Plugin } from 'esbuild';
import { afterAll, describe, expect, it } from 'vitest';
import { bundleWith } from '../../deploy/bundle.ts';
import { leanErrors } from '../../deploy/esbuild/errors.ts';
import LruCache from '../../deploy/esbuild/lru-cache.ts';
import { buildOptions } from '../../deploy/esbuild/options.ts';
import { documents, leanSchemas, withPlainKeys } from '../../deploy/esbuild/schemas.ts';
import { at } from '../../lib/core/json.ts';

const clients = [
  'client-dynamodb',
  'client-ec2',
  'client-eks',
  'client-kms',
  'client-securityhub',
  'client-sqs',
];
const sdk = path.join(import.meta.dirname, '..', '..', 'node_modules', '@aws-sdk');
const folder = mkdtempSync(path.join(tmpdir(), 'trailseal-sdk-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** All that a module of a client exports, bundled with some plugins. */
async function exportsOf(
  client: string,
  module: string,
  plugins: Plugin[],
): Promise<Record<string, unknown>> {
  const name = `${client}-${path.basename(module)}-${plugins.length}`;
  const entry = path.join(folder, `${name}.ts`);
  writeFileSync(entry, `export * from ${JSON.stringify(path.join(sdk, client, 'dist-es', module))};`);
  const { file } = await bundleWith({ ...buildOptions, plugins }, entry, folder);
  return createRequire(import.meta.url)(file);
}

describe('constants as keys', () => {
  it('are put in their places', () => {
    expect(withPlainKeys('const _xN = "xmlName";\nvar a = [{ [_xN]: _i, [_o]: _xN }, [_xN]];')).toBe(
      'const _xN = "xmlName";\nvar a = [{ "xmlName": _i, [_o]: _xN }, [_xN]];',
    );
  });

  it('stay computed where a plain key would set the prototype', () => {
    const text = 'const _p = "__proto__";\nvar a = { [_p]: 1 };';
    expect(withPlainKeys(text)).toBe(text);
  });
});

/** A schema with each reference to another in words, so that two models can be compared. */
function inWords(schema: unknown): unknown {
  if (typeof schema === 'function') {
    const found: unknown = schema();
    return Array.isArray(found) ? `${found[1]}#${found[2]}` : found;
  }
  if (Array.isArray(schema)) return schema.map(inWords);
  return schema;
}

describe.each(clients)("%s's schemas", (client) => {
  it('say what they said, but for what is passed on as a document', async () => {
    const module = 'schemas/schemas_0.js';
    const [plain, lean] = await Promise.all([
      exportsOf(client, module, []),
      exportsOf(client, module, [leanSchemas]),
    ]);
    expect(Object.keys(lean).length).toBeGreaterThan(50);
    const asDocuments = new Set((documents[client] ?? []).map((shape) => inWords(() => plain[shape])));
    const expected = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(expected);
      return asDocuments.has(value) ? 15 : value;
    };
    for (const [name, schema] of Object.entries(plain)) {
      // The registries of exceptions are maps by the schemas themselves.
      if (name === 'errorTypeRegistries') continue;
      expect([name, inWords(lean[name])]).toEqual([name, expected(inWords(schema))]);
    }
  });
});

/** The kinds of simple schemas below a schema, with 64 and 128 (a list, a map of them) taken off, and all traits. */
function simpleKinds(schema: unknown, seen = new Set<unknown>()): readonly unknown[] {
  const target: unknown = typeof schema === 'function' ? schema() : schema;
  if (typeof target === 'number') return [target & ~(64 | 128)];
  if (!Array.isArray(target)) return [target];
  if (seen.has(target)) return [];
  seen.add(target);
  const [kind, , , traits, first, second] = target;
  const traitsToo = traits === 0 ? [] : [traits];
  // A structure has names and schemas of members, a list the schema of its values, a map those of keys and values.
  if (kind === 3) return [...traitsToo, ...second.flatMap((member: unknown) => simpleKinds(member, seen))];
  if (kind === 1) return [...traitsToo, ...simpleKinds(first, seen)];
  if (kind === 2) return [...traitsToo, ...simpleKinds(first, seen), ...simpleKinds(second, seen)];
  return [target];
}

describe('what is passed on as a document', () => {
  it("is, of Security Hub's details of a resource, plain JSON throughout", () => {
    // Text, numbers, booleans and documents; no times, no bytes, no names on the wire that differ.
    expect([...new Set(simpleKinds(ResourceDetails$))].sort()).toEqual([0, 1, 15, 2]);
  });
});

describe.each(clients.filter((client) => client !== 'client-ec2'))("%s's exceptions", (client) => {
  it('are what they were', async () => {
    const [plain, lean] = await Promise.all([
      exportsOf(client, 'models/errors.js', []),
      exportsOf(client, 'models/errors.js', [leanErrors]),
    ]);
    expect(Object.keys(plain).length).toBeGreaterThan(10);
    const told = Object.keys(plain).map((name) => [name, portrait(lean[name])]);
    expect(told).toEqual(Object.keys(plain).map((name) => [name, portrait(plain[name])]));
  });
});

/** An exception as its users see it. */
function portrait(made: unknown): unknown {
  if (typeof made !== 'function') throw new TypeError('a class was expected');
  const anything = new Proxy({}, { get: (_, field) => `its ${String(field)}` });
  const error: unknown = Reflect.construct(made, [
    Object.assign(Object.create(anything), { message: 'Why', $metadata: { httpStatusCode: 400 } }),
  ]);
  return {
    fields: Object.entries(Object.getOwnPropertyDescriptors(error)).map(([field, { value, enumerable }]) => [
      field,
      field === 'stack' ? typeof value : value,
      enumerable,
    ]),
    shapeId: Object.getOwnPropertyDescriptor(made, 'shapeId'),
    isError: error instanceof Error,
    isItself: Object.getPrototypeOf(error) === made.prototype && error instanceof made,
    parent: at(Object.getPrototypeOf(made), 'shapeId'),
  };
}

describe('the cache of endpoints', () => {
  const filled = () => {
    const cache = new LruCache<string, number>(2);
    cache.set('a', 1);
    cache.set('b', 2);
    return cache;
  };
  const held = (cache: LruCache<string, number>) => ['a', 'b', 'c'].filter((key) => cache.has(key));

  it('drops what was set the longest ago', () => {
    const cache = filled();
    cache.set('c', 3);
    expect(held(cache)).toEqual(['b', 'c']);
  });

  it('keeps what was read since', () => {
    const cache = filled();
    expect(cache.get('a')).toBe(1);
    cache.set('c', 3);
    expect(held(cache)).toEqual(['a', 'c']);
  });

  it('does not count a peek as a use', () => {
    const cache = filled();
    expect(cache.peek('a')).toBe(1);
    cache.set('c', 3);
    expect(held(cache)).toEqual(['b', 'c']);
  });

  it('drops nothing when a key is set anew', () => {
    const cache = filled();
    cache.set('a', 4);
    expect([held(cache), cache.peek('a')]).toEqual([['a', 'b'], 4]);
  });

  it('is empty when cleared', () => {
    const cache = filled();
    cache.clear();
    expect(held(cache)).toEqual([]);
  });
});
