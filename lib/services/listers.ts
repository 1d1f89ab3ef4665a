/** Every resource type with its lister: one that has none does not compile. Each evaluator's are in a file of its own. */

import type { Listers } from '../core/list.ts';
import { ec2Listers } from './ec2/list.ts';
import { eksListers } from './eks/list.ts';
import { kmsListers } from './kms/list.ts';

export const listers: Listers = { ...ec2Listers, ...eksListers, ...kmsListers };
