/** Patterns with `*` (any text, also none) and `?` (any one character), as AWS policies write ARNs. */

/**
 * Whether `pattern` matches the whole of `text`, letter case included. No regular expression: the time is at
 * most the product of the two lengths, whatever they hold, and linear in the text for a given pattern.
 */
export function matchesPattern(pattern: string, text: string): boolean {
  let inPattern = 0;
  let inText = 0;
  let star = -1;
  let afterStar = 0;
  while (inText < text.length) {
    const wanted = pattern[inPattern];
    if (wanted === '*') {
      star = inPattern;
      afterStar = inText;
      inPattern += 1;
    } else if (wanted === '?' || (wanted !== undefined && wanted === text[inText])) {
      inPattern += 1;
      inText += 1;
    } else if (star >= 0) {
      // Only the last star needs to give way: what an earlier one could take, the last one can take too.
      afterStar += 1;
      inText = afterStar;
      inPattern = star + 1;
    } else {
      return false;
    }
  }
  while (pattern[inPattern] === '*') inPattern += 1;
  return inPattern === pattern.length;
}
