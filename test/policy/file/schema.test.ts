import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { type Control, severities } from '../../../lib/core/control.ts';
import { at, isObject } from '../../../lib/core/json.ts';
import { parsePolicy } from '../../../lib/policy/file/parse.ts';
import { policyJsonSchema } from '../../../lib/policy/file/schema.ts';
import { controls } from '../../../lib/services/catalogue.ts';
import { errorsIn, sampleControls } from '../fixtures.ts';

const root = path.join(import.meta.dirname, '..', '..', '..');
const read = (...name: string[]) => readFileSync(path.join(root, ...name), 'utf8');

/** Whether the JSON Schema, and so an editor, accepts a policy. */
function editorAccepts(text: string, known: readonly Control[]): boolean {
  const ajv = new Ajv({ strict: true, strictTypes: false, strictRequired: false });
  addFormats.default(ajv);
  return ajv.validate(policyJsonSchema(known), parse(text));
}

describe('the JSON Schema in docs/schemas', () => {
  it('is made from the controls (update it by npm run generate)', () => {
    expect(JSON.parse(read('docs', 'schemas', 'policy.schema.json'))).toEqual(policyJsonSchema(controls));
  });
});

describe.each(['trailseal.policy.yml', 'examples/policy.active.yml'])('%s', (file) => {
  it('is a policy', () => {
    expect(errorsIn(read(file), controls)).toEqual([]);
  });

  it('is accepted by editors', () => {
    expect(editorAccepts(read(file), controls)).toBe(true);
  });

  it('points editors to the schema', () => {
    const [, schema = ''] = /^# yaml-language-server: \$schema=(.+)$/m.exec(read(file)) ?? [];
    expect(path.resolve(root, path.dirname(file), schema)).toBe(
      path.join(root, 'docs', 'schemas', 'policy.schema.json'),
    );
  });
});

describe('the example policy', () => {
  it('lists every kind of action', () => {
    const parsed = parsePolicy(read('examples', 'policy.active.yml'), 'policy.active.yml', controls);
    const listed = parsed.ok ? [...parsed.policy.controls.values()].flatMap(({ actions }) => actions) : [];
    expect(new Set(listed.map((action) => action.replace(/:.*/, '')))).toEqual(
      new Set(['notify', 'tag', 'fix', 'quarantine']),
    );
  });
});

describe('the examples in docs/policy.md', () => {
  const blocks = [...read('docs', 'policy.md').matchAll(/^```yaml\n(.*?)^```$/gms)].map(
    ([, text = '']) => text,
  );
  it.each(blocks)('are valid: %s', (block) => {
    expect(errorsIn(block.includes('version: 1') ? block : `version: 1\n${block}`, controls)).toEqual([]);
  });
});

const exempt = (inner: string) => `version: 1\nexemptions: [{ ${inner} }]`;
const rest = 'reason: r, owner: o, expires: 2027-01-31';

