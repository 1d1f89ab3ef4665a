/** The actions for failures of EC2's and EBS's controls, each in a file of its own. */
import type { AnyAction } from '../../core/action.ts';
import { enableDefaultEncryption } from './fixes/enable-default-encryption.ts';
import { unshareSnapshot } from './fixes/unshare-snapshot.ts';
import { quarantine } from './quarantine/quarantine.ts';

declare module '../../core/control.ts' {
  interface Fixes {
    readonly 'enable-default-encryption': true;
    readonly 'unshare-snapshot': true;
  }
}

export const actions: readonly AnyAction[] = [enableDefaultEncryption, unshareSnapshot, quarantine];
