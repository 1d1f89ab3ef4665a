/** What notes on findings say of orders, and what came of them. Pure. */

import { customActionLabels, type Stage } from '../../aws/names.ts';
import { oneLine } from '../../findings/plain.ts';
import type { ActionEvent } from '../events/action-event.ts';
import type { CustomActionEvent } from './message.ts';

/** Source: Security Hub API Reference, "Note": 1 to 512 characters. */
export const noteLength = 512;

/** What stands between what a note says and what it said before. */
const divider = ' | Before: ';

/** Who notes. */
export function noteAuthor(stage: Stage): string {
  return `Trailseal (${stage})`;
}

/** Who gave an order, as far as it is known. */
export function operatorOf({
  customAction,
  account,
}: Pick<CustomActionEvent, 'customAction' | 'account'>): string {
  return `an operator by the custom action "${customActionLabels[customAction]}" in Security Hub (account ${account})`;
}

/** What was pressed, and what is being made of it. */
export function customActionNote(
  { customAction, at }: Pick<CustomActionEvent, 'customAction' | 'at'>,
  what: string,
): string {
  return `${at} "${customActionLabels[customAction]}": ${what}`;
}

/** What came of an order. */
export function answerNote({ at, action, outcome, because, plan, decision, undo }: ActionEvent): string {
  const by = ` Ordered by ${decision.name}.`;
  switch (outcome) {
    case 'done':
      return `${at} Done: ${action}. ${plan.join(' ')}${by} Undo: ${undo}`;
    case 'undone':
      return `${at} Undone: ${action}.${by} ${because}`;
    case 'partially-completed':
      return `${at} Half-done: ${action}. ${because}${by}`;
    case 'undo-refused':
      return `${at} Not undone: ${action}. ${because}`;
    case 'skipped':
      return `${at} Not done: ${action}. ${because}`;
    case 'pending':
      return `${at} To be done: ${action}. ${because}${by}`;
  }
}

/** A note as Security Hub has it. */
export interface Note {
  readonly text: string;
  readonly by: string;
}

/**
 * The note with something new at its head: there is one for each finding, and what others wrote in it is not lost, as far
 * as there is room.
 * @returns `undefined` when it says so already.
 */
export function withNews(note: Note | undefined, news: string, author: string): string | undefined {
  const said = oneLine(news, noteLength);
  if (note === undefined || note.text.trim() === '') return said;
  if (note.text.split(divider).includes(said)) return undefined;
  const before = note.by === author ? note.text : `${note.by}: ${note.text}`;
  return oneLine(`${said}${divider}${before}`, noteLength);
}
