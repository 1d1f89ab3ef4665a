import { describe, expect, it } from 'vitest';
import type { Resource } from '../../../lib/core/control.ts';
import { exemptionFor, expiresSoon } from '../../../lib/policy/decide/exemptions.ts';
import type { Exemption } from '../../../lib/policy/model.ts';
import { exemption, key, policyOf } from '../fixtures.ts';

const today = new Date('2026-11-21T12:00:00Z');

function policyWith(given: readonly Partial<Exemption>[]) {
  return { ...policyOf('version: 1'), exemptions: given.map(exemption) };
}

function stateOf(given: readonly Partial<Exemption>[], resource: Resource = key, now = today) {
  return exemptionFor(policyWith(given), 'key-rotation', resource, now)?.state;
}

describe('an exemption covers', () => {
  it.each<[string, Partial<Exemption>, boolean]>([
    ['its control', { controls: ['volume-encryption', 'key-rotation'] }, true],
    ['no other control', { controls: ['volume-encryption'] }, false],
    ['its account', { accounts: ['111122223333'] }, true],
    ['no other account', { accounts: ['444455556666'] }, false],
    ['its Region', { regions: ['eu-central-1'] }, true],
    ['no other Region', { regions: ['eu-west-1'] }, false],
    ['the resources of its pattern', { resources: ['arn:aws:iam::*', 'arn:aws:kms:*:*:key/1234*'] }, true],
    ['no resource that its pattern does not match', { resources: ['arn:aws:kms:*:*:key/9*'] }, false],
    [
      'nothing that matches only one of its criteria',
      { regions: ['eu-central-1'], accounts: ['444455556666'] },
      false,
    ],
  ])('%s', (_, given, covered) => {
    expect(stateOf([given])).toBe(covered ? 'active' : undefined);
  });
});

describe('an exemption by tags', () => {
  const sandbox = {
    tags: new Map([
      ['environment', 'sand*'],
      ['team', 'a'],
    ]),
  };

  it('covers a resource that has all of them', () => {
    expect(stateOf([sandbox], { ...key, tags: { environment: 'sandbox', team: 'a' } })).toBe('active');
  });

  it('does not cover a resource that lacks one', () => {
    expect(stateOf([sandbox], { ...key, tags: { environment: 'sandbox' } })).toBeUndefined();
  });

  it('does not cover a resource whose tag has another value', () => {
    expect(stateOf([sandbox], { ...key, tags: { environment: 'Sandbox', team: 'a' } })).toBeUndefined();
  });

  it('does not cover a resource whose tags are not known', () => {
    expect(stateOf([sandbox])).toBeUndefined();
  });

  it('does not mistake a property that every object inherits for a tag', () => {
    expect(stateOf([{ tags: new Map([['constructor', '*']]) }], { ...key, tags: {} })).toBeUndefined();
  });
});

describe('an exemption in time', () => {
  const january = { expires: '2027-01-31' };

  it('holds to the last millisecond of its last day, UTC', () => {
    expect(stateOf([january], key, new Date('2027-01-31T23:59:59.999Z'))).toBe('active');
  });

  it('has expired on the day after', () => {
    expect(stateOf([january], key, new Date('2027-02-01T00:00:00Z'))).toBe('expired');
  });

  it('has expired at an invalid time', () => {
    expect(stateOf([january], key, new Date(Number.NaN))).toBe('expired');
  });
});

describe('of several exemptions', () => {
  const found = (given: readonly Partial<Exemption>[]) =>
    exemptionFor(policyWith(given), 'key-rotation', key, today)?.reason;

  it('an active one comes before an expired one that is listed first', () => {
    expect(found([{ reason: 'old', expires: '2020-01-01' }, { reason: 'new' }])).toBe('new');
  });

  it('the first active one in the file is shown', () => {
    expect(found([{ reason: 'first' }, { reason: 'second' }])).toBe('first');
  });

  it('the one that expired last is shown when none is active', () => {
    const expired = (reason: string, expires: string) => ({ reason, expires });
    expect(found([expired('a', '2020-01-01'), expired('b', '2026-01-01'), expired('c', '2021-01-01')])).toBe(
      'b',
    );
  });

  it('the shown one has its owner and its last day', () => {
    const given = { reason: 'Sandbox', owner: 'platform-team', expires: '2027-01-31' };
    expect(exemptionFor(policyWith([given]), 'key-rotation', key, today)).toEqual({
      state: 'active',
      from: 'policy',
      ...given,
    });
  });
});

