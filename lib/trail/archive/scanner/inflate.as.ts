// @ts-nocheck: this is AssemblyScript, compiled to WebAssembly by `node scripts/scanner.ts`.
/**
 * DEFLATE (RFC 1951), from memory to memory: what the scanner reads is unpacked where it is scanned, with no
 * copy and no new memory for each file, which matters as much as the unpacking itself. It takes what zlib's
 * inflate takes, and gives what it had so far when the packed bytes end too early or are not valid.
 *
 * Codes are looked up in tables of two levels, by the next PRIMARY bits and then, for longer codes, by the
 * rest. An entry: in bits 0-7 how many bits the code takes (for a link: how many bits the second table is
 * looked up by); in bits 8-11 how many extra bits follow; then four flags; in bits 16-31 the literal, or the
 * least length or distance, or where the second table starts.
 */
import { WORK } from './layout.as';

const OK: u32 = 0;
/** The packed bytes end too early. */
const CUT: u32 = 1;
/** The packed bytes are not DEFLATE. */
const INVALID: u32 = 2;
/** There is no room for more; to be called again with more. */
const FULL: u32 = 3;

const BAD: u32 = 0x1000;
const LINK: u32 = 0x2000;
const END: u32 = 0x4000;
const LITERAL: u32 = 0x8000;

const LITERAL_BITS: u32 = 11;
const DISTANCE_BITS: u32 = 9;

const LITERALS: usize = WORK;
const DISTANCES: usize = WORK + 16384;
/** The code lengths being read: one byte each, literals and distances one after the other. */
const LENGTHS: usize = WORK + 24576;
/** How many codes there are of each length, and where the first of them is in SORTED. */
const COUNTS: usize = WORK + 25088;
const FIRSTS: usize = WORK + 25152;
const SORTED: usize = WORK + 25216;

/** Room that must be left when a symbol is decoded: three literals, a match of 258, and 16 bytes too many. */
const SLACK: usize = 300;

/** After `inflate`: the first packed byte that was not needed, and the end of what was unpacked. */
export let inflatedFrom: usize = 0;
export let inflatedTo: usize = 0;

/** The next packed byte to load, the bits loaded, and how many of them count. */
let next: usize = 0;
let bits: u64 = 0;
let count: u32 = 0;

function refill(): void {
  bits |= load<u64>(next) << u64(count);
  next += (63 - count) >> 3;
  count |= 56;
}

function take(n: u32): u32 {
  const taken = u32(bits) & ((1 << n) - 1);
  bits >>= u64(n);
  count -= n;
  return taken;
}

const NO_BLOCK: u32 = 0;
const STORED: u32 = 1;
const COMPRESSED: u32 = 2;

/** The block that was left for want of room; whether it is the last; how much of a stored one is to be copied. */
let block: u32 = NO_BLOCK;
let final: u32 = 0;
let left: usize = 0;

/** Unpacks the stream at `from`, which ends before `end`, to `to`, with room until `limit`. */
export function inflate(from: usize, end: usize, to: usize, limit: usize): u32 {
  next = from;
  bits = 0;
  count = 0;
  block = NO_BLOCK;
  final = 0;
  return resume(to, end, to, limit);
}

/**
 * Goes on where there was no room for more. What was unpacked may have been moved: it lies from `start` (the last 32 KB
 * of it, at least, where there is so much) to `to`.
 */
export function resume(start: usize, end: usize, to: usize, limit: usize): u32 {
  inflatedTo = to;
  let status = OK;
  if (block === STORED) status = stored(end, limit);
  else if (block === COMPRESSED) status = compressed(start, end, limit);
  while (!final && status === OK) {
    refill();
    final = take(1);
    const type = take(2);
    if (type === 0) {
      status = storedLength(end);
      if (status === OK) status = stored(end, limit);
    } else {
      if (type === 1) fixedTables();
      else status = type === 2 ? dynamicTables() : INVALID;
      // What lies beyond the end reads as anything: whatever it seems to be, the end came first.
      if (next - (count >> 3) > end) status = CUT;
      block = COMPRESSED;
      if (status === OK) status = compressed(start, end, limit);
    }
  }
  inflatedFrom = next - (count >> 3);
  return status;
}

function storedLength(end: usize): u32 {
  const from = next - (count >> 3);
  bits = 0;
  count = 0;
  next = from;
  if (from + 4 > end) return CUT;
  left = load<u16>(from);
  if ((left ^ load<u16>(from + 2)) !== 0xffff) return INVALID;
  next = from + 4;
  block = STORED;
  return OK;
}

function stored(end: usize, limit: usize): u32 {
  const whole = next + left <= end;
  const here = whole ? left : end - next;
  if (inflatedTo + here + SLACK > limit) return FULL;
  memory.copy(inflatedTo, next, here);
  inflatedTo += here;
  next += here;
  return whole ? OK : CUT;
}

