/** What every evaluator keeps to, whatever messages are in its queue. */
import { describe, expect, it } from 'vitest';
import { evaluators } from '../../lib/services/catalogue.ts';
import { shareOf } from '../suite.ts';
import { checkInvariants } from './invariants.ts';

/** In all, however many evaluators there are: half of them one by one, half in batches. */
const messagesInAll = shareOf(102_000);
const messages = Math.floor(messagesInAll / 2 / evaluators.length);
/** Each way in which a message can end has to be met this often, or the test would prove nothing about it. */
const least = Math.floor(messages / 34);
const limit = 300_000;

describe.each(evaluators)('hostile messages in the queue of %s', (evaluator) => {
  it(
    'each end in a verdict, are ignored with a reason, are re-evaluated later, or are dead-lettered',
    async () => {
      const tally = await checkInvariants({ evaluator, messages, faults: false, alone: true });
      expect(tally.messages).toBeGreaterThanOrEqual(messages);
      expect(tally.injected).toBe(0);
      expect(Math.min(tally.verdicts, tally.ignored, tally.again, tally.deadLetters)).toBeGreaterThan(least);
    },
    limit,
  );

  it(
    'harm no other message of their batch, also while calls fail',
    async () => {
      const tally = await checkInvariants({ evaluator, messages, faults: true, alone: false });
      expect(tally.messages).toBeGreaterThanOrEqual(messages);
      expect(Math.min(tally.findings, tally.lines)).toBeGreaterThan(least);
    },
    limit,
  );
});
