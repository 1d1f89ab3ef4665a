/** Notifications as plain text with a subject: what people get by e-mail. */
import type { ContentLine, ContentValue, NotificationContent } from './content.ts';
import { cutAscii, inSubject, inText, wholeLines } from './escape.ts';
import type { NotificationGroup } from './trigger.ts';
import { headline, listHeading, nounOf, statusOf } from './wording.ts';

/** Fewer than 100 characters. Source: Amazon SNS API Reference, "Publish" (Subject). */
const subjectLimit = 99;
const sentenceLimit = 1_000;
/** In characters: up to three times as many bytes. */
const textLimit = 20_000;
/** The longest ARNs have 2048 characters; one that is cut can't be copied. */
const codeLimit = 2_048;

/**
 * One line of printable ASCII, of fewer than 100 characters; where it is too long, the resource's id is cut first.
 * @example
 * subjectOf(group); // '[HIGH] Quarantined: i-0abc (ec2-transit-encryption), 111122223333 eu-central-1'
 */
export function subjectOf(group: NotificationGroup): string {
  const { severity, control, account, region, members, action } = group;
  const [first] = members;
  const status = statusOf(group, (words) => inSubject(words, 40));
  const id = inSubject(control.id, 40);
  // The shorter of the two: a failing KMS key and its Region just fit.
  const [before, of] =
    action === undefined
      ? [`[${severity}] ${id} ${status}: `, '']
      : [`[${severity}] ${status}: `, ` (${id})`];
  const after = `${of}, ${inSubject(account, 12)} ${inSubject(region, 20)}`;
  const limit = Math.max(8, subjectLimit - before.length - after.length);
  const resources =
    members.length === 1
      ? inSubject(first.resource.id, limit)
      : `${members.length} ${nounOf(first.resource.type, members.length)}`;
  return cutAscii(inSubject(`${before}${resources}${after}`, 200), subjectLimit);
}

/**
 * The notification as lines of text, of which each untrusted word stays within its own line.
 * @example
 * textOf(group, contentOf(group, undefined, 'dev')); // 'FAILED: KMS keys should be enabled: KMS key 1234…\n\nControl: …'
 */
export function textOf(
  group: NotificationGroup,
  { details, steps, items, link }: NotificationContent,
): string {
  const rest = group.members.length - items.length;
  const text = [
    headline(group, { name: inText, sentence: inText }),
    '',
    ...details.map(lineOf),
    ...(items.length === 0 ? [] : ['', listHeading(items.length, rest)]),
    ...items.flatMap(({ severity, resource, summary, finding }, index) => [
      `${index + 1}. [${severity}] ${inText(resource.id, 300)}: ${inText(summary, 300)}`,
      `   finding ${inText(finding, 600)}`,
    ]),
    ...(rest > 0 && items.length > 0 ? [`and ${rest} more.`] : []),
    '',
    ...steps.map(lineOf),
    ...(link === undefined ? [] : [`In Security Hub: ${link}`]),
    '',
  ];
  return wholeLines(text, textLimit);
}

function lineOf({ label, value }: ContentLine): string {
  return `${label}: ${shown(value)}`;
}

function shown({ kind, words }: ContentValue): string {
  return kind === 'link' ? words : inText(words, kind === 'code' ? codeLimit : sentenceLimit);
}
