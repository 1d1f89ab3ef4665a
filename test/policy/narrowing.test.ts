/** Every key of the policy and every setting says how an override may narrow it; none can be forgotten. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as z from 'zod/mini';
import { definedActionSettings } from '../../lib/core/action-settings.ts';
import { widenedKeys } from '../../lib/core/narrowing.ts';
import { includesPattern, matchesPattern } from '../../lib/core/pattern.ts';
import { policySchema } from '../../lib/policy/file/schema.ts';
import { policyNarrowings } from '../../lib/policy/narrowing.ts';
import { controls } from '../../lib/services/catalogue.ts';
import { volumes as sample } from './fixtures.ts';

/** The keys of an object's schema; `undefined` for any other value. */
function shapeOf(schema: z.core.$ZodType): Readonly<Record<string, z.core.$ZodType>> | undefined {
  let here = schema;
  while (here instanceof z.ZodMiniOptional || here instanceof z.ZodMiniDefault) here = here.def.innerType;
  return here instanceof z.ZodMiniObject ? here.shape : undefined;
}

/** The paths of all values of the policy file that are no mappings of known keys. */
function keysOf(schema: z.core.$ZodType, path: readonly string[] = []): readonly string[] {
  const shape = shapeOf(schema);
  const [last] = path.slice(-1);
  if (shape === undefined || last === 'settings' || path[0] === 'exemptionTags') return [path.join('.')];
  return Object.entries(shape).flatMap(([key, child]) => keysOf(child, [...path, key]));
}

describe('every key of the policy file', () => {
  /** Keys that count through others: the defaults through each control, the limits of every kind through each kind. */
  const through: Readonly<Record<string, string>> = {
    'defaults.enabled': 'controls.<id>.enabled',
    'defaults.actions': 'controls.<id>.actions',
    'guardrails.actionsPerHour.perAccount': 'guardrails.actionsPerHour.tag.perAccount',
    'guardrails.actionsPerHour.total': 'guardrails.actionsPerHour.tag.total',
    'guardrails.actionsPerHour.perActor': 'guardrails.actionsPerHour.tag.perActor',
    'guardrails.actionsPerHour.reservedForCritical': 'guardrails.actionsPerHour.tag.reservedForCritical',
  };
  const keys = keysOf(policySchema([sample]))
    .filter((key) => key !== 'version')
    .map((key) => key.replace(`controls.${sample.id}.`, 'controls.<id>.'));

  it.each(keys)('says how an override may narrow it: %s', (key) => {
    expect(policyNarrowings([sample]).map((row) => row.key)).toContain(through[key] ?? key);
  });

  it('is found, nested ones too', () => {
    expect(keys).toEqual(
      expect.arrayContaining([
        'controls.<id>.settings',
        'actions.quarantine.criticalTags',
        'guardrails.gracePeriod.fix',
      ]),
    );
  });
});

it.each(controls.map((control) => [control.id, control] as const))(
  'every setting of %s says how an override may narrow it',
  (_id, { settings, narrowing }) => {
    expect(Object.keys(narrowing).sort()).toEqual(Object.keys(shapeOf(settings) ?? { none: true }).sort());
  },
);

it.each([...definedActionSettings(controls)])(
  'every setting of the action %s says how an override may narrow it',
  (_action, { schema, narrowing: { parts = {} } }) => {
    expect(Object.keys(parts).sort()).toEqual(Object.keys(shapeOf(schema) ?? { none: true }).sort());
  },
);

it('every action that is neither a notification nor a tag nor a fix says what may be set about it, once', () => {
  for (const { id, actions, onRequestOnly = [], actionSettings = {} } of controls) {
    const others = [...actions, ...onRequestOnly].filter((action) => !/^(notify|tag|fix:.*)$/.test(action));
    expect([id, Object.keys(actionSettings).sort()]).toEqual([id, others.sort()]);
  }
  const all = controls.flatMap(({ actionSettings = {} }) => Object.entries(actionSettings));
  expect(new Set(all.map(([, definition]) => definition)).size).toBe(new Set(all.map(([id]) => id)).size);
});

it('the policy takes the settings of those actions alone that its controls have', () => {
  const [without] = controls.filter(({ actions }) => !actions.includes('quarantine'));
  expect([...definedActionSettings(without === undefined ? [] : [without]).keys()]).toEqual(['tag']);
  expect([...definedActionSettings(controls).keys()]).toEqual(['tag', 'quarantine']);
});

it('a key that declares nothing must not differ', () => {
  expect(widenedKeys({}, { added: 1 }, {})).toEqual([{ path: ['added'], must: 'be nothing', found: '1' }]);
});

describe('a pattern that includes another', () => {
  const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?'), maxLength: 6 });
  const text = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 6 });

  it('matches all that the other matches', () => {
    fc.assert(
      fc.property(pattern, pattern, text, (wide, narrow, value) => {
        fc.pre(includesPattern(wide, narrow) && matchesPattern(narrow, value));
        expect(matchesPattern(wide, value)).toBe(true);
      }),
      { numRuns: 3_000 },
    );
  });

  it.each([
    ['prod*', 'production', true],
    ['prod*', 'prod-?', true],
    ['*', 'a*', true],
    ['*?', '?*', true],
    ['a?', 'a*', false],
    ['production', 'prod*', false],
    ['t3.*', 't3a.*', false],
  ])('%s includes %s: %s', (wide, narrow, expected) => {
    expect(includesPattern(wide, narrow)).toBe(expected);
  });
});
