/** Every control, in the order in which they are shown; each family has its own list. */
import type { Control } from '../control.ts';
import { ec2Controls } from './ec2.ts';
import { eksControls } from './eks.ts';
import { kmsControls } from './kms.ts';

export const controls: readonly Control[] = [...ec2Controls, ...eksControls, ...kmsControls];
