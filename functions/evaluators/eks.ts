/** Evaluates what the events of the eks evaluator's services name. Generated: npm run generate. */
import { evaluatorHandler } from '../evaluator.ts';

export const handler = evaluatorHandler('eks');
