/** Every control, in the order in which they are shown; each evaluator has its own list. */
import type { Control } from '../core/control.ts';
import { ec2Controls } from './ec2/controls/index.ts';
import { eksControls } from './eks/controls/index.ts';
import { kmsControls } from './kms/controls/index.ts';

export const controls: readonly Control[] = [...ec2Controls, ...eksControls, ...kmsControls];
