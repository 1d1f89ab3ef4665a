/** Patterns with `*` and `?`. Source: IAM User Guide, "IAM JSON policy elements: Action" and "Resource". */

/**
 * Whether `pattern` matches the whole of `text`: `*` stands for any text, also none, and `?` for any one character.
 * Letter case counts. It uses no regular expression: it takes at most the product of the two lengths, whatever they
 * hold, and time linear in the text for a given pattern.
 * @example matchesPattern('arn:aws:ec2:*:*:instance/i-0abc*', 'arn:aws:ec2:eu-central-1:111122223333:instance/i-0abc1') // true
 */
export function matchesPattern(pattern: string, text: string): boolean {
  return matches(pattern, text, undefined);
}

/** @param never a character that `?` does not stand for. */
function matches(pattern: string, text: string, never: string | undefined): boolean {
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
    } else if (wanted !== undefined && (wanted === '?' ? text[inText] !== never : wanted === text[inText])) {
      inPattern += 1;
      inText += 1;
    } else if (star >= 0) {
      // It is enough to extend the last star: what an earlier one could match, the last one can match too.
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

/**
 * Whether a text has a character that a pattern reads as a wildcard.
 * @example hasWildcard('key/*') // true
 */
export function hasWildcard(text: string): boolean {
  return /[*?]/.test(text);
}

/**
 * Whether a pattern matches every text that another one matches. Never says so wrongly; of patterns that are written very
 * differently it may not see it.
 * @example includesPattern('prod*', 'prod-?') // true
 */
export function includesPattern(wide: string, narrow: string): boolean {
  // As text, a pattern that matches another's wildcards as they stand matches all that they stand for; but `?` would take a
  // `*` for one character.
  return matches(inOrder(wide), inOrder(narrow), '*');
}

/** In each run of wildcards first every `?`, then one `*`: the same texts match. */
function inOrder(pattern: string): string {
  return pattern.replaceAll(/[*?]{2,}/g, (run) => {
    const singles = run.replaceAll('*', '');
    return run.includes('*') ? `${singles}*` : singles;
  });
}
