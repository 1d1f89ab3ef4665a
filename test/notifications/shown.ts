/** Checks of notifications that hold untrusted words. */
import { chatJson, type Notification } from '../../lib/notifications/compose.ts';

/** All texts that chat shows, without the JSON around them. */
export function shownInChat({ chat: { content, metadata } }: Notification): readonly string[] {
  return [
    content.title,
    content.description,
    ...(content.nextSteps ?? []),
    ...content.keywords,
    metadata.summary,
    ...metadata.relatedResources,
    ...Object.values(metadata.additionalContext),
  ];
}

/** Without code, in which nothing is markup, and without the links and the emoji that Trailseal writes. */
export function withoutOurs(text: string): string {
  return text
    .replace(/`[^`\n]*`/g, 'CODE')
    .replace(/https:\/\/[a-z0-9-]+\.console\.\S+/g, 'LINK')
    .replace(/^:[a-z_]+: \[[A-Z]+\] /, '');
}

/** The violations of a notification, as sentences; none for one that is safe. */
export function violationsOfNotification(notification: Notification): readonly string[] {
  const { subject, text, json } = notification;
  const shown = shownInChat(notification);
  const violations: string[] = [];
  const check = (bad: boolean, what: string, where: string) => {
    if (bad) violations.push(`${what}: ${JSON.stringify(where.slice(0, 400))}`);
  };
  check(!/^(?!.*[<>])[\x20-\x7e]{1,99}$/.test(subject), 'the subject is not one plain line', subject);
  check(
    /[\p{C}\p{Zl}\p{Zp}<>]/u.test(text.replaceAll('\n', '')),
    'the text has control characters or tags',
    text,
  );
  for (const part of shown) {
    check(/[<>*~`[\]|@]|:\/\/|www\.|\b_\B|\B_\b/.test(withoutOurs(part)), 'chat has untrusted markup', part);
    check(/[<>@]/.test(part), 'chat has a mention or an entity', part);
    check(/[\p{C}\p{Zl}\p{Zp}]/u.test(part.replaceAll('\n', '')), 'chat has control characters', part);
  }
  for (const one of [json, chatJson(notification)]) {
    check(/[<>&\p{C}\p{Zl}\p{Zp}]/u.test(one), 'the JSON has markup of a page', one);
    try {
      JSON.parse(one);
    } catch {
      check(true, 'the JSON does not parse', one);
    }
  }
  return violations;
}
