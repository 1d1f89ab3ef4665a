/** The controls of load balancing, in the order in which they are shown. A new one is one line here (and its import). */
import type { Control } from '../../../core/control.ts';
import { elbListenerEncryption } from './elb-listener-encryption.ts';

export const controls: readonly Control[] = [elbListenerEncryption];
