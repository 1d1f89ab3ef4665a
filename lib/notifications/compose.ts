/** From triggers that come together to notifications, each in every format. Pure. */
import { createHash } from 'node:crypto';
import { type ChatMessage, chatOf } from './chat.ts';
import { type ControlAdvice, contentOf } from './content.ts';
import { asJson, inText } from './escape.ts';
import { jsonOf } from './json.ts';
import { subjectOf, textOf } from './text.ts';
import { groupsOf, type NotificationKind, type NotificationTrigger } from './trigger.ts';

export interface Notification {
  /** The same for the same events, so that receivers recognize a repetition. */
  readonly id: string;
  readonly kind: NotificationKind;
  /** Printable ASCII, fewer than 100 characters. */
  readonly subject: string;
  readonly text: string;
  readonly json: string;
  readonly chat: ChatMessage;
  /** By which subscriptions can be filtered. */
  readonly attributes: {
    readonly kind: NotificationKind;
    readonly control: string;
    readonly severity: string;
    readonly account: string;
    readonly region: string;
  };
  /** The ids of the events that it is about. */
  readonly events: readonly string[];
}

/**
 * Composes one notification for each group of triggers.
 * @param adviceFor what a person does about a control's failures; `undefined` for a control that is not known.
 * @param stage the deployment's, for the commands in the notifications.
 * @returns the notifications in the order in which the first event of each happened.
 * @example
 * compose([trigger], (id) => controls.find((control) => control.id === id), 'dev')[0]?.subject;
 * // '[CRITICAL] kms-key-deletion FAILED: 1234abcd…, 111122223333 eu-central-1'
 */
export function compose(
  triggers: readonly NotificationTrigger[],
  adviceFor: (control: string) => ControlAdvice | undefined,
  stage: string,
): readonly Notification[] {
  return groupsOf(triggers).map((group) => {
    const { kind, control, severity, account, region, ids } = group;
    const content = contentOf(group, adviceFor(control.id), stage);
    const digest = createHash('sha256')
      .update(JSON.stringify([kind, ids]))
      .digest('hex');
    const id = `trailseal-${digest.slice(0, 40)}`;
    const subject = subjectOf(group);
    return {
      id,
      kind,
      subject,
      text: textOf(group, content),
      json: jsonOf(id, subject, group, content.link),
      chat: chatOf(id, group, content),
      attributes: {
        kind,
        control: inText(control.id, 128),
        severity,
        account: inText(account, 64),
        region: inText(region, 64),
      },
      events: ids,
    };
  });
}

/**
 * The chat format as it is published.
 * @example
 * JSON.parse(chatJson(notification)).source; // 'custom'
 */
export function chatJson({ chat }: Pick<Notification, 'chat'>): string {
  return asJson(chat);
}
