import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { batches, shrunk, sized } from '../../lib/findings/fit.ts';
import { asffOf } from './publishing.ts';

/** A map of so many pairs, whose JSON is a little larger than `kilobytes`. */
function mapOf(kilobytes: number): Record<string, string> {
  return Object.fromEntries(
    Array.from({ length: kilobytes }, (_, index) => [`key ${index}`, 'x'.repeat(1_000)]),
  );
}

const typed = { AwsEc2Volume: { Encrypted: false } };

describe('a finding over 240 KB', () => {
  it('is measured in bytes, not in characters', () => {
    expect(sized(asffOf('é')).bytes).toBe(JSON.stringify(asffOf('é')).length + 2);
  });

  it.each([
    ['its tags first', { Tags: mapOf(200), Details: { ...typed, Other: mapOf(100) } }, ['Details']],
    ['the other details next', { Tags: mapOf(1), Details: { ...typed, Other: mapOf(300) } }, ['Details']],
    ['the details that are none but other ones', { Details: { Other: mapOf(300) } }, []],
    ['all its details then', { Details: { AwsEc2Volume: { Status: 'x'.repeat(250_000) } } }, []],
  ])('loses %s', (_what, more, left) => {
    const large = asffOf('f1', { Resources: [{ Type: 'AwsEc2Volume', Id: 'v', ...more }] });
    const [resource = {}] = shrunk(large).finding.Resources ?? [];
    expect(Object.keys(resource).filter((key) => key !== 'Type' && key !== 'Id')).toEqual(left);
  });

  it('keeps the details of its type when the other ones are dropped', () => {
    const Details = { ...typed, Other: mapOf(300) };
    const large = asffOf('f1', { Resources: [{ Type: 'AwsEc2Volume', Id: 'v', Details }] });
    expect(shrunk(large).finding.Resources?.[0]?.Details).toEqual(typed);
  });

  it('loses its longest product fields at last', () => {
    const ProductFields = { short: 'x', long: 'x'.repeat(150_000), longer: 'x'.repeat(160_000) };
    expect(Object.keys(shrunk(asffOf('f1', { ProductFields })).finding.ProductFields ?? {})).toEqual([
      'long',
      'short',
    ]);
  });

  it('is left as it is when it is not over', () => {
    const finding = asffOf('f1', { ProductFields: mapOf(200) });
    expect(shrunk(finding).finding).toBe(finding);
  });

  it('comes back too large when nothing is left to lose', () => {
    const { bytes, finding } = shrunk(
      asffOf('f1', { Description: 'x'.repeat(250_000), ProductFields: mapOf(1) }),
    );
    expect([bytes > 240_000, finding.ProductFields]).toEqual([true, undefined]);
  });
});

describe('batches', () => {
  it('hold every finding once, in order, within the limits of a call', () => {
    const bytes = fc.oneof(fc.integer({ min: 200, max: 3_000 }), fc.integer({ min: 200_000, max: 240_000 }));
    fc.assert(
      fc.property(fc.array(bytes, { maxLength: 250 }), (sizes) => {
        const findings = sizes.map((size, index) => ({ finding: asffOf(`f${index}`), bytes: size }));
        const made = batches(findings);
        expect(made.flat()).toEqual(findings);
        for (const batch of made) {
          const body = batch.reduce(
            (sum, one) => sum + one.bytes,
            '{"Findings":[]}'.length + batch.length - 1,
          );
          expect(body).toBeLessThanOrEqual(6_000_000);
          expect(batch.length).toBeLessThanOrEqual(100);
        }
      }),
      { numRuns: 50 },
    );
  });

  it('are as few as the number allows', () => {
    const findings = Array.from({ length: 300 }, (_, index) => sized(asffOf(`f${index}`)));
    expect(batches(findings)).toHaveLength(3);
  });
});
