import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Evaluation, Resource, TrailEvent, Verdict } from '../../lib/core/control.ts';
import type { Finding } from '../../lib/findings/finding.ts';
import { findingId } from '../../lib/findings/id.ts';
import { changeOf } from '../../lib/findings/lifecycle.ts';
import { ec2TransitEncryption as control } from '../../lib/services/ec2/controls/ec2-transit-encryption.ts';
import { eventOf } from '../evaluating.ts';
import { afterDeletion, afterVerdict, findingAfter } from './life.ts';

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

function at(cause: TrailEvent) {
  return { control, resource, cause };
}

const opened = findingAfter(undefined, at(eventAt(1)), evaluation('FAIL'));
const unknown = findingAfter(undefined, at(eventAt(1)), evaluation('UNKNOWN'));
const resolved = findingAfter(opened, at(eventAt(2)), evaluation('PASS'));

describe('a verdict', () => {
  it.each([
    ['FAIL on a resource without a finding', undefined, 'FAIL', 'open'],
    ['FAIL on an open failure', opened, 'FAIL', 'keep'],
    ['FAIL on an open UNKNOWN', unknown, 'FAIL', 'open'],
    ['FAIL on a resolved finding', resolved, 'FAIL', 'open'],
    ['PASS on an open failure', opened, 'PASS', 'close'],
    ['PASS on an open UNKNOWN', unknown, 'PASS', 'close'],
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

  it('has the time and the event that opened it', () => {
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
    const again = findingAfter(resolved, at(eventAt(3)), evaluation('FAIL'));
    expect(again.id).toBe(opened.id);
    expect(again.history.map(({ status }) => status)).toEqual(['OPEN', 'RESOLVED', 'OPEN']);
    expect(again).toMatchObject({ status: 'OPEN', openedAt: '2026-10-05T03:00:00.000Z', closedAt: null });
  });

  it('becomes a failure when the UNKNOWN that opened it turns out to be one', () => {
    expect(findingAfter(unknown, at(eventAt(2)), evaluation('FAIL'))).toMatchObject({
      verdict: 'FAIL',
      openedAt: '2026-10-05T02:00:00.000Z',
    });
  });

  it('shows the newest evidence when it fails again, and the first opening', () => {
    const kept = findingAfter(opened, at(eventAt(2)), evaluation('FAIL', 'It is worse.'));
    expect(kept.evidence.summary).toBe('It is worse.');
    expect(kept).toMatchObject({ openedAt: opened.openedAt, eventIds: ['event-1', 'event-2'] });
  });

  it('takes the severity, the plan and the exemption of the newest failure', () => {
    const more = {
      severity: 'CRITICAL',
      plan: { actions: [{ action: 'notify', reason: 'The policy asks for it.' }], skipped: [] },
      exemption: {
        state: 'active',
        from: 'policy',
        reason: 'load test',
        owner: 'ana',
        expires: '2026-12-31',
      },
    } as const;
    expect(findingAfter(opened, at(eventAt(2)), evaluation('FAIL'), more)).toMatchObject(more);
  });

  it('is no longer exempt when the newest failure is not', () => {
    const exemption = {
      state: 'active',
      from: 'tag',
      reason: 'load test',
      owner: 'ana',
      expires: '2026-12-31',
    } as const;
    const exempt = findingAfter(undefined, at(eventAt(1)), evaluation('FAIL'), { exemption });
    expect(findingAfter(exempt, at(eventAt(2)), evaluation('FAIL')).exemption).toBeNull();
  });

  it('is archived when its resource was deleted', () => {
    expect(afterDeletion(opened, at(eventAt(4)))).toMatchObject({
      verdict: 'FAIL',
      status: 'ARCHIVED',
      closedAt: '2026-10-05T04:00:00.000Z',
    });
  });

  it('keeps the time at which it was resolved when its resource is deleted later', () => {
    expect(afterDeletion(resolved, at(eventAt(4)))).toMatchObject({
      status: 'ARCHIVED',
      closedAt: resolved.closedAt,
    });
  });

  it('is archived once only', () => {
    const archived = afterDeletion(opened, at(eventAt(4)));
    expect(afterDeletion(archived, at(eventAt(5)))).toBe(archived);
  });

  it('has a null time where the event has none', () => {
    const event = eventOf({ eventSource: 'ec2.amazonaws.com', eventName: 'RunInstances' });
    expect(findingAfter(undefined, at(event), evaluation('FAIL'))).toMatchObject({
      openedAt: null,
      eventIds: [],
    });
  });

  it('always has a history that ends in its status, whatever verdicts come', () => {
    const verdict = fc.constantFrom<Verdict>('PASS', 'FAIL', 'UNKNOWN', 'NOT_APPLICABLE');
    fc.assert(
      fc.property(fc.array(verdict, { maxLength: 12 }), (verdicts) => {
        let finding: Finding | undefined;
        for (const [index, next] of verdicts.entries()) {
          finding = afterVerdict(finding, at(eventAt(index)), evaluation(next));
        }
        const last = [...verdicts].reverse().find((one) => one !== 'UNKNOWN');
        if (last === 'FAIL') expect(finding).toMatchObject({ status: 'OPEN', verdict: 'FAIL' });
        if (last === 'PASS' && finding?.verdict === 'FAIL') expect(finding.status).toBe('RESOLVED');
        if (finding !== undefined) expect(finding.history.at(-1)?.status).toBe(finding.status);
      }),
    );
  });
});
