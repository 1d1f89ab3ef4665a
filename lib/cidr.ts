/** CIDR blocks, IPv4 and IPv6. Source: RFC 4632 (IPv4), RFC 4291 section 2.3 (IPv6). */
import { BlockList, isIP } from 'node:net';

export interface Cidr {
  readonly family: 'ipv4' | 'ipv6';
  /** The address as written; bits beyond the prefix are without meaning. */
  readonly address: string;
  readonly prefix: number;
}

/** The block in `value`, as `203.0.113.0/24` or `2001:db8::/32`; `undefined` for anything else. */
export function parseCidr(value: string): Cidr | undefined {
  const match = /^([0-9A-Fa-f:.]{2,45})\/(0|[1-9]\d{0,2})$/.exec(value);
  if (match === null) return undefined;
  const [, address = '', length = ''] = match;
  const version = isIP(address);
  const prefix = Number(length);
  if (version === 4 && prefix <= 32) return { family: 'ipv4', address, prefix };
  if (version === 6 && prefix <= 128) return { family: 'ipv6', address, prefix };
  return undefined;
}

/**
 * Whether every address of `inner` is one of `outer`. Blocks of different families contain nothing of each
 * other; an IPv4-mapped IPv6 block counts as IPv6.
 */
export function contains(outer: Cidr, inner: Cidr): boolean {
  if (outer.family !== inner.family || outer.prefix > inner.prefix) return false;
  const block = new BlockList();
  block.addSubnet(outer.address, outer.prefix, outer.family);
  return block.check(inner.address, inner.family);
}
