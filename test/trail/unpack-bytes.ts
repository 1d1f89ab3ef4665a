/** Unpacks bytes as the reader of an archive does, when they are no more than memory holds. */
import type { Scanner } from '../../lib/trail/archive/scanner.ts';
import { loadBytes, maxBytes, type Unpacked, unpack } from '../../lib/trail/archive/unpack.ts';

export function unpackBytes(bytes: Buffer, scanner: Scanner): Unpacked {
  const unpacked = unpack(loadBytes(bytes, scanner), scanner, maxBytes);
  if (unpacked === undefined) throw new RangeError('it is more than memory holds');
  return unpacked;
}
