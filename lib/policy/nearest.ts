/** The name that was probably meant. */

/**
 * The candidate nearest to `name` by edit distance, letter case aside; `undefined` when none is near (more than
 * a third of the letters differ). Of equally near ones the first.
 */
export function nearest(name: string, candidates: readonly string[]): string | undefined {
  // Names are short; a long text is not a misspelled one, and the distance costs the product of the lengths.
  if (name.length > 80) return undefined;
  const wanted = name.toLowerCase();
  const near = Math.max(1, Math.floor(name.length / 3));
  let best: { candidate: string; distance: number } | undefined;
  for (const candidate of candidates) {
    const distance = editDistance(wanted, candidate.toLowerCase());
    if (distance <= near && (best === undefined || distance < best.distance)) best = { candidate, distance };
  }
  return best?.candidate;
}

/** Levenshtein's: insertions, deletions and substitutions that turn `a` into `b`. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substituted = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(substituted, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
