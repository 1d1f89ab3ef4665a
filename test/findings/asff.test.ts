import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Resource } from '../../lib/control.ts';
import { ec2TransitEncryption as control } from '../../lib/controls/ec2/ec2-transit-encryption.ts';
import { asffLimits, toAsff, whyUnpublishable } from '../../lib/findings/asff.ts';
import type { Finding, FindingExemption } from '../../lib/findings/finding.ts';
import { archiveFinding, openFinding, resolveFinding } from '../../lib/findings/lifecycle.ts';
import { eventOf } from '../judging.ts';

const resource: Resource = {
  type: 'AwsEc2Instance',
  id: 'i-0abc',
  arn: 'arn:aws:ec2:eu-central-1:111122223333:instance/i-0abc',
  account: '111122223333',
  region: 'eu-central-1',
};
const event = eventOf({
  eventSource: 'ec2.amazonaws.com',
  eventName: 'RunInstances',
  eventTime: '2026-10-05T01:00:00Z',
  eventID: 'event-1',
});
const passed = {
  verdict: 'PASS',
  evidence: { summary: 'Now c5n.large.', required: 'encryption', observed: [] },
} as const;
const now = '2026-11-01T00:00:00.000Z';

function finding(
  where: Partial<Resource> = {},
  evidence: Partial<Finding['evidence']> = {},
  verdict: 'FAIL' | 'UNKNOWN' = 'FAIL',
  exemption?: FindingExemption,
): Finding {
  const judgement = {
    verdict,
    evidence: {
      summary: 'm5.large does not encrypt.',
      required: 'a type that encrypts',
      observed: [],
      ...evidence,
    },
  };
  const plan = { actions: [], withheld: [] };
  return openFinding(undefined, {
    control,
    resource: { ...resource, ...where },
    severity: 'MEDIUM',
    judgement,
    event,
    plan,
    exemption,
  });
}

describe('a finding in ASFF', () => {
  it('belongs to the default product of its own account and Region', () => {
    expect(toAsff(finding(), control, now)).toMatchObject({
      SchemaVersion: '2018-10-08',
      ProductArn: 'arn:aws:securityhub:eu-central-1:111122223333:product/111122223333/default',
      AwsAccountId: '111122223333',
      GeneratorId: 'trailseal/ec2-transit-encryption',
    });
  });

  it('lies in the partition of its Region', () => {
    const chinese = finding({ region: 'cn-north-1' });
    expect(toAsff(chinese, control, now).ProductArn).toMatch(/^arn:aws-cn:securityhub:cn-north-1:/);
  });

  it('spells requirements as Security Hub does', () => {
    expect(toAsff(finding(), control, now).Compliance?.RelatedRequirements).toEqual(
      expect.arrayContaining(['NIST.800-53.r5 SC-8(1)', 'PCI DSS v4.0.1/4.2.1']),
    );
  });

  it.each([
    ['open', finding(), 'FAILED', 'ACTIVE'],
    ['in doubt', finding({}, {}, 'UNKNOWN'), 'NOT_AVAILABLE', 'ACTIVE'],
    ['resolved', resolveFinding(finding(), passed, event), 'PASSED', 'ACTIVE'],
    ['archived', archiveFinding(finding(), event), 'FAILED', 'ARCHIVED'],
  ] as const)('tells that it is %s', (_what, one, status, record) => {
    const asff = toAsff(one, control, now);
    expect([asff.Compliance?.Status, asff.RecordState]).toEqual([status, record]);
  });

  it('calls for nobody while an exemption is active', () => {
    const exemption = { state: 'active', reason: 'load test', owner: 'ana', expires: '2027-01-31' } as const;
    const asff = toAsff(finding({}, {}, 'FAIL', exemption), control, now);
    expect(asff.FindingProviderFields?.Severity?.Label).toBe('INFORMATIONAL');
    expect(asff.ProductFields).toMatchObject({ 'trailseal/exemption': 'active: load test' });
  });

  it('names its resource by the ARN', () => {
    expect(toAsff(finding(), control, now).Resources?.[0]).toMatchObject({
      Type: 'AwsEc2Instance',
      Id: resource.arn,
    });
  });

  it('tells resources apart that have only the ARN of their container', () => {
    const volume = finding({ type: 'AwsEc2Volume', id: 'i-0abc:/dev/sdb' });
    expect(toAsff(volume, control, now).Resources?.[0]?.Id).toBe(`${resource.arn}#i-0abc:/dev/sdb`);
  });

  it.each(['AwsKmsGrant', 'AwsEksNodegroup', 'AwsEc2Snapshot'] as const)(
    'calls %s, which ASFF does not know, Other',
    (type) => {
      expect(toAsff(finding({ type }), control, now).Resources?.[0]).toMatchObject({
        Type: 'Other',
        Details: { Other: { type } },
      });
    },
  );

  it('was never updated before it was last observed', () => {
    const asff = toAsff(finding(), control, '2020-01-01T00:00:00.000Z');
    expect(asff.UpdatedAt).toBe(asff.LastObservedAt);
  });

  it('keeps within every limit, whatever the event said', () => {
    const long = fc.string({ unit: 'binary', minLength: 0, maxLength: 3000 });
    const observed = fc.array(
      fc.record({ what: long, value: fc.oneof(long, fc.array(long, { maxLength: 3 })) }),
      {
        maxLength: 60,
      },
    );
    fc.assert(
      fc.property(long, long, long, observed, (id, summary, required, seen) => {
        const asff = toAsff(finding({ id }, { summary, required, observed: seen }), control, now);
        expect(asff.Id?.length).toBeLessThanOrEqual(asffLimits.id);
        expect(asff.Title?.length).toBeLessThanOrEqual(asffLimits.title);
        expect(asff.Description?.length).toBeLessThanOrEqual(asffLimits.description);
        expect(asff.Remediation?.Recommendation?.Text?.length).toBeLessThanOrEqual(asffLimits.remediation);
        expect(asff.Resources?.[0]?.Id?.length).toBeLessThanOrEqual(asffLimits.id);
        const fields = Object.entries(asff.ProductFields ?? {});
        expect(fields.length).toBeLessThanOrEqual(asffLimits.productFields);
        for (const [key, value] of fields) {
          expect(key.length).toBeLessThanOrEqual(asffLimits.productFieldKey);
          expect(value.length).toBeLessThanOrEqual(asffLimits.productFieldValue);
        }
        expect(Buffer.byteLength(JSON.stringify(asff))).toBeLessThanOrEqual(asffLimits.findingBytes);
      }),
      { numRuns: 60 },
    );
  });
});

describe('Security Hub would refuse a finding', () => {
  it.each([
    ['whose account is not told', { account: 'unknown' }, 'account'],
    ['whose Region is not told', { region: 'unknown' }, 'Region'],
  ])('%s', (_what, where, reason) => {
    expect(whyUnpublishable(finding(where))).toContain(reason);
  });

  it('but not one in any Region of any partition', () => {
    for (const region of [
      'eu-central-1',
      'us-gov-west-1',
      'cn-north-1',
      'ap-southeast-7',
      'us-iso-east-1',
      'eusc-de-east-1',
    ]) {
      expect(whyUnpublishable(finding({ region }))).toBeUndefined();
    }
  });
});
