/** Evaluates what EC2 and EBS's events name, by the controls of the ec2 evaluator. */
import { ec2Client, kmsClient } from '../lib/aws/clients.ts';
import { templateTags } from '../lib/services/ec2/aws/template-tags.ts';
import { ec2Readers } from '../lib/services/ec2/aws.ts';
import { ec2Controls } from '../lib/services/ec2/controls/index.ts';
import { evaluatorHandler } from './evaluator.ts';

export const handler = evaluatorHandler({
  evaluator: 'ec2',
  controls: ec2Controls,
  readers: ec2Readers,
  tagReaders: templateTags,
  makers: { ec2: ec2Client, kms: kmsClient },
});
