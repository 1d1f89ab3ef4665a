/**
 * Notifications as Amazon Q Developer in chat applications shows them in Slack and Teams. It drops, without an error, what
 * does not fit its schema.
 * Source: Amazon Q Developer in chat applications, "Custom notifications" (event schema, parameter details).
 */
import { createHash } from 'node:crypto';
import { cut } from '../core/text.ts';
import { type ContentValue, mostNamed, type NotificationContent, nameOfResource } from './content.ts';
import { asCode, inChat, wholeLines } from './escape.ts';
import type { NotificationGroup } from './trigger.ts';
import { emoji, headline, listHeading } from './wording.ts';

export interface ChatMessage {
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

/** Characters, a little fewer than documented: 250 for a title, 8,000 for a description, 350 for a step. */
const titleLimit = 240;
const descriptionLimit = 7_500;
const stepLimit = 340;
const sentenceLimit = 600;

/**
 * The notification in the schema of Amazon Q Developer.
 * @param id the notification's.
 * @example
 * chatOf(id, group, contentOf(group, undefined, 'dev')).content.title; // ':warning: [LOW] Tag skipped: volume `vol-1`'
 */
export function chatOf(id: string, group: NotificationGroup, content: NotificationContent): ChatMessage {
  const { kind, severity, control, account, region, members, action } = group;
  const { details, steps, items, link } = content;
  const rest = members.length - items.length;
  const lines = [
    ...details.map(({ label, value }) => `${label}: ${shown(value, sentenceLimit)}`),
    ...(items.length === 0 ? [] : [listHeading(items.length, rest)]),
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
      summary: `${severity}: ${inChat(control.id, 60)}: ${headline(group, { name: inChat, sentence: inChat })}`,
      eventType: `trailseal.${kind}`,
      relatedResources: members.slice(0, mostNamed).map((trigger) => inChat(nameOfResource(trigger), 300)),
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

/** With as much of the names in it as fits. */
function titleOf(group: NotificationGroup): string {
  const title = (limit: number) =>
    `${emoji(group)} [${group.severity}] ` +
    headline(group, {
      name: (words, most) => asCode(words, Math.min(limit, most)),
      sentence: (words, most) => inChat(words, Math.min(2 * limit, most)),
    });
  return [80, 40, 20].map(title).find((one) => one.length <= titleLimit) ?? title(8);
}

/** One thread for each finding; where there are several, one for the control in its account and Region. */
function threadOf({ account, region, control, members }: NotificationGroup): string {
  const [first] = members;
  const about = members.length === 1 ? [first.finding] : [account, region, control.id];
  return `trailseal-${createHash('sha256').update(JSON.stringify(about)).digest('hex').slice(0, 32)}`;
}

function shown({ kind, words }: ContentValue, limit: number): string {
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

/** A step within its limit, of which the words are cut and not the mark that closes code. Half a command is none. */
function stepLine(label: string, value: ContentValue): string {
  if (value.kind === 'code' && `${label}: ${shown(value, stepLimit)}`.length > stepLimit) {
    return `${label}: the command is too long for chat: see the e-mail.`;
  }
  for (let limit = stepLimit; limit > 20; limit -= 20) {
    const line = `${label}: ${shown(value, limit)}`;
    if (line.length <= stepLimit) return line;
  }
  return `${label}: see the finding.`;
}