describe('an exemption ends soon', () => {
  const january = {
    state: 'active',
    from: 'policy',
    reason: 'r',
    owner: 'o',
    expires: '2027-01-31',
  } as const;

  it.each([
    ['a week before its end', '2027-01-25T00:00:00Z', true],
    ['not earlier', '2027-01-24T23:59:59.999Z', false],
    ['on its last day', '2027-01-31T23:59:59.999Z', true],
    ['no longer once it has ended', '2027-02-01T00:00:00Z', false],
  ])('%s', (_, now, soon) => {
    expect(expiresSoon(january, new Date(now))).toBe(soon);
  });

  it('only if it is active', () => {
    expect(expiresSoon({ ...january, state: 'refused' }, new Date('2027-01-31T00:00:00Z'))).toBe(false);
  });
});

const tagsAllowed = 'exemptionTags: { controls: [key-rotation], maxDays: 30 }';

/** The exemption of a key that has the tag `trailseal:exempt` with a value, from the control of its rotation. */
function tagged(value: string, { policy = tagsAllowed, control = 'key-rotation', now = today } = {}) {
  const resource = { ...key, tags: { 'trailseal:exempt': value } };
  return exemptionFor(policyOf(`version: 1\n${policy}`), control, resource, now);
}

describe('a tag on the resource', () => {
  it('exempts from the controls that the policy lists, with its own date and reason', () => {
    expect(tagged('2026-12-01 load test until then')).toEqual({
      state: 'active',
      from: 'tag',
      reason: 'load test until then',
      owner: 'a tag on the resource',
      expires: '2026-12-01',
    });
  });

  it('exempts from every control where the policy says so', () => {
    const policy = 'exemptionTags: { controls: all, maxDays: 30 }';
    expect(tagged('2026-12-01 load test', { policy, control: 'volume-encryption' })?.state).toBe('active');
  });

  it('holds to the last millisecond of its last day, UTC', () => {
    const at = (now: string) => tagged('2026-12-01 load test', { now: new Date(now) })?.state;
    expect([at('2026-12-01T23:59:59.999Z'), at('2026-12-02T00:00:00Z')]).toEqual(['active', 'expired']);
  });

  it('may hold as many days as the policy allows', () => {
    expect(tagged('2026-12-21 load test')?.state).toBe('active');
  });

  it('has the policy’s prefix of tags', () => {
    const policy = `${tagsAllowed}\nactions: { tag: { prefix: 'acme/' } }`;
    const resource = { ...key, tags: { 'acme/exempt': '2026-12-01 load test' } };
    expect(exemptionFor(policyOf(`version: 1\n${policy}`), 'key-rotation', resource, today)?.state).toBe(
      'active',
    );
  });

  it('comes after an active exemption in the policy file', () => {
    const policy = `${tagsAllowed}\nexemptions: [{ regions: [eu-central-1], reason: r, owner: o, expires: 2027-01-31 }]`;
    expect(tagged('2026-12-01 load test', { policy })?.from).toBe('policy');
  });

  it('comes before an expired exemption in the policy file', () => {
    const policy = `${tagsAllowed}\nexemptions: [{ regions: [eu-central-1], reason: r, owner: o, expires: 2020-01-31 }]`;
    expect(tagged('2026-12-01 load test', { policy })?.from).toBe('tag');
  });

  it('exempts nothing where tags are not known', () => {
    expect(exemptionFor(policyOf(`version: 1\n${tagsAllowed}`), 'key-rotation', key, today)).toBeUndefined();
  });
});

describe('a tag is refused as an exemption, with the reason,', () => {
  it.each<[string, string, Parameters<typeof tagged>[1], string]>([
    [
      'without exemptionTags in the policy',
      '2026-12-01 test',
      { policy: '' },
      'the policy lets no tag exempt',
    ],
    [
      'for another control than the policy lists',
      '2026-12-01 test',
      { control: 'volume-encryption' },
      'the policy lets no tag exempt from volume-encryption',
    ],
    ['without a reason', '2026-12-01 ', {}, 'it gives no reason after the date'],
    [
      'for longer than the policy allows',
      '2026-12-22 test',
      {},
      'its last day is further away than the 30 days that the policy allows',
    ],
    [
      'until a day that does not exist',
      '2026-11-31 test',
      {},
      'its value must begin with the last day on which it holds, a date that exists, as YYYY-MM-DD',
    ],
    [
      'without a date',
      'load test',
      {},
      'its value must begin with the last day on which it holds, a date that exists, as YYYY-MM-DD',
    ],
    [
      'with characters that AWS does not accept in tags',
      '2026-12-01 <b>test</b>',
      {},
      'its value has characters that not all AWS services accept in a tag',
    ],
  ])('%s', (_, value, given, why) => {
    expect(tagged(value, given)).toMatchObject({
      state: 'refused',
      from: 'tag',
      reason: `The tag trailseal:exempt does not exempt the resource: ${why}.`,
    });
  });
});
