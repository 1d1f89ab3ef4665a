import { describe, expect, it } from 'vitest';
import { compliance, type RequirementRow } from '../../../cli/report/compliance.ts';
import type { Verdict } from '../../../lib/core/control.ts';
import type { Finding } from '../../../lib/findings/finding.ts';
import { reportInput } from './fixture.ts';

const input = reportInput(1);
const [model] = input.findings;
if (model === undefined) throw new Error('the fixture made no finding');
const base: Finding = {
  ...model,
  control: 'kms-key-disabled',
  status: 'OPEN',
  verdict: 'FAIL',
  exemption: null,
};
const exemption = {
  state: 'active',
  from: 'policy',
  reason: 'r',
  owner: 'o',
  expires: '2026-06-30',
} as const;

/** The row of SC-12(1), which rests on `kms-key-disabled` alone. */
function row(
  counts: Partial<Record<Verdict, number>>,
  findings: readonly Finding[],
): RequirementRow | undefined {
  const posture = { 'kms-key-disabled': { PASS: 0, FAIL: 0, UNKNOWN: 0, NOT_APPLICABLE: 0, ...counts } };
  const [nist] = compliance({ controls: input.controls, findings, posture });
  return nist?.rows.find(({ requirement }) => requirement === 'SC-12(1)');
}

describe('compliance', () => {
  it.each([
    ['fails', { PASS: 5, FAIL: 1 }, [base]],
    ['fails', { FAIL: 1 }, []],
    ['exempt', { PASS: 5, FAIL: 1 }, [{ ...base, exemption }]],
    ['fails', { FAIL: 1 }, [{ ...base, exemption: { ...exemption, state: 'expired' as const } }]],
    ['unknown', { PASS: 5, UNKNOWN: 1 }, [{ ...base, verdict: 'UNKNOWN' as const }]],
    ['passes', { PASS: 5, NOT_APPLICABLE: 1 }, []],
    ['not-evaluated', {}, []],
  ])('is "%s" for %o', (status, counts, findings) => {
    expect(row(counts, findings)?.status).toBe(status);
  });

  it('adds up the controls of a requirement', () => {
    const posture = Object.fromEntries(
      input.controls.map(({ id }) => [id, { PASS: 1, FAIL: 0, UNKNOWN: 0, NOT_APPLICABLE: 0 }]),
    );
    const [nist] = compliance({ controls: input.controls, findings: [], posture });
    const shared = nist?.rows.find(({ requirement }) => requirement === 'SC-12');
    expect([shared?.controls, shared?.counts.PASS]).toEqual([['kms-key-deletion', 'kms-key-rotation'], 2]);
  });

  it('orders requirements as people do', () => {
    const [nist] = compliance({ ...input, findings: [] });
    const names = nist?.rows.map(({ requirement }) => requirement) ?? [];
    expect(names.indexOf('SC-8')).toBeLessThan(names.indexOf('SC-12'));
  });
});
