/** Evaluates what the events of the kms evaluator's services name. Generated: npm run generate. */
import { evaluatorHandler } from '../evaluator.ts';

export const handler = evaluatorHandler('kms');
