import { describe, expect, it } from 'vitest';
import { known } from '../../../../lib/core/facts.ts';
import { kmsKeyDisabled as control } from '../../../../lib/services/kms/controls/kms-key-disabled.ts';
import { evaluateTrail } from '../../../evaluating.ts';
import { account, keyArn, keyId, kms, region } from './records.ts';

const disable = kms('DisableKey', { request: { keyId } });
const enable = kms('EnableKey', { request: { keyId } });
const schedule = kms('ScheduleKeyDeletion', { request: { keyId } });
const cancel = kms('CancelKeyDeletion', { response: { keyId: keyArn } });

async function verdicts(...records: readonly unknown[]) {
  return (await evaluateTrail(control, records)).map(({ verdict }) => verdict);
}

describe('kms-key-disabled', () => {
  it('fails a key that was disabled until it is enabled', async () => {
    expect(await verdicts(disable, enable)).toEqual(['FAIL', 'PASS']);
  });

  it('fails a key whose deletion was cancelled, and says that this left it disabled', async () => {
    const [evaluated] = await evaluateTrail(control, [enable, schedule, cancel].slice(1));
    expect(evaluated?.verdict).toBe('FAIL');
    expect(evaluated?.evidence.summary).toBe(
      `The deletion of key ${keyId} was cancelled by alice, which leaves it disabled.`,
    );
  });

  it('passes after a cancelled deletion only once the key is enabled', async () => {
    expect(await verdicts(schedule, cancel, enable)).toEqual(['FAIL', 'PASS']);
  });

  it('leaves a key that is pending deletion to the control on deletion', async () => {
    expect(await verdicts(schedule)).toEqual([]);
  });

  it.each(['PendingDeletion', 'PendingImport', 'Unavailable'])(
    'has nothing to say of a key in state %s',
    (keyState) => {
      const state = { keyState, pendingWindowInDays: null, deletionDate: null, changedBy: null };
      const source = { kind: 'api', call: 'DescribeKey', at: '2026-09-14T08:12:30Z' } as const;
      const evaluation = control.evaluate(
        { type: 'AwsKmsKey', id: keyId, arn: keyArn, account, region },
        { 'kms.keyState': known(state, source) },
        {},
      );
      expect(evaluation.verdict).toBe('NOT_APPLICABLE');
    },
  );
});
