/** The headers of gzip. Source: RFC 1952. */

export const truncated = 'truncated gzip: the end of the file is missing';
export const corrupt = 'damaged gzip: what is packed in it is not valid';
export const wrongChecksum = 'damaged gzip: its checksum is wrong';

/** Whether a member begins there. */
export function isGzip(stored: Buffer, at: number): boolean {
  return stored[at] === 0x1f && stored[at + 1] === 0x8b;
}

/** Where the packed bytes of the member at `member` begin, or why they can't be found. */
export function packedFrom(stored: Buffer, member: number): number | string {
  if (member + 10 > stored.length) return truncated;
  const flags = stored[member + 3] ?? 0;
  // Deflate is the only method there is; the upper flags are reserved.
  if (stored[member + 2] !== 8 || flags > 31) return corrupt;
  let at = member + 10;
  if ((flags & 4) !== 0) {
    if (at + 2 > stored.length) return truncated;
    at += 2 + stored.readUInt16LE(at);
  }
  // A file's name and a comment, each ended by a zero.
  for (const flag of [8, 16]) {
    if ((flags & flag) === 0) continue;
    const zero = stored.indexOf(0, at);
    if (zero === -1) return truncated;
    at = zero + 1;
  }
  if ((flags & 2) !== 0) at += 2;
  return at > stored.length ? truncated : at;
}
