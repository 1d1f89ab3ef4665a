/** From occasions that are taken together to messages, each in every form. Pure. */
import { createHash } from 'node:crypto';
import { type ChatNotification, chatOf } from './chat.ts';
import { dataOf } from './data.ts';
import { asJson, inText } from './escape.ts';
import { groupsOf } from './group.ts';
import type { Kind, Occasion } from './occasion.ts';
import { type Advice, reportOf } from './report.ts';
import { subjectOf, textOf } from './text.ts';

export interface Notification {
  /** The same for the same events, so that receivers can tell a repetition. */
  readonly id: string;
  readonly kind: Kind;
  /** Printable ASCII, fewer than 100 characters. */
  readonly subject: string;
  readonly text: string;
  readonly json: string;
  readonly chat: ChatNotification;
  /** By which subscriptions can be filtered. */
  readonly attributes: {
    readonly kind: Kind;
    readonly control: string;
    readonly severity: string;
    readonly account: string;
    readonly region: string;
  };
  /** The ids of the events that it tells of. */
  readonly events: readonly string[];
}

/**
 * @param adviceFor what a person does about a control's failures; `undefined` for a control that is not known.
 * @param stage the deployment's, for the commands in them.
 * @returns the messages in the order in which the first event of each happened.
 */
export function compose(
  occasions: readonly Occasion[],
  adviceFor: (control: string) => Advice | undefined,
  stage: string,
): readonly Notification[] {
  return groupsOf(occasions).map((group) => {
    const { kind, control, severity, account, region, ids } = group;
    const report = reportOf(group, adviceFor(control.id), stage);
    const digest = createHash('sha256')
      .update(JSON.stringify([kind, ids]))
      .digest('hex');
    const id = `trailseal-${digest.slice(0, 40)}`;
    const subject = subjectOf(group);
    return {
      id,
      kind,
      subject,
      text: textOf(group, report),
      json: dataOf(id, subject, group, report.link),
      chat: chatOf(id, group, report),
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

/** The chat form as it is sent. */
export function chatJson({ chat }: Pick<Notification, 'chat'>): string {
  return asJson(chat);
}
