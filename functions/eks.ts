/** Evaluates what EKS's events name, by the controls of the eks evaluator. */
import { ec2Client, eksClient } from '../lib/aws/clients.ts';
import { eksReaders } from '../lib/services/eks/aws.ts';
import { eksControls } from '../lib/services/eks/controls/index.ts';
import { evaluatorHandler } from './evaluator.ts';

export const handler = evaluatorHandler({
  evaluator: 'eks',
  controls: eksControls,
  readers: eksReaders,
  makers: { ec2: ec2Client, eks: eksClient },
});
