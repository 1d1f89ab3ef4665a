/** Every control, in the order in which they are shown. A new control is one line here. */
import type { Control } from '../control.ts';
import { ec2TransitEncryption } from './ec2/ec2-transit-encryption.ts';

export const controls: readonly Control[] = [ec2TransitEncryption];
