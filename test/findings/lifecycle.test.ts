import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Evaluation, Resource, TrailEvent, Verdict } from '../../lib/core/control.ts';
import type { Finding } from '../../lib/findings/finding.ts';
import { findingId } from '../../lib/findings/id.ts';
import {
  archiveFinding,
  changeOf,
  keepFinding,
  openFinding,
  resolveFinding,
} from '../../lib/findings/lifecycle.ts';
import { ec2TransitEncryption as control } from '../../lib/services/ec2/controls/ec2-transit-encryption.ts';
import { eventOf } from '../evaluating.ts';

const resource: Resource = {
  type: 'AwsEc2Instance',
  id: 'i-0abc',
  arn: 'arn:aws:ec2:eu-central-1:111122223333:instance/i-0abc',
  account: '111122223333',
  region: 'eu-central-1',
};

function eventAt(hour: number): TrailEvent {
  return eventOf({
    eventSource: 'ec2.amazonaws.com',
    eventName: 'RunInstances',
    eventTime: `2026-10-05T${String(hour).padStart(2, '0')}:00:00Z`,
    eventID: `event-${hour}`,
  });
}

function evaluation(verdict: Verdict, summary = `It is ${verdict}.`): Evaluation {
  return { verdict, evidence: { summary, required: 'encryption', observed: [] } };
}

function open(previous: Finding | undefined, verdict: Verdict, event: TrailEvent): Finding {
  const plan = { actions: [], skipped: [] };
  const opening = {
    control,
    resource,
    severity: control.severity,
    evaluation: evaluation(verdict),
    event,
    plan,
  };
  return openFinding(previous, { ...opening, exemption: undefined });
}

const opened = open(undefined, 'FAIL', eventAt(1));
const doubted = open(undefined, 'UNKNOWN', eventAt(1));
const resolved = resolveFinding(opened, evaluation('PASS'), eventAt(2));

describe('a verdict', () => {
  it.each([
    ['FAIL on a resource without a finding', undefined, 'FAIL', 'open'],
    ['FAIL on an open failure', opened, 'FAIL', 'keep'],
    ['FAIL on an open doubt', doubted, 'FAIL', 'open'],
    ['FAIL on a resolved finding', resolved, 'FAIL', 'open'],
    ['PASS on an open failure', opened, 'PASS', 'close'],
    ['PASS on an open doubt', doubted, 'PASS', 'close'],
    ['PASS on a resource without a finding', undefined, 'PASS', 'none'],
    ['PASS on a resolved finding', resolved, 'PASS', 'none'],
    ['NOT_APPLICABLE on an open failure', opened, 'NOT_APPLICABLE', 'close'],
    ['UNKNOWN on a resource without a finding', undefined, 'UNKNOWN', 'open'],
    ['UNKNOWN on an open failure', opened, 'UNKNOWN', 'none'],
    ['UNKNOWN on a resolved finding', resolved, 'UNKNOWN', 'none'],
  ] as const)('%s', (_what, previous, verdict, change) => {
    expect(changeOf(previous, verdict)).toBe(change);
  });
});

describe('a finding', () => {
  it('has an id made of control, account, Region and resource', () => {
    expect(opened.id).toBe('trailseal/ec2-transit-encryption/111122223333/eu-central-1/i-0abc');
  });

  it('has an id that Security Hub takes and nothing else has, however long its resource is called', () => {
    const ids = ['a', 'b'].map((end) => findingId(control.id, { ...resource, id: 'x'.repeat(2000) + end }));
    expect(ids.map(({ length }) => length)).toEqual([512, 512]);
    expect(ids[0]).not.toBe(ids[1]);
  });

  it('has an id of one line and nothing else has, whatever its resource is called', () => {
    const ids = ['a\nb', 'a\u0000b', 'a\u202eb', 'a?b'].map((id) =>
      findingId(control.id, { ...resource, id }),
    );
    expect(ids.filter((id) => /[\p{Cc}\p{Cf}]/u.test(id))).toEqual([]);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('bears the time and the event that opened it', () => {
    expect(opened).toMatchObject({
      status: 'OPEN',
      openedAt: '2026-10-05T01:00:00.000Z',
      closedAt: null,
      eventIds: ['event-1'],
    });
  });

  it('keeps its opening verdict when it is resolved', () => {
    expect(resolved).toMatchObject({
      verdict: 'FAIL',
      status: 'RESOLVED',
      closedAt: '2026-10-05T02:00:00.000Z',
    });
  });

  it('keeps its id and its history when it is opened again', () => {
    const again = open(resolved, 'FAIL', eventAt(3));
    expect(again.id).toBe(opened.id);
    expect(again.history.map(({ status }) => status)).toEqual(['OPEN', 'RESOLVED', 'OPEN']);
    expect(again).toMatchObject({ status: 'OPEN', openedAt: '2026-10-05T03:00:00.000Z', closedAt: null });
  });

  it('becomes a failure when the doubt that opened it turns out to be one', () => {
    expect(open(doubted, 'FAIL', eventAt(2))).toMatchObject({
      verdict: 'FAIL',
      openedAt: '2026-10-05T02:00:00.000Z',
    });
  });

  it('shows the newest evidence when it fails again, and the first opening', () => {
    const kept = keepFinding(opened, evaluation('FAIL', 'It is worse.'), eventAt(2));
    expect(kept.evidence.summary).toBe('It is worse.');
    expect(kept).toMatchObject({ openedAt: opened.openedAt, eventIds: ['event-1', 'event-2'] });
  });

  it('is archived when its resource was deleted', () => {
    expect(archiveFinding(opened, eventAt(4))).toMatchObject({
      verdict: 'FAIL',
      status: 'ARCHIVED',
      closedAt: '2026-10-05T04:00:00.000Z',
    });
  });

  it('keeps the time at which it was resolved when its resource goes later', () => {
    expect(archiveFinding(resolved, eventAt(4))).toMatchObject({
      status: 'ARCHIVED',
      closedAt: resolved.closedAt,
    });
  });

  it('is archived once only', () => {
    const archived = archiveFinding(opened, eventAt(4));
    expect(archiveFinding(archived, eventAt(5))).toBe(archived);
  });

  it('has a null time where the event has none', () => {
    const event = eventOf({ eventSource: 'ec2.amazonaws.com', eventName: 'RunInstances' });
    expect(open(undefined, 'FAIL', event)).toMatchObject({ openedAt: null, eventIds: [] });
  });

  it('always has a history that ends in its status, whatever verdicts come', () => {
    const verdict = fc.constantFrom<Verdict>('PASS', 'FAIL', 'UNKNOWN', 'NOT_APPLICABLE');
    fc.assert(
      fc.property(fc.array(verdict, { maxLength: 12 }), (verdicts) => {
        let finding: Finding | undefined;
        for (const [index, next] of verdicts.entries()) {
          const change = changeOf(finding, next);
          if (change === 'open') finding = open(finding, next, eventAt(index));
          else if (finding !== undefined && change === 'keep')
            finding = keepFinding(finding, evaluation(next), eventAt(index));
          else if (finding !== undefined && change === 'close')
            finding = resolveFinding(finding, evaluation(next), eventAt(index));
        }
        const last = [...verdicts].reverse().find((one) => one !== 'UNKNOWN');
        if (last === 'FAIL') expect(finding).toMatchObject({ status: 'OPEN', verdict: 'FAIL' });
        if (last === 'PASS' && finding?.verdict === 'FAIL') expect(finding.status).toBe('RESOLVED');
        if (finding !== undefined) expect(finding.history.at(-1)?.status).toBe(finding.status);
      }),
    );
  });
});
