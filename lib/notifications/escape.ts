/**
 * Others' words in what people read. Names, tags, user agents and reasons come from whoever made the call: in a message
 * they are data, whatever they hold, and neither break a line, nor hide or turn what follows, nor call a channel.
 */
import { cut } from '../findings/plain.ts';

/** Controls, format characters (bidirectional overrides, zero widths), half surrogates, unassigned; line separators. */
const unseen = /[\p{C}\p{Zl}\p{Zp}]/gu;

function escaped(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return code > 0xffff ? `\\u{${code.toString(16)}}` : `\\u${code.toString(16).padStart(4, '0')}`;
}

/** One line of at most so many characters before escaping, in which everything can be seen; "-" for nothing. */
function oneSeen(words: string, limit: number): string {
  return cut(words.trim(), limit).replace(unseen, escaped) || '-';
}

/** For plain text: besides, nothing in it is HTML, for whoever puts the text on a page. */
export function inText(words: string, limit: number): string {
  return oneSeen(words, limit).replace(/[<>]/g, escaped);
}

/** For a subject: printable ASCII, and no HTML. */
export function inSubject(words: string, limit: number): string {
  const escapedWords = words.trim().replace(/[^\x20-\x7e]|[<>]/gu, escaped);
  return cutAscii(escapedWords || '-', limit);
}

/** `text` in at most `limit` characters, ending in three dots where it was cut. */
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
 * A sentence for chat. `&`, `<` and `>` become entities, as Slack wants it, so that `<!channel>` and `<url|text>` are
 * mere text; what else is markup in Slack or Teams becomes a character that looks alike, and URLs are no links.
 * Sources: Slack API, "Formatting message text", "Escaping text"; Microsoft Teams, "Format cards" (Markdown).
 */
export function inChat(words: string, limit: number): string {
  return lifeless(oneSeen(words, limit))
    .replace(/[*~`[\]|#]/g, (character) => lookAlikes[character] ?? '')
    .replace(/(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])/g, lookAlikes['_'] ?? '');
}

/** A name, id or command for chat, as code: nothing in it is markup, and it can be copied. */
export function asCode(words: string, limit: number): string {
  return `\`${lifeless(oneSeen(words, limit)).replaceAll('`', lookAlikes['`'] ?? '')}\``;
}

/** Without entities, mentions and links. */
function lifeless(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('@', lookAlikes['@'] ?? '')
    .replaceAll('://', ':∕∕')
    .replace(/\bwww\./gi, (www) => `${www.slice(0, -1)}․`);
}

/** JSON that is also safe inside a page, and has nothing that SNS or SQS refuse. Source: SNS FAQs (Unicode accepted). */
export function asJson(value: unknown): string {
  return JSON.stringify(value).replace(/[<>&\p{C}\p{Zl}\p{Zp}]/gu, (character) =>
    character
      .split('')
      .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
      .join(''),
  );
}

/** As many whole lines as fit into so many characters, so that no code, entity or link is cut within. */
export function wholeLines(lines: readonly string[], limit: number): string {
  let length = 0;
  const kept = lines.filter((line) => {
    if (length + line.length + 1 > limit) return false;
    length += line.length + 1;
    return true;
  });
  return [...kept, ...(kept.length < lines.length ? ['…'] : [])].join('\n');
}
