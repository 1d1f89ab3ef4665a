/** Counting the calls that the SDK makes. */
import { text } from '../core/json.ts';
import type { ClientConfig } from './settings.ts';

/**
 * A logger for SDK clients that writes nothing, and reports each command that was answered or has failed.
 * @param onCall takes the call as `EC2:DescribeInstances`; tries of the same command are one call.
 */
export function callLogger(onCall: (call: string) => void): NonNullable<ClientConfig['logger']> {
  // The SDK's logging middleware logs once a command: info when it was answered, error when it was not.
  const report = (entry: unknown): void => {
    const client = text(entry, 'clientName')?.replace(/Client$/, '');
    const command = text(entry, 'commandName')?.replace(/Command$/, '');
    if (client !== undefined && command !== undefined) onCall(`${client}:${command}`);
  };
  const silent = (): void => undefined;
  return { trace: silent, debug: silent, info: report, warn: silent, error: report };
}
