/** Judges what KMS's events name, by the controls of the kms family. */
import { kmsClient } from '../lib/aws/clients.ts';
import { kmsControls } from '../lib/controls/kms.ts';
import { keyTags } from '../lib/facts/aws/kms/tags.ts';
import { kmsReaders } from '../lib/facts/aws/kms.ts';
import { evaluatorHandler } from './evaluator.ts';

export const handler = evaluatorHandler({
  family: 'kms',
  controls: kmsControls,
  readers: kmsReaders,
  tagReaders: keyTags,
  makers: { kms: kmsClient },
});
