/**
 * Safe HTML as text: every value in an `html` template is escaped, unless it is itself the result of one. Control and
 * bidirectional characters are shown as escapes, so that no text can disguise itself.
 */
import { printable } from '../output/printable.ts';

/** Markup that is not escaped again. Made only from our own text; values from events go through `html`. */
export class Html {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

type TemplateValue = Html | string | number | null | undefined | readonly TemplateValue[];

const entities: ReadonlyMap<string, string> = new Map([
  ['&', '&amp;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
  ['"', '&quot;'],
  ["'", '&#39;'],
]);

/** `text` for HTML text or a quoted attribute. */
export function escapeHtml(text: string): string {
  return printable(text).replace(/[&<>"']/g, (character) => entities.get(character) ?? '');
}

/** A template whose values are escaped; lists are joined, `null` and `undefined` are left out. */
export function html(strings: TemplateStringsArray, ...parts: readonly TemplateValue[]): Html {
  return new Html(strings.map((string, index) => string + render(parts[index])).join(''));
}

function render(part: TemplateValue): string {
  if (part === null || part === undefined) return '';
  if (part instanceof Html) return part.text;
  if (typeof part === 'string') return escapeHtml(part);
  if (typeof part === 'number') return String(part);
  return part.map(render).join('');
}

/** JSON for a `<script type="application/json">`: it cannot end the element or start another. */
export function embeddedJson(value: unknown): Html {
  return embeddedText(JSON.stringify(value));
}

/** The same for text that is JSON already. */
export function embeddedText(json: string): Html {
  return new Html(
    json.replace(
      /[<>&\u2028\u2029]/g,
      (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
    ),
  );
}

/** Our own script or style as an element. @throws Error for text that would end the element. */
export function inline(element: 'script' | 'style', text: string): Html {
  if (text.toLowerCase().includes(`</${element}`))
    throw new Error(`the ${element} would end its own element`);
  return new Html(`<${element}>${text}</${element}>`);
}
