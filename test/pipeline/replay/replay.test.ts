import { describe, expect, it } from 'vitest';
import type { TrailEvent, Verdict } from '../../../lib/core/control.ts';
import type { Finding } from '../../../lib/findings/finding.ts';
import { type ReplayOptions, type ReplaySink, replay } from '../../../lib/pipeline/replay/replay.ts';
import { controls } from '../../../lib/services/catalogue.ts';
import { eventOf } from '../../evaluating.ts';
import { policyOf } from '../../policy/fixtures.ts';

const now = new Date('2026-10-06T00:00:00Z');

function createCluster(name: string, hour: number, more: object = {}): TrailEvent {
  return eventOf({
    eventSource: 'eks.amazonaws.com',
    eventName: 'CreateCluster',
    eventTime: `2026-10-05T${String(hour).padStart(2, '0')}:00:00Z`,
    eventID: `${name}-${hour}`,
    awsRegion: 'eu-west-1',
    recipientAccountId: '111122223333',
    requestParameters: { name },
    responseElements: {
      cluster: { name, arn: `arn:aws:eks:eu-west-1:111122223333:cluster/${name}` },
    },
    ...more,
  });
}

function optionsUnder(policy: string): ReplayOptions {
  return { controls, policy: policyOf(`version: 1\n${policy}`, controls), now };
}

/** Keeps what it is given. */
class Kept implements ReplaySink {
  readonly findings: { readonly finding: Finding; readonly opener: TrailEvent }[] = [];
  readonly verdicts: Verdict[] = [];
  readonly evaluated = (_id: string, { verdict }: { readonly verdict: Verdict }) =>
    void this.verdicts.push(verdict);
  finding(finding: Finding, opener: TrailEvent): void {
    this.findings.push({ finding, opener });
  }
  of(control: string): Finding | undefined {
    return this.findings.map(({ finding }) => finding).find((finding) => finding.control === control);
  }
}

describe('a replay', () => {
  it('takes events as they come, and gives its findings to a sink', async () => {
    async function* events() {
      yield createCluster('one', 1);
      yield createCluster('two', 2);
    }
    const kept = new Kept();
    await replay(events(), optionsUnder(''), kept);
    const audit = kept.findings.filter(({ finding }) => finding.control === 'eks-audit-logging');
    expect(audit.map(({ finding, opener }) => [finding.resource.id, opener.id])).toEqual([
      ['one', 'one-1'],
      ['two', 'two-2'],
    ]);
  });

  it('gives the sink each evaluation', async () => {
    const kept = new Kept();
    const { verdicts } = await replay([createCluster('one', 1)], optionsUnder(''), kept);
    const counted = Object.entries(verdicts).flatMap(([verdict, count]) => Array(count).fill(verdict));
    expect(kept.verdicts.toSorted()).toEqual(counted.toSorted());
  });

  it('learns nothing from what changed nothing, and counts it', async () => {
    const events = [
      createCluster('one', 1, { errorCode: 'AccessDenied' }),
      createCluster('one', 2, { errorCode: 'Client.DryRunOperation' }),
      createCluster('one', 3),
      createCluster('one', 3),
    ];
    const { matched, ignored } = await replay(events, optionsUnder(''), new Kept());
    expect({ matched, ...ignored }).toMatchObject({
      matched: 1,
      'failed-call': 1,
      'dry-run': 1,
      duplicate: 1,
    });
  });

  it('waits for a sink that takes a while', async () => {
    const order: string[] = [];
    await replay([createCluster('one', 1)], optionsUnder(''), {
      finding: async ({ control }) => {
        order.push(`${control} begins`);
        await Promise.resolve();
        order.push(`${control} ends`);
      },
    });
    const controlsInOrder = order.filter((_each, index) => index % 2 === 0);
    expect(order).toEqual(controlsInOrder.flatMap((each) => [each, each.replace('begins', 'ends')]));
  });
});

describe('the plan of a failure that fails again', () => {
  const tagging = 'defaults: { actions: [tag] }\n';
  const actionsOf = (finding: Finding | undefined) => finding?.plan.actions.map(({ action }) => action);

  it('is counted once against the rate limits', async () => {
    const policy = `${tagging}guardrails: { actionsPerHour: { perAccount: 2, perActor: 2, total: 2, reservedForCritical: 0 } }`;
    const kept = new Kept();
    const only = controls.filter(({ id }) => id === 'eks-audit-logging');
    const events = [createCluster('one', 1), createCluster('one', 1, { eventID: 'again' })];
    await replay([...events, createCluster('two', 1)], { ...optionsUnder(policy), controls: only }, kept);
    expect(kept.findings.map(({ finding }) => actionsOf(finding))).toEqual([['tag'], ['tag']]);
  });

  it('uses the last tags in the trail', async () => {
    const policy = `${tagging}guardrails: { protectedTags: { owner: ['*'] } }`;
    const told = createCluster('one', 1, { requestParameters: { name: 'one', tags: { team: 'a' } } });
    const kept = new Kept();
    await replay([told, createCluster('one', 2)], optionsUnder(policy), kept);
    expect(actionsOf(kept.of('eks-audit-logging'))).toEqual(['tag']);
  });

  it('forgets the tags of a resource that was deleted', async () => {
    const policy = `${tagging}guardrails: { protectedTags: { owner: ['*'] } }`;
    const told = createCluster('one', 1, { requestParameters: { name: 'one', tags: { team: 'a' } } });
    const deleted = createCluster('one', 2, { eventName: 'DeleteCluster' });
    const kept = new Kept();
    await replay([told, deleted, createCluster('one', 3)], optionsUnder(policy), kept);
    expect(actionsOf(kept.of('eks-audit-logging'))).toEqual([]);
  });
});
