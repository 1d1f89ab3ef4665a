import { describe, expect, it } from 'vitest';
import { goesByTags } from '../../lib/policy/by-tags.ts';
import { policyOf } from './fixtures.ts';

const rest = 'reason: Sandbox, owner: me, expires: 2020-01-31';

describe('a policy goes by tags in what it does about', () => {
  it.each([
    ['nothing, where it names none', '', []],
    [
      'nothing, where it exempts by other things',
      `exemptions: [{ accounts: ['111122223333'], ${rest} }]`,
      [],
    ],
    [
      'everything, where tags protect',
      'guardrails: { protectedTags: { keep: ["*"] } }',
      ['key-rotation', 'volume-encryption'],
    ],
    [
      'everything, where tags may exempt from all',
      'exemptionTags: { controls: all, maxDays: 30 }',
      ['key-rotation', 'volume-encryption'],
    ],
    [
      'what tags may exempt from',
      'exemptionTags: { controls: [key-rotation], maxDays: 30 }',
      ['key-rotation'],
    ],
    [
      'everything, where an exemption by tags, though expired, is for all',
      `exemptions: [{ tags: { a: b }, ${rest} }]`,
      ['key-rotation', 'volume-encryption'],
    ],
    [
      'what an exemption by tags is for',
      `exemptions: [{ controls: [volume-encryption], tags: { a: b }, ${rest} }]`,
      ['volume-encryption'],
    ],
  ])('%s', (_what, text, expected) => {
    const policy = policyOf(`version: 1\n${text}`);
    const ids = ['key-rotation', 'volume-encryption'];
    expect(ids.filter((id) => goesByTags(policy, id))).toEqual(expected);
  });
});
