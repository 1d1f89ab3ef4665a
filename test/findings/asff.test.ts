import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Resource } from '../../lib/core/control.ts';
import { asffLimits, toAsff as toAsffOf, whyUnpublishable } from '../../lib/findings/asff.ts';
import type { Finding } from '../../lib/findings/finding.ts';
import { fits, shrunk } from '../../lib/findings/fit.ts';
import type { FindingExemption } from '../../lib/policy/model.ts';
import { resourceTypeOf } from '../../lib/services/catalogue.ts';
import { ec2TransitEncryption as control } from '../../lib/services/ec2/controls/ec2-transit-encryption.ts';
import { eventOf } from '../evaluating.ts';
import { afterDeletion, findingAfter } from './life.ts';

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

const subject = { control, resource, cause: event };

function finding(
  where: Partial<Resource> = {},
  evidence: Partial<Finding['evidence']> = {},
  verdict: 'FAIL' | 'UNKNOWN' = 'FAIL',
  exemption?: FindingExemption,
): Finding {
  const evaluation = {
    verdict,
    evidence: {
      summary: 'm5.large does not encrypt.',
      required: 'a type that encrypts',
      observed: [],
      ...evidence,
    },
  };
  return findingAfter(undefined, { ...subject, resource: { ...resource, ...where } }, evaluation, {
    severity: 'MEDIUM',
    exemption,
  });
}

