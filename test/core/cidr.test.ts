import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { covers, parseCidr } from '../../lib/core/cidr.ts';

/** Whether blocks cover another, as written; `undefined` when one of them is no block. */
function within(outer: string | readonly string[], inner: string): boolean | undefined {
  const outers = [outer].flat().map(parseCidr);
  const block = parseCidr(inner);
  return block === undefined || outers.includes(undefined)
    ? undefined
    : covers(
        outers.filter((found) => found !== undefined),
        block,
      );
}

/** An address as a number and as text, and a prefix, for either evaluator. */
const v4 = fc.record({ bits: fc.bigInt({ min: 0n, max: 2n ** 32n - 1n }), prefix: fc.nat(32) });
const v6 = fc.record({ bits: fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }), prefix: fc.nat(128) });
const groups = (bits: bigint, size: bigint, count: number) =>
  Array.from({ length: count }, (_, i) => (bits >> (size * BigInt(count - 1 - i))) & (2n ** size - 1n));
const text4 = ({ bits, prefix }: { bits: bigint; prefix: number }) =>
  `${groups(bits, 8n, 4).join('.')}/${prefix}`;
const text6 = ({ bits, prefix }: { bits: bigint; prefix: number }) =>
  `${groups(bits, 16n, 8)
    .map((group) => group.toString(16))
    .join(':')}/${prefix}`;

describe('parseCidr', () => {
  it.each([
    ['203.0.113.0/24', { evaluator: 'ipv4', address: '203.0.113.0', prefix: 24 }],
    ['0.0.0.0/0', { evaluator: 'ipv4', address: '0.0.0.0', prefix: 0 }],
    ['2001:db8::/32', { evaluator: 'ipv6', address: '2001:db8::', prefix: 32 }],
    ['::/0', { evaluator: 'ipv6', address: '::', prefix: 0 }],
  ])('reads %s', (value, cidr) => {
    expect(parseCidr(value)).toEqual(cidr);
  });

  it.each([
    ['203.0.113.5'],
    ['203.0.113.0/33'],
    ['2001:db8::/129'],
    ['203.0.113.0/024'],
    ['203.0.113.0/-1'],
    ['203.0.113/24'],
    ['fe80::1%eth0/64'],
    ['anyone'],
    ['/24'],
    [''],
    [`${'1'.repeat(100_000)}/24`],
  ])('refuses %s', (value) => {
    expect(parseCidr(value)).toBeUndefined();
  });
});

describe('covers', () => {
  it.each([
    ['203.0.113.0/24', '203.0.113.128/25', true],
    ['203.0.113.0/24', '203.0.113.0/24', true],
    ['203.0.113.0/24', '203.0.112.0/23', false],
    ['203.0.113.0/24', '198.51.100.7/32', false],
    ['0.0.0.0/0', '198.51.100.7/32', true],
    ['203.0.113.77/24', '203.0.113.5/32', true],
    ['2001:db8::/32', '2001:db8:1::/48', true],
    ['2001:db8:1::/48', '2001:db8::/32', false],
    ['::/0', '2001:db8::/32', true],
    ['::ffff:203.0.113.0/120', '::ffff:cb00:7105/128', true],
    ['2001:db8:0:1::/64', '2001:0db8:0000:0001:0000:0000:0000:00AF/128', true],
  ])('%s, %s: %s', (outer, inner, expected) => {
    expect(within(outer, inner)).toBe(expected);
  });

  it.each([
    [['203.0.113.0/25', '203.0.113.128/25'], '203.0.113.0/24', true],
    [['203.0.113.128/25', '203.0.113.0/25'], '203.0.113.0/24', true],
    [['203.0.113.0/25', '203.0.113.192/26'], '203.0.113.0/24', false],
    [['203.0.113.0/25', '203.0.113.0/26', '203.0.113.128/25'], '203.0.113.0/24', true],
    [['198.51.100.0/24', '203.0.113.0/25', '203.0.113.128/25'], '203.0.113.64/26', true],
    [['0.0.0.0/1', '128.0.0.0/1'], '0.0.0.0/0', true],
    [['2001:db8::/33', '2001:db8:8000::/33'], '2001:db8::/32', true],
    [['2001:db8::/33', '203.0.113.0/24'], '2001:db8::/32', false],
    [[], '203.0.113.0/24', false],
  ])('%j together, %s: %s', (outers, inner, expected) => {
    expect(within(outers, inner)).toBe(expected);
  });

  it('holds for the two halves of any block, and for neither alone', () => {
    fc.assert(
      fc.property(v4, ({ bits, prefix }) => {
        fc.pre(prefix < 32);
        const half = (bit: bigint) => {
          const shift = BigInt(32 - prefix - 1);
          return text4({ bits: (((bits >> (shift + 1n)) << 1n) | bit) << shift, prefix: prefix + 1 });
        };
        const block = text4({ bits, prefix });
        expect(within([half(1n), half(0n)], block)).toBe(true);
        expect(within(half(0n), block)).toBe(false);
        expect(within(half(1n), block)).toBe(false);
      }),
    );
  });

  it.each([
    ['0.0.0.0/0', '::/0'],
    ['::/0', '203.0.113.0/24'],
    ['203.0.113.0/24', '::ffff:203.0.113.5/128'],
  ])('keeps the evaluators apart: %s does not contain %s', (outer, inner) => {
    expect(within(outer, inner)).toBe(false);
  });

  it('agrees with comparing the leading bits, IPv4', () => {
    fc.assert(
      fc.property(v4, v4, fc.boolean(), (outer, other, near) => {
        const inner = near ? { ...other, bits: outer.bits ^ (other.bits >> 20n) } : other;
        const shift = BigInt(32 - outer.prefix);
        const expected = outer.prefix <= inner.prefix && outer.bits >> shift === inner.bits >> shift;
        expect(within(text4(outer), text4(inner))).toBe(expected);
      }),
    );
  });

  it('agrees with comparing the leading bits, IPv6', () => {
    fc.assert(
      fc.property(v6, v6, fc.boolean(), (outer, other, near) => {
        // IPv4-mapped addresses are left out: they have a test of their own.
        fc.pre(outer.bits >> 32n !== 0xffffn && other.bits >> 32n !== 0xffffn);
        const inner = near ? { ...other, bits: outer.bits ^ (other.bits >> 100n) } : other;
        const shift = BigInt(128 - outer.prefix);
        const expected = outer.prefix <= inner.prefix && outer.bits >> shift === inner.bits >> shift;
        expect(within(text6(outer), text6(inner))).toBe(expected);
      }),
    );
  });
});
