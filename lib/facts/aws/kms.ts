/** Facts about KMS keys, their policies and grants, from AWS; each subject has its own file in `kms/`. */
import type { KmsFacts } from '../types/kms.ts';
import { grantReaders } from './kms/grants.ts';
import { keyPolicyReaders } from './kms/key-policies.ts';
import { keyReaders } from './kms/keys.ts';
import type { Readers } from './reader.ts';

export const kmsReaders: Readers<keyof KmsFacts> = { ...keyReaders, ...keyPolicyReaders, ...grantReaders };
