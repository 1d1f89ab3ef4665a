/** Facts about KMS keys, their policies and grants, from AWS; each subject has its own file in `kms/`. */

import type { Readers } from '../../aws/facts/reader.ts';
import type { ArnResource } from '../../core/control.ts';
import { grantReaders } from './aws/grants.ts';
import { keyManagerReaders } from './aws/key-managers.ts';
import { keyPolicyReaders } from './aws/key-policies.ts';
import { keyReaders } from './aws/keys.ts';
import { keyTags } from './aws/tags.ts';
import type { KmsFacts } from './facts.ts';

const readers: Readers<keyof KmsFacts, ArnResource> = { ...keyReaders, ...keyPolicyReaders, ...grantReaders };

export const aws = { readers, tagReaders: keyTags, related: keyManagerReaders };
