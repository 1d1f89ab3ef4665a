import { describe, expect, it } from 'vitest';
import { kmsKeyDeletion as control } from '../../../../lib/services/kms/controls/kms-key-deletion.ts';
import { deletedResources, evaluateTrail } from '../../../evaluating.ts';
import { keyArn, keyId, kms, mrkArn } from './records.ts';

const schedule = kms('ScheduleKeyDeletion', {
  request: { keyId, pendingWindowInDays: 7 },
  response: { keyId: keyArn, keyState: 'PendingDeletion', deletionDate: 'Sep 21, 2026, 8:12:30 AM' },
});
const cancel = kms('CancelKeyDeletion', { request: { keyId }, response: { keyId: keyArn } });
const deleted = kms('DeleteKey', {
  userIdentity: { accountId: '111122223333', invokedBy: 'AWS Internal' },
  eventType: 'AwsServiceEvent',
});

describe('kms-key-deletion', () => {
  it('fails a scheduled deletion, with the window, the date as written, and the actor', async () => {
    const [evaluated] = await evaluateTrail(control, [schedule]);
    expect(evaluated?.verdict).toBe('FAIL');
    expect(evaluated?.evidence.summary).toBe(
      `Key ${keyId} was scheduled for deletion after 7 days (Sep 21, 2026, 8:12:30 AM) by alice.`,
    );
    expect(evaluated?.evidence.observed.map(({ what, value }) => [what, value])).toEqual([
      ['keyState', 'PendingDeletion'],
      ['pendingWindowInDays', 7],
      ['deletionDate', 'Sep 21, 2026, 8:12:30 AM'],
      ['changedBy', 'alice'],
    ]);
  });

  it('fails a primary key that waits for its replicas, which has no date yet', async () => {
    const arn = mrkArn('us-west-2');
    const record = kms('ScheduleKeyDeletion', {
      arn,
      response: { keyId: arn, keyState: 'PendingReplicaDeletion', pendingWindowInDays: 30 },
    });
    const [evaluated] = await evaluateTrail(control, [record]);
    expect(evaluated?.verdict).toBe('FAIL');
    expect(evaluated?.evidence.summary).toContain('when its last replica was deleted');
  });

  it('fails a scheduled deletion of which only the request is recorded', async () => {
    const [evaluated] = await evaluateTrail(control, [kms('ScheduleKeyDeletion', { request: { keyId } })]);
    expect(evaluated?.evidence.summary).toBe(`Key ${keyId} was scheduled for deletion by alice.`);
  });

  it('follows a key from schedule to cancellation, and to its end', async () => {
    const verdicts = (await evaluateTrail(control, [schedule, cancel, schedule, deleted])).map(
      (each) => each.verdict,
    );
    expect(verdicts).toEqual(['FAIL', 'PASS', 'FAIL', 'FAIL']);
  });

  it('says of a deleted key that it was deleted', async () => {
    const [evaluated] = await evaluateTrail(control, [deleted]);
    expect(evaluated?.evidence.summary).toBe(`Key ${keyId} was deleted by AWS Internal.`);
  });

  it('ends the key that DeleteKey names in resources alone', () => {
    expect(deletedResources(control, deleted).map(({ arn }) => arn)).toEqual([keyArn]);
  });

  it('evaluates nothing in a call that failed', async () => {
    expect(await evaluateTrail(control, [{ ...schedule, errorCode: 'AccessDenied' }])).toEqual([]);
  });
});
