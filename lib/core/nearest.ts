/** What a misspelled name was meant to be. Names are short, and so are the lists of them. */

/**
 * The candidate with the smallest edit distance to `name`, whatever the letter case; the first of several.
 * @returns `undefined` when more than a third of the letters differ in all of them.
 * @example nearest('eu-centrl-1', ['eu-central-1', 'us-east-1']) // 'eu-central-1'
 */
export function nearest(name: string, candidates: Iterable<string>): string | undefined {
  // A long text is no misspelled name, and the time grows with the product of both lengths.
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

/** The Levenshtein distance: insertions, deletions and substitutions that turn `a` into `b`. */
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
