/** Makes elements. Text becomes text nodes; no markup is made from a string. */
import { printable } from '../../output/printable.ts';

export type ElementChild = Node | string | null;

/** An element with attributes (not those that are `false` or `undefined`) and children; text is made printable. */
export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Readonly<Record<string, string | boolean | undefined>> = {},
  ...children: readonly ElementChild[]
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    made.setAttribute(name, value === true ? '' : value);
  }
  for (const child of children) {
    if (child !== null) made.append(typeof child === 'string' ? printable(child) : child);
  }
  return made;
}

/** The element with this id, if it is of this class. */
export function byId<Kind extends HTMLElement>(id: string, kind: new () => Kind): Kind | undefined {
  const found = document.getElementById(id);
  return found instanceof kind ? found : undefined;
}
