/** What the policy's settings of quarantine mean for its steps. */
import type { QuarantineSettings as Settings } from '../../../core/action-settings.ts';

export {
  type QuarantineSettings as Settings,
  quarantineSettings as settings,
} from '../../../core/action-settings.ts';

/**
 * Whether the quarantine isolates the instance's network interfaces.
 * @example isolates({ ...settings, mode: 'stop' }) // false
 */
export function isolates({ mode }: Settings): boolean {
  return mode !== 'stop';
}
/**
 * Whether the quarantine stops the instance.
 * @example stops({ ...settings, mode: 'isolate+stop' }) // true
 */
export function stops({ mode }: Settings): boolean {
  return mode !== 'isolate';
}
/**
 * Whether the quarantine shortens idle timeouts. A stop ends all connections, so that nothing needs to be shortened.
 * @example shortens({ ...settings, mode: 'isolate', trackedConnections: 'wait' }) // true
 */
export function shortens({ mode, trackedConnections }: Settings): boolean {
  return mode === 'isolate' && trackedConnections !== 'leave';
}
