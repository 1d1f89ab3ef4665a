import { describe, expect, it } from 'vitest';
import { actionEventNote, noteLength, withNews } from '../../../lib/remediation/custom-actions/note-text.ts';
import { action } from '../../notifications/events.ts';

const author = 'Trailseal (dev)';

describe('a note', () => {
  it('is the news, where there was none', () => {
    expect(withNews(undefined, 'Done.', author)).toBe('Done.');
  });

  it('keeps what others wrote, and who, behind the news', () => {
    expect(withNews({ text: 'Ask the platform team.', author: 'ana' }, 'Done.', author)).toBe(
      'Done. | Before: ana: Ask the platform team.',
    );
  });

  it('keeps what it said itself before', () => {
    const first = withNews({ text: 'Ask.', author: 'ana' }, 'Requested.', author) ?? '';
    expect(withNews({ text: first, author }, 'Done.', author)).toBe(
      'Done. | Before: Requested. | Before: ana: Ask.',
    );
  });

  it('is not written when it says so already, however long ago', () => {
    const note = { text: 'Done. | Before: Requested. | Before: ana: Ask.', author };
    expect(withNews(note, 'Done.', author)).toBeUndefined();
    expect(withNews(note, 'Requested.', author)).toBeUndefined();
    expect(withNews(note, 'Request', author)).toBeDefined();
  });

  it('is one line of at most 512 characters, with the news whole', () => {
    const text = withNews(
      { text: 'x'.repeat(2_000), author: 'ana' },
      'Done:\n\u001b[31mall\u0007 of it.',
      author,
    );
    expect(text).toMatch(/^Done: \[31mall {2}of it\. \| Before: ana: x+…$/);
    expect(text).toHaveLength(noteLength);
  });
});

describe('the note about a requested action', () => {
  const because = 'The kill switch is engaged.';

  it('says what was done, who requested it, and how to undo it', () => {
    expect(actionEventNote(action({ outcome: 'done' }))).toMatch(
      /^2026-11-21T.*Z Done: .*Requested by .*Undo: trailseal undo/,
    );
  });

  it.each([
    ['skipped', 'Skipped: '],
    ['partially-completed', 'Partially completed: '],
    ['undo-refused', 'Not undone: '],
    ['undone', 'Undone: '],
    ['pending', 'Pending: '],
  ] as const)('that is %s says so, and why', (outcome, words) => {
    const note = actionEventNote(action({ outcome, because }));
    expect(note).toContain(words);
    expect(note).toContain(because);
  });
});
