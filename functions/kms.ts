/** Evaluates what KMS's events name, by the controls of the kms evaluator. */
import { kmsClient } from '../lib/aws/clients.ts';
import { keyTags } from '../lib/services/kms/aws/tags.ts';
import { kmsReaders } from '../lib/services/kms/aws.ts';
import { kmsControls } from '../lib/services/kms/controls/index.ts';
import { evaluatorHandler } from './evaluator.ts';

export const handler = evaluatorHandler({
  evaluator: 'kms',
  controls: kmsControls,
  readers: kmsReaders,
  tagReaders: keyTags,
  makers: { kms: kmsClient },
});