/** The finding as ASFF, with what is said of the resource beside its type. */
function toAsff(
  finding: Finding,
  of: typeof control,
  updatedAt: string,
  extras: Omit<Parameters<typeof toAsffOf>[3], 'type'> = {},
) {
  return toAsffOf(finding, of, updatedAt, { type: resourceTypeOf(finding.resource.type), ...extras });
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
    ['resolved', findingAfter(finding(), subject, passed), 'PASSED', 'ACTIVE'],
    ['archived', afterDeletion(finding(), subject), 'FAILED', 'ARCHIVED'],
  ] as const)('tells that it is %s', (_what, one, status, record) => {
    const asff = toAsff(one, control, now);
    expect([asff.Compliance?.Status, asff.RecordState]).toEqual([status, record]);
  });

  it('has the command for its resource first, whole', () => {
    const command = "aws eks associate-encryption-config --cluster-name app --encryption-config '[]'";
    const asff = toAsff(finding({}, { command }), control, now);
    expect(asff.Remediation?.Recommendation?.Text).toMatch(`For this resource: ${command} — but: `);
    expect(asff.ProductFields).toMatchObject({ 'trailseal/command': command });
  });

  it('has no part of a command that is too long', () => {
    const asff = toAsff(finding({}, { command: 'aws '.repeat(100) }), control, now);
    expect(asff.Remediation?.Recommendation?.Text).toBe(control.remediation);
  });

  it('calls for nobody while an exemption is active', () => {
    const exemption = {
      state: 'active',
      from: 'policy',
      reason: 'load test',
      owner: 'ana',
      expires: '2027-01-31',
    } as const;
    const asff = toAsff(finding({}, {}, 'FAIL', exemption), control, now);
    expect(asff.FindingProviderFields?.Severity?.Label).toBe('INFORMATIONAL');
    expect(asff.ProductFields).toMatchObject({ 'trailseal/exemption': 'active: load test' });
  });

  it('gives severity and types where Security Hub keeps them apart from what its users set', () => {
    const asff = toAsff(finding(), control, now);
    expect(asff.FindingProviderFields).toEqual({
      Severity: { Label: 'MEDIUM', Original: 'MEDIUM' },
      Types: ['Software and Configuration Checks/AWS Security Best Practices'],
    });
    expect([asff.Severity, asff.Types]).toEqual([undefined, undefined]);
  });

  it.each(['Note', 'UserDefinedFields', 'VerificationState', 'Workflow', 'WorkflowState', 'Region'] as const)(
    'leaves %s to Security Hub and its users',
    (field) => {
      expect(toAsff(finding(), control, now)).not.toHaveProperty(field);
    },
  );

  it('was created when it was first opened, all its life', () => {
    const later = eventOf({ ...event.raw, eventTime: '2026-10-09T01:00:00Z', eventID: 'event-2' });
    const opened = finding();
    const resolved = findingAfter(opened, { ...subject, cause: later }, passed);
    // A history may have been capped: the first transition is what stays.
    const capped = {
      ...afterDeletion(resolved, { ...subject, cause: later }),
      history: [...resolved.history.slice(0, 1)],
    };
    for (const one of [opened, resolved, capped]) {
      const { CreatedAt, FirstObservedAt } = toAsff(one, control, now);
      expect([CreatedAt, FirstObservedAt]).toEqual(['2026-10-05T01:00:00.000Z', '2026-10-05T01:00:00.000Z']);
    }
  });

  it('was updated exactly when the state table says, or Security Hub would take two updates for one', () => {
    const early = '2026-10-05T00:59:59.998Z';
    expect(toAsff(finding(), control, early).UpdatedAt).toBe(early);
  });

  it('names its resource by the ARN', () => {
    expect(toAsff(finding(), control, now).Resources?.[0]).toMatchObject({
      Type: 'AwsEc2Instance',
      Id: resource.arn,
    });
  });

  it('distinguishes resources that have only the ARN of their container', () => {
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

  it.each([
    ['eu-central-1', 'aws'],
    ['us-gov-west-1', 'aws-us-gov'],
    ['us-iso-east-1', 'aws-us-iso'],
    ['us-isob-east-1', 'aws-us-iso-b'],
    ['eusc-de-east-1', undefined],
  ])('says of the partition of %s what ASFF has a word for', (region, partition) => {
    expect(toAsff(finding({ region }), control, now).Resources?.[0]?.Partition).toBe(partition);
  });

  it('has the details of its resource, beside what the finding calls it', () => {
    const details = {
      AwsEc2Instance: { Type: 'm5.large' },
      Other: { encryptionInTransitSupported: 'false' },
    };
    expect(toAsff(finding(), control, now, { details }).Resources?.[0]?.Details).toEqual({
      AwsEc2Instance: { Type: 'm5.large' },
      Other: {
        id: 'i-0abc',
        arn: resource.arn,
        type: 'AwsEc2Instance',
        encryptionInTransitSupported: 'false',
      },
    });
  });

  it('lets no detail say otherwise who its resource is', () => {
    const { Details } =
      toAsff(finding(), control, now, { details: { Other: { id: 'i-0def' } } }).Resources?.[0] ?? {};
    expect(Details?.Other?.['id']).toBe('i-0abc');
  });

  it('has the tags of its resource', () => {
    const tags = { team: 'payments', 'aws:autoscaling:groupName': 'web' };
    expect(toAsff(finding(), control, now, { tags }).Resources?.[0]?.Tags).toEqual(tags);
  });

  it.each([
    ['are none', {}],
    ['have no value', { team: '', owner: ' ' }],
  ])(
    'has no tags when they %s, for Security Hub takes neither an empty map nor a blank value',
    (_what, tags) => {
      expect(toAsff(finding(), control, now, { tags }).Resources?.[0]).not.toHaveProperty('Tags');
    },
  );
});

/** Every string below `value`, values and keys. */
function stringsIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, member]) => [key, ...stringsIn(member)]);
}

