import { describe, expect, it } from 'vitest';
import { listerOf } from '../../lib/services/listers.ts';
import { allCases } from './cases.ts';
import { mockAws } from './listing.ts';

const listedCases = allCases.flatMap(({ listed }) => listed.map((one) => [one.type, one] as const));

describe('the permissions of a lister', () => {
  it.each(listedCases)('are those of the calls that it makes: %s', async (type, { answer }) => {
    const aws = mockAws();
    answer(aws.mocks);
    await aws.list(type);
    expect([...new Set(aws.calls())].sort()).toEqual([...listerOf(type).permissions].sort());
  });
});
