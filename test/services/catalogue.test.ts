import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { asffLimits } from '../../lib/findings/asff.ts';
import { controls } from '../../lib/services/catalogue.ts';
import { deletedResources, evaluateTrail, sample } from '../evaluating.ts';

const root = path.join(import.meta.dirname, '..', '..');
const prefixes = {
  pass: 'PASS',
  fail: 'FAIL',
  unknown: 'UNKNOWN',
  'not-applicable': 'NOT_APPLICABLE',
} as const;

function samplesOf(id: string): readonly string[] {
  const folder = path.join(root, 'events', id);
  return existsSync(folder) ? readdirSync(folder).map((name) => path.basename(name, '.json')) : [];
}

describe('the catalogue', () => {
  it('holds every control that there is a file for', () => {
    const folder = path.join(root, 'lib', 'services');
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => /^[^/]+\/controls\/[^/]+\.ts$/.test(name.replaceAll(path.sep, '/')))
      .map((name) => path.basename(name, '.ts'))
      .filter((name) => name !== 'index');
    expect(controls.map(({ id }) => id as string).sort()).toEqual(files.sort());
  });

  it('names each control once', () => {
    expect(new Set(controls.map(({ id }) => id)).size).toBe(controls.length);
  });

  it('has no samples of a control that does not exist', () => {
    const ids: readonly string[] = controls.map(({ id }) => id);
    expect(readdirSync(path.join(root, 'events')).filter((name) => !ids.includes(name))).toEqual([]);
  });
});

describe.each(controls.map((control) => [control.id, control] as const))('%s', (id, control) => {
  it('has words for people and for Security Hub', () => {
    expect(id).toMatch(/^[a-z0-9]+(-[a-z0-9]+)+$/);
    expect(control.title.length).toBeLessThanOrEqual(asffLimits.title);
    expect(control.title).toMatch(/should/);
    expect(control.remediation.length).toBeLessThanOrEqual(asffLimits.remediation);
    expect(control.reference).toMatch(/^https:\/\/docs\.aws\.amazon\.com\//);
    expect(control.standards['NIST.800-53.r5'].length).toBeGreaterThan(0);
  });

  it('has a default for every setting', () => {
    expect(control.settings.safeParse({}).success).toBe(true);
  });

  it('has samples that pass and samples that fail', () => {
    const names = samplesOf(id);
    expect(names.filter((name) => name.startsWith('pass-')).length).toBeGreaterThanOrEqual(1);
    expect(names.filter((name) => name.startsWith('fail-')).length).toBeGreaterThanOrEqual(1);
  });

  for (const name of samplesOf(id)) {
    const [, prefix] = /^(pass|fail|unknown|not-applicable|deletion)-/.exec(name) ?? [];
    if (prefix === 'deletion') {
      it(`ends a resource by ${name}`, () => {
        expect(deletedResources(control, sample(id, name)).length).toBeGreaterThan(0);
      });
    } else {
      it(`evaluates ${name} as it is named`, async () => {
        const verdicts = (await evaluateTrail(control, [sample(id, name)])).map(({ verdict }) => verdict);
        expect(verdicts).toContain(prefixes[prefix as keyof typeof prefixes]);
      });
    }

    it(`has ${name} in an EventBridge envelope with documentation account ids`, () => {
      const envelope = sample(id, name);
      expect(Object.keys(envelope)).toEqual(
        expect.arrayContaining([
          'version',
          'id',
          'detail-type',
          'source',
          'account',
          'time',
          'region',
          'resources',
          'detail',
        ]),
      );
      const documentation = new Set([
        '111122223333',
        '444455556666',
        '123456789012',
        '555555555555',
        '999999999999',
        '210987654321',
      ]);
      const accounts = JSON.stringify(envelope).match(/(?<=[:"])\d{12}(?=[:"])/g) ?? [];
      expect(accounts.filter((account) => !documentation.has(account))).toEqual([]);
    });
  }
});