describe('whatever an event says, a finding', () => {
  const hostile = fc.string({ unit: 'binary', maxLength: 3000 });
  const blank = fc.constantFrom('', ' ', '\n', '\u0000', '\uD800', '__proto__');
  const text = fc.oneof(hostile, blank);
  const observed = fc.array(
    fc.record({ what: text, value: fc.oneof(text, fc.array(text, { maxLength: 3 })) }),
    { maxLength: 60 },
  );
  const tags = fc.dictionary(text, text, { maxKeys: 60 });
  const details = fc.oneof(
    fc.record({
      AwsEc2Instance: fc.dictionary(text, text),
      Other: fc.dictionary(text, text, { maxKeys: 60 }),
    }),
    fc.dictionary(text, fc.anything()),
  );
  const made = fc
    .record({ id: text, summary: text, required: text, observed, tags, details })
    .map(({ id, tags, details, ...evidence }) =>
      toAsff(finding({ id }, evidence, 'UNKNOWN'), control, now, { tags, details }),
    );

  it('keeps within every limit', () => {
    fc.assert(
      fc.property(made, (asff) => {
        expect(asff.Id?.length).toBeLessThanOrEqual(asffLimits.id);
        expect(asff.Title?.length).toBeLessThanOrEqual(asffLimits.title);
        expect(asff.Description?.length).toBeLessThanOrEqual(asffLimits.description);
        expect(asff.Remediation?.Recommendation?.Text?.length).toBeLessThanOrEqual(asffLimits.remediation);
        const [resource] = asff.Resources ?? [];
        expect(resource?.Id?.length).toBeLessThanOrEqual(asffLimits.id);
        for (const [map, pairs, key, value] of [
          [
            asff.ProductFields,
            asffLimits.productFields,
            asffLimits.productFieldKey,
            asffLimits.productFieldValue,
          ],
          [resource?.Tags, asffLimits.tags, asffLimits.tagKey, asffLimits.tagValue],
          [resource?.Details?.Other, asffLimits.otherDetails, asffLimits.detailKey, asffLimits.detail],
        ] as const) {
          const lengths = Object.entries(map ?? {}).map((pair) => pair.map(({ length }) => length));
          expect(lengths.length).toBeLessThanOrEqual(pairs);
          for (const [keyLength, valueLength] of lengths) {
            expect(keyLength).toBeLessThanOrEqual(key);
            expect(valueLength).toBeLessThanOrEqual(value);
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  it('shows every character: none hides or reverses what is beside it, wherever it comes from', () => {
    const hidden = 'photo\u202egnp\u200b\u2066.exe\u{e0041}\u3164';
    const shown = String.raw`photo\u{202e}gnp\u{200b}\u{2066}.exe\u{e0041}\u{3164}`;
    const found = finding(
      { id: hidden, arn: `arn:aws:ec2:eu-central-1:111122223333:instance/${hidden}` },
      { summary: hidden, required: hidden, command: hidden, observed: [{ what: hidden, value: hidden }] },
    );
    const asff = toAsff({ ...found, title: hidden }, control, now, {
      details: { AwsEc2Instance: { ImageId: hidden }, Other: { name: hidden } },
      tags: { [hidden]: hidden },
    });
    const text = JSON.stringify(asff);
    expect(text).not.toMatch(/[\p{C}\p{Default_Ignorable_Code_Point}]/u);
    expect(asff).toMatchObject({
      Title: shown,
      Description: expect.stringContaining(shown),
      Remediation: { Recommendation: { Text: expect.stringContaining(shown) } },
      ProductFields: { [`trailseal/observed/${shown}`]: shown },
      Resources: [
        {
          Tags: { [shown]: shown },
          Details: { AwsEc2Instance: { ImageId: shown }, Other: { name: shown } },
        },
      ],
    });
  });

  it('holds no blank, broken or many-lined string and no empty map, which Security Hub refuses', () => {
    fc.assert(
      fc.property(made, ({ Id: _asTheStateTableHasIt, ...asff }) => {
        for (const one of stringsIn(asff)) {
          expect(one).toMatch(/^.*\S.*$/u);
          expect(one.isWellFormed()).toBe(true);
        }
        expect(JSON.stringify(asff)).not.toMatch(/:\{\}/);
      }),
      { numRuns: 60 },
    );
  });

  it('fits into what Security Hub takes', () => {
    fc.assert(
      fc.property(made, (asff) => {
        expect(fits(shrunk(asff))).toBe(true);
      }),
      { numRuns: 60 },
    );
  });
});

describe('Security Hub would refuse a finding', () => {
  it.each([
    ['whose account is unknown', { account: 'unknown' }, 'account'],
    ['whose Region is unknown', { region: 'unknown' }, 'Region'],
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
