/** The files that the evaluators' functions are bundled from: all alike, as each bundle holds other services. */

/** The text of an evaluator's entry file. */
export function evaluatorEntry(evaluator: string): string {
  return `/** Evaluates what the events of the ${evaluator} evaluator's services name. Generated: npm run generate. */
import { evaluatorHandler } from '../evaluator.ts';

export const handler = evaluatorHandler();
`;
}
