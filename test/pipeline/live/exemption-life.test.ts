/** What becomes of a finding as its exemption begins and ends, by no more than the looks of the scheduled scan. */
import { describe, expect, it } from 'vitest';
import { triggerOfTransition } from '../../../lib/notifications/trigger.ts';
import { recheckBody } from '../../../lib/pipeline/live/message.ts';
import type { OperatorExemption } from '../../../lib/policy/operator-exemption.ts';
import { detailTypeOf, transitionOf } from '../../../lib/remediation/events/transition.ts';
import { accountRegion, keyState, World } from './world.ts';

const id = '1234abcd-12ab-34cd-56ef-1234567890ab';
const arn = `arn:aws:kms:${accountRegion.region}:${accountRegion.account}:key/${id}`;
const key = { type: 'AwsKmsKey', id, arn, ...accountRegion } as const;
const findingId = `trailseal/kms-key-disabled/${accountRegion.account}/${accountRegion.region}/${id}`;

const exemptUntil = (expires: string) => `
version: 1
controls: { kms-key-disabled: { severity: HIGH, actions: [notify, fix:enable-key] } }
exemptions:
  - { controls: [kms-key-disabled], reason: it is being retired, owner: ana, expires: ${expires} }`;

/** A world in which the key fails, and what a look at it in time makes of its finding. */
function worldOf(expires: string) {
  const world = new World('kms', accountRegion, exemptUntil(expires));
  world.answers.set(id, keyState('Disabled'));
  const lookAt = async (time: string) => {
    world.time = Date.parse(time);
    await world.deliver(recheckBody([{ resource: key, controls: ['kms-key-disabled'] }]));
    const entry = world.stateTable.entries.get(findingId);
    if (entry?.finding === undefined) throw new Error('no finding was recorded');
    return { entry, finding: entry.finding, told: world.told.at(-1) };
  };
  return { world, lookAt };
}

describe('an exempt finding', () => {
  it('stays failed in Security Hub, and calls for nobody', async () => {
    const { told } = await worldOf('2026-03-31').lookAt('2026-03-01T12:00:00Z');
    expect(told).toMatchObject({
      FindingProviderFields: { Severity: { Label: 'INFORMATIONAL' } },
      Compliance: { Status: 'FAILED' },
      RecordState: 'ACTIVE',
      ProductFields: { 'trailseal/exemption': 'active: it is being retired' },
    });
  });

  it('has nothing planned', async () => {
    const { finding } = await worldOf('2026-03-31').lookAt('2026-03-01T12:00:00Z');
    expect(finding.plan.actions).toEqual([]);
  });

  it('is told a week before the exemption ends, once, by a look of the scheduled scan', async () => {
    const { lookAt } = worldOf('2026-03-31');
    const early = await lookAt('2026-03-24T12:00:00Z');
    const soon = await lookAt('2026-03-25T12:00:00Z');
    const later = await lookAt('2026-03-26T12:00:00Z');
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

  function worldWith(policy: string, exemption: OperatorExemption) {
    const world = new World('kms', accountRegion, policy, new Map([[findingId, exemption]]));
    world.answers.set(id, keyState('Disabled'));
    return async (time: string) => {
      world.time = Date.parse(time);
      await world.deliver(recheckBody([{ resource: key, controls: ['kms-key-disabled'] }]));
      return world.stateTable.entries.get(findingId)?.finding;
    };
  }

  it('is marked so, with who, why and until when, and has nothing planned', async () => {
    const finding = await worldWith(letting, given)('2026-03-02T12:00:00Z');
    expect(finding?.exemption).toEqual({
      state: 'active',
      from: 'operator',
      reason: 'load test',
      owner: 'ana',
      expires: '2026-03-31',
    });
    expect(finding?.plan.actions).toEqual([]);
  });

  it('is a failure again once it is over, or taken back', async () => {
    const over = await worldWith(letting, given)('2026-04-01T00:00:00Z');
    expect([over?.exemption?.state, over?.plan.actions.length]).toEqual(['expired', 2]);
    const lifted = { ...given, lifted: { by: 'ben', at: '2026-03-02T00:00:00.000Z' } };
    const taken = await worldWith(letting, lifted)('2026-03-02T12:00:00Z');
    expect([taken?.exemption, taken?.plan.actions.length]).toEqual([null, 2]);
  });

  it('is one no more when the policy does not let operators exempt any more', async () => {
    const finding = await worldWith(letting.replace('exempt', 're-check'), given)('2026-03-02T12:00:00Z');
    expect([finding?.exemption, finding?.plan.actions.length]).toEqual([null, 2]);
  });
});

describe('the first look after the last day of an exemption', () => {
  const around = async () => {
    const { world, lookAt } = worldOf('2026-03-31');
    const before = await lookAt('2026-03-31T12:00:00Z');
    const toldBefore = world.told.length;
    return { world, before, toldBefore, after: await lookAt('2026-04-01T00:00:00Z') };
  };

  it('gives the finding its severity back in Security Hub', async () => {
    const { world, toldBefore, after } = await around();
    expect(world.told.length).toBe(toldBefore + 1);
    expect(after.told).toMatchObject({
      FindingProviderFields: { Severity: { Label: 'HIGH' } },
      Compliance: { Status: 'FAILED' },
      ProductFields: { 'trailseal/exemption': 'expired: it is being retired' },
    });
  });

  it('plans what was held back', async () => {
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

  it('is followed by others that tell nobody anything new', async () => {
    const { world, lookAt } = worldOf('2026-03-31');
    const first = await lookAt('2026-04-01T00:00:00Z');
    const told = world.told.length;
    const second = await lookAt('2026-04-01T06:00:00Z');
    expect([world.told.length, transitionOf(first.entry, second.entry)]).toEqual([told, undefined]);
  });
});
