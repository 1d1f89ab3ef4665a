/** The actions for failures of EKS's controls, each in a file of its own. */
import type { AnyAction } from '../../core/action.ts';
import { associateEncryption } from './fixes/associate-encryption.ts';
import { enableAuditLogging } from './fixes/enable-audit-logging.ts';
import { restrictEndpoint } from './fixes/restrict-endpoint.ts';

declare module '../../core/control.ts' {
  interface Fixes {
    readonly 'restrict-endpoint': true;
    readonly 'enable-audit-logging': true;
    readonly 'associate-encryption': true;
  }
}

export const actions: readonly AnyAction[] = [restrictEndpoint, enableAuditLogging, associateEncryption];