function compressed(start: usize, end: usize, limit: usize): u32 {
  let p = next;
  let b = bits;
  let n = count;
  let to = inflatedTo;
  let status: u32 = OK;
  while (true) {
    if (to + SLACK > limit) {
      status = FULL;
      break;
    }
    b |= load<u64>(p) << u64(n);
    p += (63 - n) >> 3;
    n |= 56;
    let entry = load<u32>(LITERALS + ((usize(b) & 2047) << 2));
    // Three literals, of at most 11 bits each, before more bits are needed; all of them lie before the end.
    if (entry & LITERAL && p <= end) {
      store<u8>(to++, u8(entry >> 16));
      b >>= u64(entry & 0xff);
      n -= entry & 0xff;
      entry = load<u32>(LITERALS + ((usize(b) & 2047) << 2));
      if (entry & LITERAL) {
        store<u8>(to++, u8(entry >> 16));
        b >>= u64(entry & 0xff);
        n -= entry & 0xff;
        entry = load<u32>(LITERALS + ((usize(b) & 2047) << 2));
        if (entry & LITERAL) {
          store<u8>(to++, u8(entry >> 16));
          b >>= u64(entry & 0xff);
          n -= entry & 0xff;
          continue;
        }
      }
      b |= load<u64>(p) << u64(n);
      p += (63 - n) >> 3;
      n |= 56;
    }
    if (entry & LINK) {
      b >>= u64(LITERAL_BITS);
      n -= LITERAL_BITS;
      entry = load<u32>(LITERALS + (((entry >> 16) + (u32(b) & ((1 << (entry & 0xff)) - 1))) << 2));
    }
    b >>= u64(entry & 0xff);
    n -= entry & 0xff;
    if (entry & (LITERAL | END | BAD)) {
      if (p - (n >> 3) > end) {
        status = CUT;
        break;
      }
      if (entry & LITERAL) {
        store<u8>(to++, u8(entry >> 16));
        continue;
      }
      if (entry & BAD) status = INVALID;
      break;
    }
    let extra = (entry >> 8) & 15;
    const length: usize = (entry >> 16) + (u32(b) & ((1 << extra) - 1));
    b >>= u64(extra);
    n -= extra;
    entry = load<u32>(DISTANCES + ((usize(b) & 511) << 2));
    if (entry & LINK) {
      b >>= u64(DISTANCE_BITS);
      n -= DISTANCE_BITS;
      entry = load<u32>(DISTANCES + (((entry >> 16) + (u32(b) & ((1 << (entry & 0xff)) - 1))) << 2));
    }
    b >>= u64(entry & 0xff);
    n -= entry & 0xff;
    extra = (entry >> 8) & 15;
    const distance: usize = (entry >> 16) + (u32(b) & ((1 << extra) - 1));
    b >>= u64(extra);
    n -= extra;
    if (p - (n >> 3) > end) {
      status = CUT;
      break;
    }
    if (entry & BAD || distance > to - start) {
      status = INVALID;
      break;
    }
    let from = to - distance;
    const stop = to + length;
    if (distance >= 16) {
      do {
        v128.store(to, v128.load(from));
        to += 16;
        from += 16;
      } while (to < stop);
      to = stop;
    } else if (distance >= 8) {
      do {
        store<u64>(to, load<u64>(from));
        to += 8;
        from += 8;
      } while (to < stop);
      to = stop;
    } else {
      do store<u8>(to++, load<u8>(from++));
      while (to < stop);
    }
  }
  next = p;
  bits = b;
  count = n;
  inflatedTo = to;
  return status;
}

function fixedTables(): void {
  memory.fill(LENGTHS, 8, 144);
  memory.fill(LENGTHS + 144, 9, 112);
  memory.fill(LENGTHS + 256, 7, 24);
  memory.fill(LENGTHS + 280, 8, 8);
  table(LITERALS, LITERAL_BITS, LENGTHS, 288, LITERAL_CODES);
  memory.fill(LENGTHS, 5, 32);
  table(DISTANCES, DISTANCE_BITS, LENGTHS, 32, DISTANCE_CODES);
}

/** Reads the tables of a block. Limits as in zlib's inflate. */
function dynamicTables(): u32 {
  const literals = take(5) + 257;
  const distances = take(5) + 1;
  const lengths = take(4) + 4;
  if (literals > 286 || distances > 30) return INVALID;
  memory.fill(LENGTHS, 0, 19);
  for (let i: u32 = 0; i < lengths; i++) {
    refill();
    // 16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15
    const k = i - 4;
    const symbol = i < 3 ? 16 + i : i === 3 ? 0 : k & 1 ? 7 - (k >> 1) : 8 + (k >> 1);
    store<u8>(LENGTHS + symbol, u8(take(3)));
  }
  if (!table(LITERALS, 7, LENGTHS, 19, LENGTH_CODES)) return INVALID;
  for (let i: u32 = 0; i < literals + distances; ) {
    refill();
    const entry = load<u32>(LITERALS + ((usize(bits) & 127) << 2));
    if (entry & BAD) return INVALID;
    take(entry & 0xff);
    const symbol = entry >> 16;
    if (symbol < 16) {
      store<u8>(LENGTHS + i++, u8(symbol));
      continue;
    }
    if (symbol === 16 && i === 0) return INVALID;
    const length: u8 = symbol === 16 ? load<u8>(LENGTHS + i - 1) : 0;
    const times = symbol === 16 ? 3 + take(2) : symbol === 17 ? 3 + take(3) : 11 + take(7);
    if (i + times > literals + distances) return INVALID;
    memory.fill(LENGTHS + i, length, times);
    i += times;
  }
  // A block that cannot end.
  if (load<u8>(LENGTHS + 256) === 0) return INVALID;
  if (!table(LITERALS, LITERAL_BITS, LENGTHS, literals, LITERAL_CODES)) return INVALID;
  return table(DISTANCES, DISTANCE_BITS, LENGTHS + literals, distances, DISTANCE_CODES) ? OK : INVALID;
}

