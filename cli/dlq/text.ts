/** Messages of the DLQs as text and as JSON. What came from queues is escaped here. */
import { printable, shortened } from '../output/printable.ts';
import { plainTable, wrapped } from '../output/table.ts';
import type { DeadLetter } from './dead-letter.ts';
import type { Redriven } from './redrive.ts';

/** The columns that queue, time and message id take. */
const columnsBefore = 76;

/** A table of the messages, in the order given. */
export function deadLettersText(letters: readonly DeadLetter[], width: number): string {
  const left = Math.max(30, width - columnsBefore);
  const rows = letters.map(({ queue, sentAt, id, about, reason }) => [
    queue,
    timeOf(sentAt) ?? 'unknown',
    printable(id),
    wrapped(`${shortened(about, 300)}: ${shortened(reason, 600)}`, left),
  ]);
  return plainTable(['Queue', 'Sent (UTC)', 'Message', 'What it is, and why it failed'], rows);
}

function timeOf(time: number | undefined): string | undefined {
  return time === undefined ? undefined : new Date(time).toISOString();
}

export function deadLetterJson({ receipt: _receipt, sentAt, ...letter }: DeadLetter) {
  return { ...letter, sentAt: timeOf(sentAt) ?? null };
}

/** One line: the result of a redrive. */
export function redrivenText({ queue, id, about }: DeadLetter, redriven: Redriven): string {
  const what = `${queue} ${printable(id)} (${shortened(about, 120)})`;
  switch (redriven.kind) {
    case 'sent':
      return `sent back: ${what}`;
    case 'would-be-sent':
      return `would be sent back: ${what}`;
    case 'not-sent':
      return `NOT sent back, still in the DLQ: ${what}: ${printable(redriven.because)}`;
    case 'not-deleted':
      return `sent back, but also still in the DLQ: ${what}: ${printable(redriven.because)}`;
  }
}

export function redrivenJson({ queue, id, about }: DeadLetter, redriven: Redriven) {
  return {
    queue,
    id,
    about,
    outcome: redriven.kind,
    reason: 'because' in redriven ? redriven.because : null,
  };
}
