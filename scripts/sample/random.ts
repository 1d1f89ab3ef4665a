/** Reproducible randomness: all random values in the sample follow from a seed or from a name. */
import { createHash } from 'node:crypto';

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/**
 * A stream of numbers that is the same for the same seed, on every machine (sfc32, by Chris Doty-Humphrey). Its state is
 * large enough that thousands of streams never meet, and give each event an id of its own.
 */
export class Random {
  readonly #state: Uint32Array<ArrayBuffer>;

  constructor(seed: string) {
    const bytes = createHash('sha256').update(seed).digest();
    this.#state = Uint32Array.from([0, 4, 8, 12], (offset) => bytes.readUInt32LE(offset));
  }

  /** At least 0, less than 1. */
  next(): number {
    const [a = 0, b = 0, c = 0, counter = 0] = this.#state;
    const sum = (a + b + counter) >>> 0;
    this.#state.set([b ^ (b >>> 9), c + (c << 3), ((c << 21) | (c >>> 11)) + sum, counter + 1]);
    return sum / 4_294_967_296;
  }

  /** A whole number, at least 0 and less than `limit`. */
  below(limit: number): number {
    return Math.floor(this.next() * limit);
  }

  /** One of a list that is not empty. */
  pick<T>(list: readonly T[]): T {
    const picked = list[this.below(list.length)];
    if (picked === undefined) throw new RangeError('nothing to pick from');
    return picked;
  }

  hex(length: number): string {
    return Array.from({ length }, () => this.below(16).toString(16)).join('');
  }

  letters(length: number): string {
    return Array.from({ length }, () => letters.charAt(this.below(letters.length))).join('');
  }

  uuid(): string {
    return asUuid(this.hex(32));
  }

  /** A UUID of version 1 (time and node), which many services use as request id. */
  timeUuid(time: number, machine: string): string {
    // 100-nanosecond steps since the Gregorian calendar began. Source: RFC 9562, "UUID Version 1".
    const ticks = BigInt(time) * 10_000n + BigInt(this.below(10_000_000)) + 0x01b21dd213814000n;
    const hex = ticks.toString(16).padStart(15, '0');
    const node = digest(machine);
    return `${hex.slice(7)}-${hex.slice(3, 7)}-1${hex.slice(0, 3)}-9${node.slice(0, 3)}-${node.slice(3, 15)}`;
  }
}

/**
 * One stream for each key, so that a new key changes no other stream. Streams with the same key are numbered in the
 * order in which they are requested.
 */
export class Streams {
  readonly #seed: string;
  readonly #asked = new Map<string, number>();

  constructor(seed: string) {
    this.#seed = seed;
  }

  next(key: string): Random {
    const number = (this.#asked.get(key) ?? 0) + 1;
    this.#asked.set(key, number);
    return new Random(`${this.#seed} ${key} ${number}`);
  }
}

/** The SHA-256 digest of `text`: 64 hexadecimal digits. */
export function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** An id as EC2 gives them (`i-0…`), always the same for the same name. */
export function ec2Id(kind: string, name: string): string {
  return `${kind}-0${digest(`${kind} ${name}`).slice(0, 16)}`;
}

/** A UUID that is always the same for the same name. */
export function uuidOf(name: string): string {
  return asUuid(digest(name));
}

/** A key or principal id (`ASIA…`, `AROA…`) that anyone can see is an example, always the same for the same name. */
export function exampleId(prefix: string, name: string, length: number): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  const bytes = createHash('sha256').update(`${prefix} ${name}`).digest();
  const free = [...bytes.subarray(0, length - prefix.length - 7)];
  return `${prefix}${free.map((byte) => alphabet.charAt(byte % 32)).join('')}EXAMPLE`;
}

function asUuid(hex: string): string {
  const variant = '89ab'.charAt(Number.parseInt(hex.charAt(16), 16) % 4);
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `4${hex.slice(13, 16)}`,
    `${variant}${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join('-');
}
