/** The entry files of the evaluators' bundles: all alike, as the build decides which services each bundle holds. */

/** The text of an evaluator's entry file. */
export function evaluatorEntry(evaluator: string): string {
  return `/** Evaluates what the events of the ${evaluator} evaluator's services name. Generated: npm run generate. */
import { evaluatorHandler } from '../evaluator.ts';

export const handler = evaluatorHandler('${evaluator}');
`;
}
