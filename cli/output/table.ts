/** Tables without lines, for terminals. */

/** cli-table3's `chars`: columns apart by spaces alone. */
export const plainChars = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: ' ',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: ' ',
};

/**
 * The text in lines of at most so many characters, broken between words, and within one only where it is longer
 * than a line: cli-table3 would cut such a word, and commands and ARNs have to be told whole.
 */
export function wrapped(text: string, width: number): string {
  const lines = text.match(new RegExp(`\\S.{0,${width - 1}}(?=\\s|$)|\\S.{0,${width - 1}}`, 'gsu'));
  return (lines ?? []).map((line) => line.trimEnd()).join('\n');
}
