/** What notes on findings say about custom actions, and about what came of them. Pure. */

import { customActionLabels, type Stage } from '../../aws/names.ts';
import { oneLine } from '../../findings/plain.ts';
import type { ActionEvent } from '../events/action-event.ts';
import type { CustomActionEvent } from './message.ts';

/** Source: Security Hub API Reference, "Note": 1 to 512 characters. */
export const noteLength = 512;

/** Separates what a note says from what it said before. */
const divider = ' | Before: ';

/** The author of Trailseal's notes. */
export function noteAuthor(stage: Stage): string {
  return `Trailseal (${stage})`;
}

/**
 * Who used a custom action: Security Hub's event does not name them, and nobody is named in their place.
 * Source: AWS Security Hub User Guide, "EventBridge event formats for Security Hub" (custom actions).
 */
export function operatorOf({
  customAction,
  account,
}: Pick<CustomActionEvent, 'customAction' | 'account'>): string {
  return `an operator whom AWS does not name, by the custom action "${customActionLabels[customAction]}" in Security Hub (account ${account})`;
}

/** Which custom action was used, and what comes of it. @param note one or more sentences. */
export function customActionNote(
  { customAction, at }: Pick<CustomActionEvent, 'customAction' | 'at'>,
  note: string,
): string {
  return `${at} "${customActionLabels[customAction]}": ${note}`;
}

/** What came of a requested action. */
export function actionEventNote({ at, action, outcome, because, plan, decision, undo }: ActionEvent): string {
  const requested = ` Requested by ${decision.name}.`;
  switch (outcome) {
    case 'done':
      return `${at} Done: ${action}. ${plan.join(' ')}${requested} Undo: ${undo}`;
    case 'undone':
      return `${at} Undone: ${action}.${requested} ${because}`;
    case 'partially-completed':
      return `${at} Partially completed: ${action}. ${because}${requested}`;
    case 'undo-refused':
      return `${at} Not undone: ${action}. ${because}`;
    case 'skipped':
      return `${at} Skipped: ${action}. ${because}`;
    case 'reverted':
      return `${at} Reverted: ${action}. ${because}`;
    case 'pending':
      return `${at} Pending: ${action}. ${because}${requested}`;
  }
}

/** The note of a finding, as Security Hub has it. */
export interface FindingNote {
  readonly text: string;
  readonly author: string;
}

/**
 * The note with something new at its head: a finding has one note, and what others wrote in it is not lost, as far as
 * there is room.
 * @returns `undefined` when it says so already.
 */
export function withNews(note: FindingNote | undefined, news: string, author: string): string | undefined {
  const line = oneLine(news, noteLength);
  if (note === undefined || note.text.trim() === '') return line;
  if (note.text.split(divider).includes(line)) return undefined;
  const before = note.author === author ? note.text : `${note.author}: ${note.text}`;
  return oneLine(`${line}${divider}${before}`, noteLength);
}
