/** Messages as plain text and subject: what people get by e-mail. */
import { cutAscii, inSubject, inText, wholeLines } from './escape.ts';
import type { Group } from './group.ts';
import type { Report, Value } from './report.ts';
import { nounOf, predicate } from './wording.ts';

/** Fewer than 100 characters. Source: Amazon SNS API Reference, "Publish" (Subject). */
const subjectLimit = 99;
const sentenceLimit = 1_000;
/** In characters: up to three times as many bytes. */
const textLimit = 20_000;
/** The longest ARNs have 2048 characters; what is cut can't be copied. */
const codeLimit = 2_048;

/** One line of printable ASCII; of what does not fit, the resource's name is cut first. */
export function subjectOf(group: Group): string {
  const { severity, control, account, region, members } = group;
  const [first] = members;
  const before = `[${severity}] ${inSubject(control.id, 40)}: `;
  const after = `${group.action === undefined ? '' : ':'} ${predicate(group, (words) => inSubject(words, 40))}, ${inSubject(account, 12)} ${inSubject(region, 20)}`;
  const room = Math.max(8, subjectLimit - before.length - after.length);
  const who =
    members.length === 1
      ? inSubject(first.resource.id, room)
      : `${members.length} ${nounOf(first.resource.type, members.length)}`;
  return cutAscii(inSubject(`${before}${who}${after}`, 200), subjectLimit);
}

/** "KMS key 1234… fails." */
export function headline(group: Group, name: (words: string, limit: number) => string): string {
  const { members, action } = group;
  const [first] = members;
  const count = members.length;
  const noun = nounOf(first.resource.type, count);
  const who = count === 1 ? `${noun} ${name(first.resource.id, 200)}` : `${count} ${noun}`;
  const says = predicate(group, (words) => name(words, 60));
  return action === undefined ? `${sentenceCase(who)} ${says}.` : `${sentenceCase(who)}: ${says}.`;
}

export function textOf(group: Group, { details, steps, items, link }: Report): string {
  const lines = (some: Report['details']) => some.map(({ label, value }) => `${label}: ${shown(value)}`);
  const rest = group.members.length - items.length;
  const text = [
    `${inText(group.control.id, 100)}: ${inText(group.control.title, 300)}`,
    '',
    headline(group, inText),
    '',
    ...lines(details),
    ...(items.length === 0 ? [] : ['', listHead(items.length, rest)]),
    ...items.flatMap(({ severity, resource, summary, finding }, index) => [
      `${index + 1}. [${severity}] ${inText(resource.id, 300)}: ${inText(summary, 300)}`,
      `   finding ${inText(finding, 600)}`,
    ]),
    ...(rest > 0 && items.length > 0 ? [`and ${rest} more.`] : []),
    '',
    ...lines(steps),
    ...(link === undefined ? [] : [`In Security Hub: ${link}`]),
    '',
  ];
  return wholeLines(text, textLimit);
}

function shown({ kind, words }: Value): string {
  return kind === 'link' ? words : inText(words, kind === 'code' ? codeLimit : sentenceLimit);
}

/** What is said above those that are named. */
export function listHead(shown: number, rest: number): string {
  return rest === 0 ? 'The worst first:' : `The first ${shown} of ${shown + rest}, the worst first:`;
}

function sentenceCase(words: string): string {
  return words.slice(0, 1).toUpperCase() + words.slice(1);
}
