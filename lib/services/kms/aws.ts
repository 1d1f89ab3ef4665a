/** Facts about KMS keys, their policies and grants, from AWS; each subject has its own file in `kms/`. */

import type { Readers } from '../../aws/facts/reader.ts';
import { grantReaders } from './aws/grants.ts';
import { keyPolicyReaders } from './aws/key-policies.ts';
import { keyReaders } from './aws/keys.ts';
import type { KmsFacts } from './facts.ts';

export const kmsReaders: Readers<keyof KmsFacts> = { ...keyReaders, ...keyPolicyReaders, ...grantReaders };
