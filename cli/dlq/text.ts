/** Dead letters, for people and for programs. What came from queues is escaped here. */
import Table from 'cli-table3';
import { printable, shortened } from '../output/printable.ts';
import { plainChars, wrapped } from '../output/table.ts';
import type { Letter } from './dead-letter.ts';
import type { Redriven } from './redrive.ts';

/** The columns that queue, time and message id take. */
const columnsBefore = 71;

/** A table of the letters, in the order given. */
export function lettersText(letters: readonly Letter[], width: number): string {
  const table = new Table({
    head: ['Queue', 'Sent (UTC)', 'Message', 'What it is, and why it lies there'],
    style: { head: [], border: [], compact: true },
    chars: plainChars,
  });
  const left = Math.max(30, width - columnsBefore);
  for (const { queue, sentAt, id, about, reason } of letters) {
    table.push([
      queue,
      timeText(sentAt),
      printable(id),
      wrapped(`${shortened(about, 300)}: ${shortened(reason, 600)}`, left),
    ]);
  }
  return table.toString();
}

function timeText(time: number | undefined): string {
  return time === undefined ? 'not told' : new Date(time).toISOString().slice(0, 19).replace('T', ' ');
}

export function letterJson({ receipt: _receipt, sentAt, ...letter }: Letter): Record<string, unknown> {
  return { ...letter, sentAt: sentAt === undefined ? null : new Date(sentAt).toISOString() };
}

/** One line: what came of a letter. */
export function redrivenText({ queue, id, about }: Letter, redriven: Redriven): string {
  const what = `${queue} ${printable(id)} (${shortened(about, 120)})`;
  switch (redriven.kind) {
    case 'sent':
      return `sent back: ${what}`;
    case 'would-be-sent':
      return `would be sent back: ${what}`;
    case 'not-sent':
      return `NOT sent back, still a dead letter: ${what}: ${printable(redriven.because)}`;
    case 'not-deleted':
      return `sent back, but still a dead letter too: ${what}: ${printable(redriven.because)}`;
  }
}
