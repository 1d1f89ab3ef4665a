import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { at, flag, isObject, list, text, texts } from '../../lib/core/json.ts';

/** What JSON.parse makes of a text: the only objects whose `__proto__` is a key like any other. */
const parsed = (json: string): unknown => JSON.parse(json);
const inherited = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'length'];

describe('isObject', () => {
  it.each([[{}], [{ a: 1 }], [Object.create(null)]])('takes %j', (value) => {
    expect(isObject(value)).toBe(true);
  });

  it.each([[null], [undefined], [[]], ['a'], [1], [true]])('refuses %j', (value) => {
    expect(isObject(value)).toBe(false);
  });
});

describe('at', () => {
  const value = { a: [{ b: null }, { b: 0 }], '': { '': 'empty' } };

  it.each<[(string | number)[], unknown]>([
    [[], value],
    [['a', 0, 'b'], null],
    [['a', '1', 'b'], 0],
    [['', ''], 'empty'],
    [['a', 2], undefined],
    [['a', 0, 'b', 'c'], undefined],
    [['a', 0, 'c', 'd'], undefined],
    [['b'], undefined],
  ])('follows %j', (path, expected) => {
    expect(at(value, ...path)).toEqual(expected);
  });

  it.each(inherited)('finds no %s that was not written', (key) => {
    expect(at({}, key)).toBeUndefined();
    expect(at({}, key, 'name')).toBeUndefined();
    expect(at('text', key)).toBeUndefined();
  });

  it.each(['__proto__', 'constructor', 'toString'])('finds a %s that was written', (key) => {
    expect(at(parsed(`{"${key}":{"x":"data"}}`), key, 'x')).toBe('data');
  });

  it('does not reach what only the prototype has, even where __proto__ was written', () => {
    expect(at(parsed('{"__proto__":{"x":1}}'), 'x')).toBeUndefined();
  });

  it.each([[null], [undefined], ['text'], [7], [true]])('finds nothing below %j', (leaf) => {
    expect(at(leaf, 'a')).toBeUndefined();
  });
});

describe('text', () => {
  it.each<[unknown, string | undefined]>([
    ['a', 'a'],
    ['', ''],
    [80, '80'],
    [0, '0'],
    [-1.5, '-1.5'],
    [true, undefined],
    [null, undefined],
    [['a'], undefined],
    [{ content: 'a' }, undefined],
  ])('of %j is %j', (value, expected) => {
    expect(text({ value }, 'value')).toBe(expected);
  });
});

describe('flag', () => {
  it.each<[unknown, boolean | undefined]>([
    [true, true],
    [false, false],
    ['true', true],
    ['False', false],
    ['TRUE', true],
    ['yes', undefined],
    ['', undefined],
    [1, undefined],
    [0, undefined],
    [null, undefined],
    [[true], undefined],
  ])('of %j is %j', (value, expected) => {
    expect(flag({ value }, 'value')).toBe(expected);
  });
});

describe('list', () => {
  it.each<[unknown, readonly unknown[]]>([
    [
      ['a', 1],
      ['a', 1],
    ],
    [[], []],
    [{}, []],
    [{ items: ['a', 'b'] }, ['a', 'b']],
    [{ item: ['a'] }, ['a']],
    [{ items: [] }, []],
    [{ items: { a: 1 } }, [{ a: 1 }]],
    [{ item: { a: 1 } }, [{ a: 1 }]],
    [{ a: 1 }, [{ a: 1 }]],
    ['a', []],
    [7, []],
    [null, []],
  ])('of %j is %j', (value, expected) => {
    expect(list({ value }, 'value')).toEqual(expected);
  });

  it('takes no wrapper from a prototype', () => {
    const value = parsed('{"__proto__":{"items":["a"]}}');
    expect(list(value)).toEqual([value]);
  });
});

describe('texts', () => {
  it.each<[unknown, readonly string[]]>([
    [
      ['a', 'b'],
      ['a', 'b'],
    ],
    [['a', 1, null, ['b'], { c: 'c' }], ['a']],
    [{ items: ['a'] }, ['a']],
    ['a', ['a']],
    ['', []],
    [
      ['', 'a'],
      ['', 'a'],
    ],
    [{}, []],
    [{ a: 'a' }, []],
    [7, []],
    [true, []],
    [null, []],
  ])('of %j are %j', (value, expected) => {
    expect(texts({ value }, 'value')).toEqual(expected);
  });

  it('of a path that is not there are none', () => {
    expect(texts({}, 'value')).toEqual([]);
  });
});

it('every reader answers for any value and any path, in its own type', () => {
  const key = fc.oneof(fc.string(), fc.nat(3), fc.constantFrom(...inherited, 'items', 'item'));
  const value = fc.oneof(fc.jsonValue(), fc.json().map(parsed));
  fc.assert(
    fc.property(value, fc.array(key, { maxLength: 4 }), (json, path) => {
      expect(['string', 'undefined']).toContain(typeof text(json, ...path));
      expect(['boolean', 'undefined']).toContain(typeof flag(json, ...path));
      expect(Array.isArray(list(json, ...path))).toBe(true);
      expect(texts(json, ...path).every((item) => typeof item === 'string')).toBe(true);
    }),
  );
});