describe('Trailseal and editors agree', () => {
  it.each([
    'version: 1',
    "version: 1\nallowedAccounts: ['111122223333']",
    'version: 1\ndefaults: { enabled: false, actions: [notify, fix:enable-rotation] }',
    'version: 1\ncontrols: { key-rotation: {}, volume-encryption: { settings: { owners: [a], graceDays: 30 } } }',
    'version: 1\ncontrols: { key-rotation: { enabled: true, severity: LOW, settings: {}, actions: [quarantine] } }',
    exempt(`tags: { environment: sandbox }, ${rest}`),
    exempt(`controls: [key-rotation], accounts: ['111122223333'], regions: [us-gov-west-1], ${rest}`),
    exempt(`resources: ['arn:aws:ec2:*:*:instance/i-0abc*'], ${rest}`),
    "version: 1\nguardrails: { actionsPerHour: { perAccount: 0, fix: { total: 1000, perActor: 3, reservedForCritical: 100 } }, protectedTags: { a: ['*'] } }",
    'version: 1\nguardrails: { gracePeriod: { fix: 0, quarantine: 90 minutes } }',
    'version: 1\nexemptionTags: { controls: all, maxDays: 365 }',
    'version: 1\nexemptionTags: { controls: [key-rotation], maxDays: 1 }',
    "version: 1\nactions: { tag: { prefix: 'acme:' }, quarantine: { mode: isolate+stop, criticalTags: { a: ['*'] } } }",
  ])('that this is a policy: %s', (text) => {
    expect([errorsIn(text), editorAccepts(text, sampleControls)]).toEqual([[], true]);
  });

  it.each([
    '{}',
    '[]',
    'version: 2',
    "version: '1'",
    'version: 1\ndefualts: {}',
    'version: 1\ncontrols:',
    'version: 1\ncontrols: { key-rotatoin: {} }',
    'version: 1\nallowedAccounts: [111122223333]',
    "version: 1\nallowedAccounts: ['1111']",
    'version: 1\ndefaults: { enabled: yes }',
    'version: 1\ndefaults: { severity: LOW }',
    'version: 1\ndefaults: { actions: [fix:everything] }',
    'version: 1\ncontrols: { key-rotation: { severity: low } }',
    'version: 1\ncontrols: { key-rotation: { actions: [fix:unshare-snapshot] } }',
    'version: 1\ncontrols: { key-rotation: { settings: { strict: true } } }',
    'version: 1\ncontrols: { volume-encryption: { settings: { key: own } } }',
    'version: 1\ncontrols: { volume-encryption: { settings: { graceDays: 0.5 } } }',
    'version: 1\ncontrols: { volume-encryption: { settings: { owners: somebody } } }',
    "version: 1\ncontrols: { snapshot-sharing: { settings: { allowedAccounts: ['1'] } } }",
    exempt(rest),
    exempt(`controls: [], ${rest}`),
    exempt(`controls: ['*'], ${rest}`),
    exempt(`tags: {}, ${rest}`),
    exempt(`tags: { environment: 1 }, ${rest}`),
    exempt(`resources: [i-0abc], ${rest}`),
    exempt(`regions: [Frankfurt], ${rest}`),
    exempt(`accounts: [111122223333], ${rest}`),
    exempt('regions: [eu-central-1], owner: o, expires: 2027-01-31'),
    exempt("regions: [eu-central-1], reason: ' ', owner: o, expires: 2027-01-31"),
    exempt('regions: [eu-central-1], reason: r, owner: o'),
    exempt('regions: [eu-central-1], reason: r, owner: o, expires: 2027-02-30'),
    exempt('regions: [eu-central-1], reason: r, owner: o, expires: 31.01.2027'),
    'version: 1\nguardrails: { actionsPerHour: 5 }',
    'version: 1\nguardrails: { actionsPerHour: { notify: { total: 1 } } }',
    'version: 1\nguardrails: { actionsPerHour: { total: -1 } }',
    'version: 1\nguardrails: { actionsPerHour: { reservedForCritical: 101 } }',
    'version: 1\nguardrails: { actionsPerHour: { total: 1001 } }',
    'version: 1\nguardrails: { protectedTags: { environment: prod } }',
    'version: 1\nguardrails: { gracePeriod: { fix: 15 } }',
    'version: 1\nguardrails: { gracePeriod: { fix: PT15M } }',
    'version: 1\nguardrails: { gracePeriod: { notify: 1 hour } }',
    'version: 1\nexemptionTags: { controls: all }',
    'version: 1\nexemptionTags: { controls: [], maxDays: 30 }',
    'version: 1\nexemptionTags: { controls: all, maxDays: 0 }',
    'version: 1\nactions: { tag: { prefix: trailseal } }',
    "version: 1\nactions: { tag: { prefix: 'aws:' } }",
    'version: 1\nactions: { quarantine: { mode: terminate } }',
    'version: 1\nactions: { notify: {} }',
  ])('that this is no policy: %s', (text) => {
    expect([errorsIn(text).length > 0, editorAccepts(text, sampleControls)]).toEqual([true, false]);
  });
});

/** Every property in a schema, with the path to it. */
function properties(schema: unknown, where = ''): readonly (readonly [string, unknown])[] {
  const own = Object.entries(at(schema, 'properties') ?? {});
  const items = at(schema, 'items');
  return [
    ...own.flatMap(([name, inner]) => [
      [`${where}.${name}`, inner] as const,
      ...properties(inner, `${where}.${name}`),
    ]),
    ...(items === undefined ? [] : properties(items, `${where}[]`)),
  ];
}

describe('what editors show', () => {
  const everywhere = properties(policyJsonSchema(controls));

  it('is a description of every key', () => {
    expect(everywhere.filter(([, schema]) => typeof at(schema, 'description') !== 'string')).toEqual([]);
  });

  it('is an error for every unknown key, tags apart', () => {
    const takingAnyKey = everywhere.filter(
      ([, schema]) => isObject(at(schema, 'properties')) && at(schema, 'additionalProperties') !== false,
    );
    expect(takingAnyKey).toEqual([]);
  });

  it("are each control's own actions", () => {
    const schema = policyJsonSchema(sampleControls);
    const offered = (id: string) =>
      at(schema, 'properties', 'controls', 'properties', id, 'properties', 'actions', 'items', 'enum');
    expect(sampleControls.map(({ id }) => offered(id))).toEqual(sampleControls.map(({ actions }) => actions));
  });

  it('are the severities', () => {
    const schema = policyJsonSchema(sampleControls);
    expect(
      at(schema, 'properties', 'controls', 'properties', 'key-rotation', 'properties', 'severity', 'enum'),
    ).toEqual(severities);
  });
});
