/** The life of a finding as its exemption begins and ends, with scheduled scans alone. */
import { describe, expect, it } from 'vitest';
import { triggerOfTransition } from '../../../lib/notifications/trigger.ts';
import { recheckBody } from '../../../lib/pipeline/live/message.ts';
import type { OperatorExemption } from '../../../lib/policy/operator-exemption.ts';
import { detailTypeOf, transitionOf } from '../../../lib/remediation/events/transition.ts';
import { accountRegion, EvaluatorFixture, keyState } from './evaluator-fixture.ts';

const id = '1234abcd-12ab-34cd-56ef-1234567890ab';
const arn = `arn:aws:kms:${accountRegion.region}:${accountRegion.account}:key/${id}`;
const key = { type: 'AwsKmsKey', id, arn, ...accountRegion } as const;
const findingId = `trailseal/kms-key-disabled/${accountRegion.account}/${accountRegion.region}/${id}`;

const exemptUntil = (expires: string) => `
version: 1
controls: { kms-key-disabled: { severity: HIGH, actions: [notify, fix:enable-key] } }
exemptions:
  - { controls: [kms-key-disabled], reason: it is being retired, owner: ana, expires: ${expires} }`;

/** A fixture in which the key fails, and its finding after a scheduled scan at a time. */
function fixtureWith(expires: string) {
  const fixture = new EvaluatorFixture('kms', accountRegion, exemptUntil(expires));
  fixture.answers.set(id, keyState('Disabled'));
  const scanAt = async (time: string) => {
    fixture.time = Date.parse(time);
    await fixture.deliver(recheckBody([{ resource: key, controls: ['kms-key-disabled'] }]));
    const entry = fixture.stateTable.entries.get(findingId);
    if (entry?.finding === undefined) throw new Error('no finding was recorded');
    return { entry, finding: entry.finding, published: fixture.published.at(-1) };
  };
  return { fixture, scanAt };
}

describe('an exempt finding', () => {
  it('stays FAILED in Security Hub, and needs no attention', async () => {
    const { published } = await fixtureWith('2026-03-31').scanAt('2026-03-01T12:00:00Z');
    expect(published).toMatchObject({
      FindingProviderFields: { Severity: { Label: 'INFORMATIONAL' } },
      Compliance: { Status: 'FAILED' },
      RecordState: 'ACTIVE',
      ProductFields: { 'trailseal/exemption': 'active: it is being retired' },
    });
  });

  it('has nothing planned', async () => {
    const { finding } = await fixtureWith('2026-03-31').scanAt('2026-03-01T12:00:00Z');
    expect(finding.plan.actions).toEqual([]);
  });

  it('is notified a week before the exemption ends, once, by the scheduled scan', async () => {
    const { scanAt } = fixtureWith('2026-03-31');
    const early = await scanAt('2026-03-24T12:00:00Z');
    const soon = await scanAt('2026-03-25T12:00:00Z');
    const later = await scanAt('2026-03-26T12:00:00Z');
    const transition = transitionOf(early.entry, soon.entry);
    expect(early.finding.exemption?.endsSoon).toBeUndefined();
    expect(transition).toMatchObject({ status: 'OPEN', exemption: { state: 'active', endsSoon: true } });
    expect(transition && triggerOfTransition(transition)?.kind).toBe('exemption-ending');
    expect(transitionOf(soon.entry, later.entry)).toBeUndefined();
  });
});

