/** The specification of each evaluator's pipeline under hostile input; a file for each, so that they run side by side. */
import { describe, expect, it } from 'vitest';
import type { EvaluatorName } from '../../lib/core/service.ts';
import { storm } from './storm.ts';

/** So many in each of two storms for each of three evaluators: 102,000 in all. */
const messages = 17_000;
const limit = 300_000;

export function itWithstands(evaluator: EvaluatorName): void {
  describe(`hostile messages in the queue of ${evaluator}`, () => {
    it(
      'each end in a verdict, a reason to be ignored, another look or a dead letter',
      async () => {
        const tally = await storm({ evaluator, messages, faults: false, alone: true });
        expect(tally).toMatchObject({ messages, injected: 0 });
        // All ends were met, each many times: else the storm would say nothing.
        expect(Math.min(tally.verdicts, tally.ignored, tally.again, tally.deadLetters)).toBeGreaterThan(500);
      },
      limit,
    );

    it(
      'cost no other message anything, also while calls fail',
      async () => {
        const tally = await storm({ evaluator, messages, faults: true, alone: false });
        expect(tally.messages).toBe(messages);
        expect(Math.min(tally.findings, tally.lines)).toBeGreaterThan(500);
      },
      limit,
    );
  });
}
