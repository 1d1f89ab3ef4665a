/**
 * Messages as Amazon Q Developer in chat applications shows them in Slack and Teams.
 * Source: Amazon Q Developer in chat applications, "Custom notifications" (event schema, parameter details). What does
 * not fit its schema is dropped without a word.
 */
import { createHash } from 'node:crypto';
import { cut } from '../findings/plain.ts';
import { asCode, inChat, wholeLines } from './escape.ts';
import type { Group } from './group.ts';
import { named, type Report, type Value } from './report.ts';
import { headline, listHead } from './text.ts';
import { emoji } from './wording.ts';

export interface ChatNotification {
  readonly version: '1.0';
  readonly source: 'custom';
  readonly id: string;
  readonly content: {
    readonly textType: 'client-markdown';
    readonly title: string;
    readonly description: string;
    readonly nextSteps?: readonly string[];
    readonly keywords: readonly string[];
  };
  readonly metadata: {
    readonly threadId: string;
    readonly summary: string;
    readonly eventType: string;
    readonly relatedResources: readonly string[];
    readonly additionalContext: Readonly<Record<string, string>>;
  };
}

/** Its limits in characters, a little less than they are said to be: 250, 8,000, and 350 for a step. */
const titleLimit = 240;
const descriptionLimit = 7_500;
const stepLimit = 340;
const sentenceLimit = 600;

export function chatOf(id: string, group: Group, report: Report): ChatNotification {
  const { kind, severity, control, account, region, members, action } = group;
  const { details, steps, items, link } = report;
  const rest = members.length - items.length;
  const lines = [
    `${inChat(control.title, 300)}.`,
    ...details.map(({ label, value }) => `${label}: ${shown(value, sentenceLimit)}`),
    ...(items.length === 0 ? [] : [listHead(items.length, rest)]),
    ...items.map(
      ({ resource, summary, finding }) =>
        `• ${asCode(resource.id, 100)} ${inChat(summary, 150)} ${asCode(finding, 200)}`,
    ),
    ...(rest > 0 && items.length > 0 ? [`and ${rest} more.`] : []),
    ...(link === undefined ? [] : [`In Security Hub: ${link}`]),
  ];
  const nextSteps = steps.map(({ label, value }) => stepLine(label, value));
  return {
    version: '1.0',
    source: 'custom',
    id,
    content: {
      textType: 'client-markdown',
      title: titleOf(group),
      description: wholeLines(lines, descriptionLimit),
      ...(nextSteps.length === 0 ? {} : { nextSteps }),
      keywords: [severity, inChat(control.id, 60), kind, inChat(account, 20), inChat(region, 30)],
    },
    metadata: {
      threadId: threadOf(group),
      summary: `${severity}: ${inChat(control.id, 60)}: ${headline(group, inChat)}`,
      eventType: `trailseal.${kind}`,
      relatedResources: members.slice(0, named).map(({ resource }) => inChat(resource.arn, 300)),
      additionalContext: {
        control: inChat(control.id, 60),
        severity,
        count: String(members.length),
        account: inChat(account, 20),
        region: inChat(region, 30),
        ...(action === undefined ? {} : { action: inChat(action, 60) }),
      },
    },
  };
}

/** The name in it is as long as fits. */
function titleOf(group: Group): string {
  const title = (limit: number) =>
    `${emoji(group)} [${group.severity}] ${inChat(group.control.id, 60)}: ` +
    headline(group, (words, most) => asCode(words, Math.min(limit, most)));
  return [80, 40, 20].map(title).find((one) => one.length <= titleLimit) ?? title(8);
}

/** What is said of one finding is one thread; what is said of many, one for the control in its place. */
function threadOf({ account, region, control, members }: Group): string {
  const [first] = members;
  const about = members.length === 1 ? [first.finding] : [account, region, control.id];
  return `trailseal-${createHash('sha256').update(JSON.stringify(about)).digest('hex').slice(0, 32)}`;
}

function shown({ kind, words }: Value, limit: number): string {
  switch (kind) {
    case 'link':
      return words;
    case 'code':
      return asCode(words, limit);
    case 'sentence':
      return inChat(words, limit);
    case 'advice':
      return cut(words.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;'), limit);
  }
}

/** A step within its limit, so that what is cut is the words and not their closing marks. */
function stepLine(label: string, value: Value): string {
  for (let limit = stepLimit; limit > 20; limit -= 20) {
    const line = `${label}: ${shown(value, limit)}`;
    if (line.length <= stepLimit) return line;
  }
  return `${label}: see the finding.`;
}
