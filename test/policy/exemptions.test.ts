import { describe, expect, it } from 'vitest';
import type { Resource } from '../../lib/control.ts';
import { type Exemption, exemptionFor } from '../../lib/policy/exemptions.ts';
import { exemption, key } from './fixtures.ts';

const today = new Date('2026-11-21T12:00:00Z');

function stateOf(given: readonly Partial<Exemption>[], resource: Resource = key, now = today) {
  return exemptionFor({ exemptions: given.map(exemption) }, 'key-rotation', resource, now)?.state;
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
    ['no resource beside its pattern', { resources: ['arn:aws:kms:*:*:key/9*'] }, false],
    [
      'nothing of which only one criterion holds',
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

  it('covers a resource that bears them all', () => {
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

  it('does not take what every object inherits for a tag', () => {
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

  it('has expired at a time that is none', () => {
    expect(stateOf([january], key, new Date(Number.NaN))).toBe('expired');
  });
});

describe('of several exemptions', () => {
  const found = (given: readonly Partial<Exemption>[]) =>
    exemptionFor({ exemptions: given.map(exemption) }, 'key-rotation', key, today)?.reason;

  it('an active one wins over an expired one before it', () => {
    expect(found([{ reason: 'old', expires: '2020-01-01' }, { reason: 'new' }])).toBe('new');
  });

  it('the first active one in the file is told', () => {
    expect(found([{ reason: 'first' }, { reason: 'second' }])).toBe('first');
  });

  it('the one that expired last is told when none is active', () => {
    const expired = (reason: string, expires: string) => ({ reason, expires });
    expect(found([expired('a', '2020-01-01'), expired('b', '2026-01-01'), expired('c', '2021-01-01')])).toBe(
      'b',
    );
  });

  it('tells who answers for it, and until when', () => {
    const given = { reason: 'Sandbox', owner: 'platform-team', expires: '2027-01-31' };
    expect(exemptionFor({ exemptions: [exemption(given)] }, 'key-rotation', key, today)).toEqual({
      state: 'active',
      ...given,
    });
  });
});
