import { describe, expect, it } from 'vitest';
import type { FactName } from '../../lib/core/facts.ts';
import { controls, resourceTypes, services } from '../../lib/services/catalogue.ts';
import { permissionsFor, readers } from '../../lib/services/readers.ts';
import { mockAws } from '../pipeline/gathering.ts';
import { allCases } from './cases.ts';

const isFact = (name: string): name is FactName => Object.hasOwn(readers, name);
const facts = Object.keys(readers).filter(isFact);

const resources = allCases.flatMap((cases) => cases.resources);

/** An AWS whose every answer leads to whatever more there is to ask. */
function richAws() {
  const aws = mockAws();
  for (const { answer } of allCases) answer(aws);
  return aws;
}

it('every type of resource has one to read facts of', () => {
  expect(new Set(resources.map(({ type }) => type))).toEqual(new Set(resourceTypes));
});

describe('the permissions of a fact', () => {
  it.each(facts)('%s: are the calls that reading it makes, no fewer and no more', async (name) => {
    const aws = richAws();
    await aws.gather(resources.map((each) => ({ resource: each, facts: [name], mayBeDeleted: true })));
    expect([...new Set(aws.calls())].sort()).toEqual(permissionsFor([name]));
  });

  it.each(facts)('%s: are the calls that reading it makes, too', async (name) => {
    const aws = richAws();
    await aws.readCurrent(resources.map((each) => ({ resource: each, facts: [name], mayBeDeleted: true })));
    expect([...new Set(aws.calls())].sort()).toEqual(permissionsFor([name]));
  });

  it('cover every call of each control', async () => {
    for (const control of controls) {
      const aws = richAws();
      await aws.readCurrent(
        resources
          .filter(({ type }) => type === control.resourceType)
          .map((each) => ({ resource: each, facts: control.facts })),
      );
      expect(permissionsFor(control.facts)).toEqual(expect.arrayContaining([...aws.calls()]));
    }
  });

  it('only read', () => {
    const prefixes = services.flatMap(({ source }) => (source.kind === 'aws' ? [source.iamPrefix] : []));
    for (const action of permissionsFor(facts)) {
      const [prefix, operation] = action.split(':');
      expect(prefixes).toContain(prefix);
      expect(operation).toMatch(/^(Describe|Get|List)/);
    }
  });
});