describe('a finding that an operator exempts', () => {
  const letting = `
version: 1
controls: { kms-key-disabled: { severity: HIGH, actions: [notify, fix:enable-key] } }
operators: { customActions: [exempt] }`;
  const given: OperatorExemption = {
    finding: findingId,
    reason: 'load test',
    owner: 'ana',
    expires: '2026-03-31',
    givenAt: '2026-03-01T12:00:00.000Z',
    lifted: null,
  };

  function scanOf(policy: string, exemption: OperatorExemption) {
    const fixture = new EvaluatorFixture('kms', accountRegion, policy, new Map([[findingId, exemption]]));
    fixture.answers.set(id, keyState('Disabled'));
    return async (time: string) => {
      fixture.time = Date.parse(time);
      await fixture.deliver(recheckBody([{ resource: key, controls: ['kms-key-disabled'] }]));
      return fixture.stateTable.entries.get(findingId)?.finding;
    };
  }

  it('is exempt, with actor, reason and end, and has nothing planned', async () => {
    const finding = await scanOf(letting, given)('2026-03-02T12:00:00Z');
    expect(finding?.exemption).toEqual({
      state: 'active',
      from: 'operator',
      reason: 'load test',
      owner: 'ana',
      expires: '2026-03-31',
    });
    expect(finding?.plan.actions).toEqual([]);
  });

  it('is a failure again when the exemption has expired or is undone', async () => {
    const over = await scanOf(letting, given)('2026-04-01T00:00:00Z');
    expect([over?.exemption?.state, over?.plan.actions.length]).toEqual(['expired', 2]);
    const lifted = { ...given, lifted: { by: 'ben', at: '2026-03-02T00:00:00.000Z' } };
    const taken = await scanOf(letting, lifted)('2026-03-02T12:00:00Z');
    expect([taken?.exemption, taken?.plan.actions.length]).toEqual([null, 2]);
  });

  it('is not exempt when the policy no longer lets operators exempt', async () => {
    const finding = await scanOf(letting.replace('exempt', 're-check'), given)('2026-03-02T12:00:00Z');
    expect([finding?.exemption, finding?.plan.actions.length]).toEqual([null, 2]);
  });
});

describe('the first evaluation after the last day of an exemption', () => {
  const around = async () => {
    const { fixture, scanAt } = fixtureWith('2026-03-31');
    const before = await scanAt('2026-03-31T12:00:00Z');
    const publishedBefore = fixture.published.length;
    return { fixture, before, publishedBefore, after: await scanAt('2026-04-01T00:00:00Z') };
  };

  it('gives the finding its severity back in Security Hub', async () => {
    const { fixture, publishedBefore, after } = await around();
    expect(fixture.published.length).toBe(publishedBefore + 1);
    expect(after.published).toMatchObject({
      FindingProviderFields: { Severity: { Label: 'HIGH' } },
      Compliance: { Status: 'FAILED' },
      ProductFields: { 'trailseal/exemption': 'expired: it is being retired' },
    });
  });

  it('plans the actions that were skipped', async () => {
    const { after } = await around();
    expect(after.finding.plan.actions.map(({ action }) => action)).toEqual(['notify', 'fix:enable-key']);
  });

  it('is a transition to a failure, though the finding was open all along', async () => {
    const { before, after } = await around();
    const transition = transitionOf(before.entry, after.entry);
    if (transition === undefined) throw new Error('no transition');
    expect(detailTypeOf(transition)).toBe('Control Failed');
    expect(transition).toMatchObject({
      previous: { status: 'OPEN', verdict: 'FAIL' },
      exemption: { state: 'expired', from: 'policy', expires: '2026-03-31' },
      plan: { actions: [{ action: 'notify' }, { action: 'fix:enable-key' }] },
    });
  });

  it('keeps the history of the finding and when it was opened', async () => {
    const { before, after } = await around();
    expect([after.finding.openedAt, after.finding.history]).toEqual([
      before.finding.openedAt,
      before.finding.history,
    ]);
  });

  it('is followed by others that publish nothing new', async () => {
    const { fixture, scanAt } = fixtureWith('2026-03-31');
    const first = await scanAt('2026-04-01T00:00:00Z');
    const published = fixture.published.length;
    const second = await scanAt('2026-04-01T06:00:00Z');
    expect([fixture.published.length, transitionOf(first.entry, second.entry)]).toEqual([
      published,
      undefined,
    ]);
  });
});
