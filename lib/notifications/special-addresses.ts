/**
 * Which addresses are public, by IANA's registries: those that are globally reachable, multicast apart. Addresses that hold
 * an IPv4 address (mapped, NAT64, 6to4, Teredo) are not: what they reach is decided by a translator that is not known here.
 * Source: IANA IPv4 and IPv6 Special-Purpose Address Registries (column "Globally Reachable"; 2025-10-09), "IPv4 Multicast
 * Address Space", "IPv6 Address Space"; https://www.iana.org/assignments/iana-ipv4-special-registry and
 * https://www.iana.org/assignments/iana-ipv6-special-registry.
 */
import { BlockList, isIP } from 'node:net';

/** Every block of IPv4 that is not globally reachable, and multicast. */
const specialV4 = [
  ['0.0.0.0/8', '"This network"; RFC 791'],
  ['10.0.0.0/8', 'Private-Use; RFC 1918'],
  ['100.64.0.0/10', 'Shared Address Space; RFC 6598'],
  ['127.0.0.0/8', 'Loopback; RFC 1122'],
  ['169.254.0.0/16', 'Link Local; RFC 3927'],
  ['172.16.0.0/12', 'Private-Use; RFC 1918'],
  // The registry lets 192.0.0.9/32 and 192.0.0.10/32 (anycast of port control and TURN) be reached; no webhook is there.
  ['192.0.0.0/24', 'IETF Protocol Assignments; RFC 6890'],
  ['192.0.2.0/24', 'Documentation (TEST-NET-1); RFC 5737'],
  ['192.88.99.0/24', 'Deprecated (6to4 Relay Anycast); RFC 7526'],
  ['192.168.0.0/16', 'Private-Use; RFC 1918'],
  ['198.18.0.0/15', 'Benchmarking; RFC 2544'],
  ['198.51.100.0/24', 'Documentation (TEST-NET-2); RFC 5737'],
  ['203.0.113.0/24', 'Documentation (TEST-NET-3); RFC 5737'],
  ['224.0.0.0/4', 'Multicast; RFC 5771'],
  ['240.0.0.0/4', 'Reserved, Limited Broadcast; RFC 1112, RFC 8190'],
] as const;

/**
 * IANA assigns unicast addresses within this block alone. Outside of it are loopback, IPv4-mapped and -compatible, NAT64
 * (64:ff9b::/96, 64:ff9b:1::/48), discard-only (100::/64, 100:0:0:1::/64), segment routing (5f00::/16), unique local,
 * link-local, site-local and multicast addresses.
 */
const unicastV6 = ['2000::', 3] as const;

/** Blocks of IPv6 within `unicastV6` that are not globally reachable, or hold an IPv4 address. */
const specialV6 = [
  // With Teredo (2001::/32), benchmarking, ORCHID and drone remote identification; of its assignments that can be reached
  // (anycast of port control, TURN and DNS-SD, AMT, AS112), none has a webhook.
  ['2001::/23', 'IETF Protocol Assignments; RFC 2928'],
  ['2001:db8::/32', 'Documentation; RFC 3849'],
  ['2002::/16', '6to4; RFC 3056'],
  ['3fff::/20', 'Documentation; RFC 9637'],
] as const;

const special = new BlockList();
for (const [block] of specialV4) add(special, block, 'ipv4');
for (const [block] of specialV6) add(special, block, 'ipv6');

const unicast = new BlockList();
unicast.addSubnet(...unicastV6, 'ipv6');

function add(list: BlockList, block: string, family: 'ipv4' | 'ipv6'): void {
  const [address = '', prefix] = block.split('/');
  list.addSubnet(address, Number(prefix), family);
}

/**
 * Whether an IP address is public; `false` also for a string that is no address.
 * @example
 * isPublicAddress('169.254.169.254'); // false
 */
export function isPublicAddress(address: string): boolean {
  // A zone (fe80::1%eth0) is one of the own host.
  if (address.includes('%')) return false;
  switch (isIP(address)) {
    case 4:
      return !special.check(address, 'ipv4');
    case 6:
      return unicast.check(address, 'ipv6') && !special.check(address, 'ipv6');
    default:
      return false;
  }
}
