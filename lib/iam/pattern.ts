/** IAM's wildcards. Source: IAM User Guide, "IAM JSON policy elements: Action" and "Resource". */

/**
 * Whether the whole of `text` matches `pattern`, in which `*` stands for any run of characters and `?` for
 * one. Case counts. Takes at most |pattern| × |text| steps, so that no pattern can make it hang.
 * @example matchesPattern('arn:aws:iam::*:role/ops-?', 'arn:aws:iam::111122223333:role/ops-1') // true
 */
export function matchesPattern(pattern: string, text: string): boolean {
  let p = 0;
  let t = 0;
  let star = -1;
  let resume = 0;
  while (t < text.length) {
    if (pattern[p] === '*') {
      star = p;
      resume = t;
      p += 1;
    } else if (p < pattern.length && (pattern[p] === '?' || pattern[p] === text[t])) {
      p += 1;
      t += 1;
    } else if (star !== -1) {
      p = star + 1;
      resume += 1;
      t = resume;
    } else {
      return false;
    }
  }
  while (pattern[p] === '*') p += 1;
  return p === pattern.length;
}

/** Whether `value` has a character that a pattern reads as a wildcard. */
export function hasWildcard(value: string): boolean {
  return /[*?]/.test(value);
}
