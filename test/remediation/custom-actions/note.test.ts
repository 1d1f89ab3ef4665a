import { describe, expect, it } from 'vitest';
import { answerNote, noteLength, withNews } from '../../../lib/remediation/custom-actions/note.ts';
import { action } from '../../notifications/events.ts';

const author = 'Trailseal (dev)';

describe('a note', () => {
  it('is the news, where there was none', () => {
    expect(withNews(undefined, 'Done.', author)).toBe('Done.');
  });

  it('keeps what others wrote, and who, behind the news', () => {
    expect(withNews({ text: 'Ask the platform team.', by: 'ana' }, 'Done.', author)).toBe(
      'Done. | Before: ana: Ask the platform team.',
    );
  });

  it('keeps what it said itself before', () => {
    const first = withNews({ text: 'Ask.', by: 'ana' }, 'Ordered.', author) ?? '';
    expect(withNews({ text: first, by: author }, 'Done.', author)).toBe(
      'Done. | Before: Ordered. | Before: ana: Ask.',
    );
  });

  it('is not written when it says so already, however long ago', () => {
    const note = { text: 'Done. | Before: Ordered. | Before: ana: Ask.', by: author };
    expect(withNews(note, 'Done.', author)).toBeUndefined();
    expect(withNews(note, 'Ordered.', author)).toBeUndefined();
    expect(withNews(note, 'Requestable', author)).toBeDefined();
  });

  it('is one line of at most 512 characters, with the news whole', () => {
    const text = withNews(
      { text: 'x'.repeat(2_000), by: 'ana' },
      'Done:\n\u001b[31mall\u0007 of it.',
      author,
    );
    expect(text).toMatch(/^Done: \[31mall {2}of it\. \| Before: ana: x+…$/);
    expect(text).toHaveLength(noteLength);
  });
});

describe('the answer to an order', () => {
  const because = 'The kill switch is on.';

  it('says what was done, who ordered it, and how to undo it', () => {
    expect(answerNote(action({ outcome: 'done' }))).toMatch(
      /^2026-11-21T.*Z Done: .*Ordered by .*Undo: trailseal undo/,
    );
  });

  it.each([
    ['skipped', 'Not done: '],
    ['partially-completed', 'Half-done: '],
    ['undo-refused', 'Not undone: '],
    ['undone', 'Undone: '],
    ['pending', 'To be done: '],
  ] as const)('that is %s says so, and why', (outcome, words) => {
    const note = answerNote(action({ outcome, because }));
    expect(note).toContain(words);
    expect(note).toContain(because);
  });
});
