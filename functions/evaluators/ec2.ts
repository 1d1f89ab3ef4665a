/** Evaluates what the events of the ec2 evaluator's services name. Generated: npm run generate. */
import { evaluatorHandler } from '../evaluator.ts';

export const handler = evaluatorHandler('ec2');
