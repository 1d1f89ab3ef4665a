/**
 * Escapes untrusted words in notifications. Names, tags, user agents and reasons come from whoever made the call: they stay
 * data, and can neither break a line, nor hide or reverse what follows, nor mention a channel.
 */
import { cut, escapeInvisible } from '../core/text.ts';

function escaped(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return code > 0xffff ? `\\u{${code.toString(16)}}` : `\\u${code.toString(16).padStart(4, '0')}`;
}

/** One line, of at most `limit` characters before escaping, in which every character is visible; "-" for nothing. */
function visible(words: string, limit: number): string {
  return escapeInvisible(cut(words.trim(), limit), escaped) || '-';
}

/**
 * For plain text. Nothing in it is HTML either, for whoever puts the text on a page.
 * @param limit in characters, before escaping.
 * @example
 * inText('a\nb <b>', 100); // 'a\\u000ab \\u003cb\\u003e'
 */
export function inText(words: string, limit: number): string {
  return visible(words, limit).replace(/[<>]/g, escaped);
}

/**
 * For a subject: printable ASCII, and no HTML.
 * @example
 * inSubject('schlüssel', 40); // 'schl\\u00fcssel'
 */
export function inSubject(words: string, limit: number): string {
  const escapedWords = words.trim().replace(/[^\x20-\x7e]|[<>]/gu, escaped);
  return cutAscii(escapedWords || '-', limit);
}

/**
 * `text` in at most `limit` characters, ending in three dots where it was cut.
 * @example
 * cutAscii('abcdef', 5); // 'ab...'
 */
export function cutAscii(text: string, limit: number): string {
  return text.length <= limit ? text : `${text.slice(0, Math.max(0, limit - 3))}...`;
}

/** Characters that look alike and mean nothing in the markup of Slack and Teams. */
const lookAlikes: Readonly<Record<string, string>> = {
  '*': '∗',
  '~': '∼',
  '`': 'ˋ',
  '[': '［',
  ']': '］',
  '|': '｜',
  '@': '＠',
  '#': '＃',
  _: '＿',
};

/**
 * A sentence for chat. `&`, `<` and `>` become entities, as Slack requires, so that `<!channel>` and `<url|text>` are
 * text; other markup of Slack or Teams becomes a character that looks alike, and URLs are no links.
 * Sources: Slack API, "Formatting message text", "Escaping text"; Microsoft Teams, "Format cards" (Markdown).
 * @example
 * inChat('<!channel> *now*', 100); // '&lt;!channel&gt; ∗now∗'
 */
export function inChat(words: string, limit: number): string {
  return withoutLinks(visible(words, limit))
    .replace(/[*~`[\]|#]/g, (character) => lookAlikes[character] ?? '')
    .replace(/(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])/g, lookAlikes['_'] ?? '');
}

/**
 * A name, id or command for chat, as code: nothing in it is markup, and it can be copied.
 * @example
 * asCode('i-0abc', 100); // '`i-0abc`'
 */
export function asCode(words: string, limit: number): string {
  return `\`${withoutLinks(visible(words, limit)).replaceAll('`', lookAlikes['`'] ?? '')}\``;
}

/** Without entities, mentions and links. */
function withoutLinks(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('@', lookAlikes['@'] ?? '')
    .replaceAll('://', ':∕∕')
    .replace(/\bwww\./gi, (www) => `${www.slice(0, -1)}․`);
}

/**
 * JSON that is safe on a page too, and holds no character that SNS or SQS refuse. Source: SNS FAQs (Unicode accepted).
 * @example
 * asJson({ name: '<b>' }); // '{"name":"\\u003cb\\u003e"}'
 */
export function asJson(value: unknown): string {
  return escapeInvisible(JSON.stringify(value), escapedInJson).replace(/[<>&]/g, escapedInJson);
}

/** As JSON escapes: UTF-16 units, two for what lies beyond the first plane. */
function escapedInJson(character: string): string {
  const units = character.split('').map((unit) => unit.charCodeAt(0).toString(16).padStart(4, '0'));
  return units.map((unit) => `\\u${unit}`).join('');
}

/**
 * As many whole lines as fit into `limit` characters, so that no code, entity or link is cut; "…" marks that some are
 * missing.
 * @example
 * wholeLines(['one', 'two', 'three'], 8); // 'one\ntwo\n…'
 */
export function wholeLines(lines: readonly string[], limit: number): string {
  let length = 0;
  const kept = lines.filter((line) => {
    if (length + line.length + 1 > limit) return false;
    length += line.length + 1;
    return true;
  });
  return [...kept, ...(kept.length < lines.length ? ['…'] : [])].join('\n');
}
