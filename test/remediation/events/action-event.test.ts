import { describe, expect, it } from 'vitest';
import { actionEventOf, actionEventSchema, undoCommand } from '../../../lib/remediation/events/action-event.ts';
import { start } from '../actions/simulated-resource.ts';
import { enableKey } from '../../../lib/services/kms/fixes/enable-key.ts';
import { id, key, simulated } from '../fixture.ts';

const input = {
  id: 'event-1',
  outcome: 'skipped',
  because: 'The circuit breaker is open.',
  at: new Date(start),
  stage: 'dev',
} as const;

/** The finding about a key that is disabled. */
async function failing() {
  const { stateTable } = await simulated();
  const finding = (await stateTable.read([id])).get(id)?.finding;
  if (finding === undefined) throw new Error('there is no finding');
  return finding;
}

describe('an event about an action', () => {
  it('says who opened the finding, without what is not known of them', async () => {
    const finding = await failing();
    expect(actionEventOf(finding, key, 'fix:enable-key', input).actor).toStrictEqual({
      type: 'IAMUser',
      arn: 'arn:aws:iam::111122223333:user/ana',
      name: 'ana',
    });
  });

  it('says what evidence the finding has', async () => {
    const event = actionEventOf(await failing(), key, 'fix:enable-key', input);
    expect(event.summary).toBe('It is FAIL.');
  });

  it('leaves out what is not known of the finding', async () => {
    const { id: name, control, title, severity } = await failing();
    const event = actionEventOf({ id: name, control, title, severity }, key, 'fix:enable-key', input);
    expect(Object.keys(event)).not.toEqual(
      expect.arrayContaining([expect.stringMatching(/^(actor|summary|skippedBecause)$/)]),
    );
  });

  it('says why the plan skips the action, for machines', async () => {
    const event = actionEventOf(await failing(), key, 'fix:enable-key', {
      ...input,
      skippedBecause: 'breaker-open',
    });
    expect(event.skippedBecause).toBe('breaker-open');
  });

  it('can be read where an earlier version published it without actor and evidence', async () => {
    const { actor: _actor, summary: _summary, ...old } = actionEventOf(await failing(), key, 'tag', input);
    expect(actionEventSchema.parse(old)).toEqual(old);
  });
});

describe('what an event says of undoing', () => {
  it.each(['pending', 'skipped', 'undo-refused', 'reverted'] as const)(
    'is nothing where nothing is in place: %s',
    async (outcome) => {
      const event = actionEventOf(await failing(), key, 'fix:enable-key', { ...input, outcome, definition: enableKey });
      expect([event.undo, event.undoCommand, event.caveats]).toEqual(['', undefined, undefined]);
    },
  );
});

describe('the command that undoes', () => {
  it.each([
    ['of a finding', 'trailseal/x', "trailseal undo --stage dev --region eu-central-1 'trailseal/x'"],
    [
      'of a finding whose id has an apostrophe',
      "trailseal/o'hara",
      String.raw`trailseal undo --stage dev --region eu-central-1 'trailseal/o'\''hara'`,
    ],
    ['with a word to replace, where no finding is given', undefined, 'trailseal undo --stage dev --region eu-central-1 FINDING'],
  ])('is that %s', (_what, finding, command) => {
    expect(undoCommand(finding, { stage: 'dev', region: 'eu-central-1' })).toBe(command);
  });
});
