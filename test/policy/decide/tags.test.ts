import { describe, expect, it } from 'vitest';
import { usesTags } from '../../../lib/policy/decide/tags.ts';
import { policyOf } from '../fixtures.ts';

const rest = 'reason: Sandbox, owner: me, expires: 2020-01-31';

describe('a policy uses tags for', () => {
  it.each([
    ['no control, where it names no tags', '', []],
    [
      'no control, where it exempts by other criteria',
      `exemptions: [{ accounts: ['111122223333'], ${rest} }]`,
      [],
    ],
    [
      'every control, where it has protected tags',
      'guardrails: { protectedTags: { keep: ["*"] } }',
      ['key-rotation', 'volume-encryption'],
    ],
    [
      'every control, where tags may exempt from all',
      'exemptionTags: { controls: all, maxDays: 30 }',
      ['key-rotation', 'volume-encryption'],
    ],
    [
      'the controls that tags may exempt from',
      'exemptionTags: { controls: [key-rotation], maxDays: 30 }',
      ['key-rotation'],
    ],
    [
      'every control, where an exemption by tags is for all, though expired',
      `exemptions: [{ tags: { a: b }, ${rest} }]`,
      ['key-rotation', 'volume-encryption'],
    ],
    [
      'the controls of an exemption by tags',
      `exemptions: [{ controls: [volume-encryption], tags: { a: b }, ${rest} }]`,
      ['volume-encryption'],
    ],
  ])('%s', (_what, text, expected) => {
    const policy = policyOf(`version: 1\n${text}`);
    const ids = ['key-rotation', 'volume-encryption'];
    expect(ids.filter((id) => usesTags(policy, id))).toEqual(expected);
  });
});
