/** CIDR blocks, IPv4 and IPv6. Source: RFC 4632 (IPv4), RFC 4291 sections 2.2 and 2.3 (IPv6). */
import { isIP } from 'node:net';

export interface Cidr {
  readonly evaluator: 'ipv4' | 'ipv6';
  /** The address as written; bits beyond the prefix have no meaning. */
  readonly address: string;
  readonly prefix: number;
}

/**
 * Parses a CIDR block.
 * @param value a text such as `203.0.113.0/24` or `2001:db8::/32`.
 * @returns the block; `undefined` where the text is not one.
 * @example parseCidr('203.0.113.0/24')?.prefix // 24
 */
export function parseCidr(value: string): Cidr | undefined {
  const match = /^([0-9A-Fa-f:.]{2,45})\/(0|[1-9]\d{0,2})$/.exec(value);
  if (match === null) return undefined;
  const [, address = '', length = ''] = match;
  const version = isIP(address);
  const prefix = Number(length);
  if (version === 4 && prefix <= 32) return { evaluator: 'ipv4', address, prefix };
  if (version === 6 && prefix <= 128) return { evaluator: 'ipv6', address, prefix };
  return undefined;
}

/**
 * Whether every address of `inner` is in one of `outers`, which may cover it together. A block never covers one of
 * the
 * other IP version; an IPv4-mapped IPv6 block counts as IPv6.
 * @param outers in any order; they may overlap.
 * @example covers([{ evaluator: 'ipv4', address: '10.0.0.0', prefix: 8 }], { evaluator: 'ipv4', address: '10.1.0.0', prefix: 16 }) // true
 */
export function covers(outers: readonly Cidr[], inner: Cidr): boolean {
  const { first, last } = spanOf(inner);
  const spans = outers.filter(({ evaluator }) => evaluator === inner.evaluator).map(spanOf);
  spans.sort((a, b) => (a.first < b.first ? -1 : a.first > b.first ? 1 : 0));
  let uncovered = first;
  for (const span of spans) {
    if (span.first <= uncovered && span.last >= uncovered) uncovered = span.last + 1n;
  }
  return uncovered > last;
}

/** The first and the last address of a block, as numbers. */
function spanOf({ evaluator, address, prefix }: Cidr): { readonly first: bigint; readonly last: bigint } {
  const [number, width] = evaluator === 'ipv4' ? [numberOfV4(address), 32] : [numberOfV6(address), 128];
  const size = 1n << BigInt(width - prefix);
  const first = (number / size) * size;
  return { first, last: first + size - 1n };
}

function numberOfV4(address: string): bigint {
  return address.split('.').reduce((number, octet) => number * 256n + BigInt(octet), 0n);
}

function numberOfV6(address: string): bigint {
  const [before = [], after = []] = address.split('::').map(groupsOf);
  const zeros = Array<bigint>(8 - before.length - after.length).fill(0n);
  return [...before, ...zeros, ...after].reduce((number, group) => number * 65536n + group, 0n);
}

/** The groups of 16 bits in a part of an IPv6 address; a part in IPv4 notation is two groups. */
function groupsOf(part: string): readonly bigint[] {
  if (part === '') return [];
  return part.split(':').flatMap((group) => {
    if (!group.includes('.')) return [BigInt(`0x${group}`)];
    const number = numberOfV4(group);
    return [number / 65536n, number % 65536n];
  });
}
