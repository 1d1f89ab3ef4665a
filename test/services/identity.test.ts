/** What a scheduled scan or a scan lists is the same resource that an event names: the findings are the same. */
import { describe, expect, it } from 'vitest';
import type { Resource } from '../../lib/core/control.ts';
import { Matcher } from '../../lib/pipeline/match.ts';
import { controls, resourceTypes } from '../../lib/services/catalogue.ts';
import { parseRecord } from '../../lib/trail/parse.ts';
import { record } from '../cli/command.ts';
import { allCases, type ListedCase } from './cases.ts';
import { mockAws } from './listing.ts';

const matcher = new Matcher(controls);
const listedCases = allCases.flatMap(({ listed }) => listed);

/** The resource of the case's type that a trigger, else a deletion, finds in its event, without tags. */
function named({ type, event: { source, name, request, response } }: ListedCase) {
  const parsed = parseRecord(
    record(source, name, '08:00:00', { requestParameters: request, responseElements: response }),
  );
  if (!parsed.ok) throw new Error(parsed.reason);
  const { triggered, deleted } = matcher.match(parsed.event);
  const found = [...triggered, ...deleted].find(({ resource }) => resource.type === type);
  if (found === undefined) throw new Error(`${name} names no ${type}`);
  return untagged(found.resource);
}

function untagged({ tags: _tags, ...resource }: Resource): Omit<Resource, 'tags'> {
  return resource;
}

describe('a listed resource is the one that its events name', () => {
  it.each(listedCases.map((one) => [one.type, one] as const))('%s', async (type, one) => {
    const aws = mockAws();
    one.answer(aws.mocks);
    const { resources } = await aws.list(type);
    expect(resources.map(untagged)).toEqual([named(one)]);
  });

  it('of each type there is', () => {
    expect(new Set(listedCases.map(({ type }) => type))).toEqual(new Set(resourceTypes));
  });
});
