/** What follows from what the policy sets about a quarantine. */
import type { QuarantineSettings as Settings } from '../../../core/action-settings.ts';

export {
  type QuarantineSettings as Settings,
  quarantineSettings as settings,
} from '../../../core/action-settings.ts';

export function isolates({ mode }: Settings): boolean {
  return mode !== 'stop';
}
export function stops({ mode }: Settings): boolean {
  return mode !== 'isolate';
}
/** A stop ends all connections, so that there is nothing to shorten. */
export function shortens({ mode, trackedConnections }: Settings): boolean {
  return mode === 'isolate' && trackedConnections !== 'leave';
}
