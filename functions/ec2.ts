/** Judges what EC2 and EBS's events name, by the controls of the ec2 family. */
import { ec2Client, kmsClient } from '../lib/aws/clients.ts';
import { ec2Controls } from '../lib/controls/ec2.ts';
import { templateTags } from '../lib/facts/aws/ec2/template-tags.ts';
import { ec2Readers } from '../lib/facts/aws/ec2.ts';
import { evaluatorHandler } from './evaluator.ts';

export const handler = evaluatorHandler({
  family: 'ec2',
  controls: ec2Controls,
  readers: ec2Readers,
  tagReaders: templateTags,
  makers: { ec2: ec2Client, kms: kmsClient },
});
