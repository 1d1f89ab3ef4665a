/** Every resource type with its lister: one that has none does not compile. Each family's are in a file of its own. */
import { ec2Listers } from './ec2.ts';
import { eksListers } from './eks.ts';
import type { Listers } from './inventory.ts';
import { kmsListers } from './kms.ts';

export const listers: Listers = { ...ec2Listers, ...eksListers, ...kmsListers };