const LITERAL_CODES: u32 = 0;
const DISTANCE_CODES: u32 = 1;
/** The codes in which code lengths are written. */
const LENGTH_CODES: u32 = 2;

/** What a symbol means, but for the bits of its code. */
function meaning(symbol: u32, codes: u32): u32 {
  if (codes === LENGTH_CODES) return symbol << 16;
  if (codes === DISTANCE_CODES) {
    if (symbol > 29) return BAD;
    if (symbol < 4) return (symbol + 1) << 16;
    const extra = (symbol >> 1) - 1;
    return ((1 + ((2 + (symbol & 1)) << extra)) << 16) | (extra << 8);
  }
  if (symbol < 256) return (symbol << 16) | LITERAL;
  if (symbol === 256) return END;
  if (symbol > 285) return BAD;
  if (symbol === 285) return 258 << 16;
  if (symbol < 265) return (symbol - 254) << 16;
  const extra = (symbol - 261) >> 2;
  return ((3 + ((4 + ((symbol - 265) & 3)) << extra)) << 16) | (extra << 8);
}

/** Makes the table at `at` for codes of these lengths; false when there are too many of them, or too few. */
function table(at: usize, primary: u32, lengths: usize, symbols: u32, codes: u32): bool {
  memory.fill(COUNTS, 0, 64);
  for (let i: u32 = 0; i < symbols; i++) {
    const slot = COUNTS + (usize(load<u8>(lengths + i)) << 2);
    store<u32>(slot, load<u32>(slot) + 1);
  }
  let longest: u32 = 0;
  let left: i32 = 1;
  let first: u32 = 0;
  for (let length: u32 = 1; length < 16; length++) {
    const these = load<u32>(COUNTS + (length << 2));
    store<u32>(FIRSTS + (length << 2), first);
    first += these;
    left = (left << 1) - i32(these);
    if (left < 0) return false;
    if (these) longest = length;
  }
  // Codes that do not fill the tree are taken only when there is none, or one of a single bit, as zlib does.
  if (left > 0 && longest !== 0 && (codes === LENGTH_CODES || longest !== 1)) return false;
  if (longest === 0 && codes === LENGTH_CODES) return false;
  for (let i: u32 = 0; i < symbols; i++) {
    const length = usize(load<u8>(lengths + i));
    if (length === 0) continue;
    const place = load<u32>(FIRSTS + (length << 2));
    store<u16>(SORTED + (place << 1), u16(i));
    store<u32>(FIRSTS + (length << 2), place + 1);
  }
  const size: u32 = 1 << primary;
  for (let i: u32 = 0; i < size; i++) store<u32>(at + (i << 2), BAD);
  /** The code with its first bit lowest, as it is looked up. */
  let code: u32 = 0;
  let sorted: usize = SORTED;
  let free = size;
  let second: u32 = 0;
  let secondSize: u32 = 0;
  let prefix: u32 = 0xffffffff;
  for (let length: u32 = 1; length <= longest; length++) {
    for (let k = load<u32>(COUNTS + (length << 2)); k > 0; k--) {
      const entry = meaning(load<u16>(sorted), codes);
      sorted += 2;
      if (length <= primary) {
        for (let i = code; i < size; i += 1 << length) store<u32>(at + (i << 2), entry | length);
      } else {
        if ((code & (size - 1)) !== prefix) {
          prefix = code & (size - 1);
          let width = length - primary;
          let room: i32 = 1 << width;
          // As wide as the codes with this prefix are long: all that are left of a length, then the next.
          room -= i32(k);
          while (room > 0 && width + primary < longest) {
            width++;
            room = (room << 1) - load<i32>(COUNTS + ((width + primary) << 2));
          }
          second = free;
          secondSize = 1 << width;
          free += secondSize;
          store<u32>(at + (prefix << 2), (second << 16) | LINK | width);
        }
        const step: u32 = 1 << (length - primary);
        for (let i = code >> primary; i < secondSize; i += step) {
          store<u32>(at + ((second + i) << 2), entry | (length - primary));
        }
      }
      let bit: u32 = 1 << (length - 1);
      while (code & bit) bit >>= 1;
      code = bit ? (code & (bit - 1)) + bit : 0;
    }
  }
  return true;
}
