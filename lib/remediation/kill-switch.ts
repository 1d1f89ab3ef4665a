/** The kill switch: one SSM parameter, read each time, that stops all writes to resources at once. */
import { GetParameterCommand, type SSMClient } from '@aws-sdk/client-ssm';
import { isUnanswered, reasonOf } from '../aws/reason.ts';
import type { Circumstances } from '../policy/decide/circumstances.ts';

/** Writes are allowed while the parameter has this value, and no other. */
export const disengaged = 'disengaged';
export const engaged = 'engaged';

/** The IAM action that reading it needs. */
export const killSwitchPermission = 'ssm:GetParameter';

/** The kill switch as it was read. */
export interface KillSwitch {
  readonly state: NonNullable<Circumstances['killSwitch']>;
  /** Why it could not be read, a clause for people. */
  readonly because?: string;
  /** Whether it may be read in a while: see `isUnanswered`. */
  readonly unanswered?: boolean;
}

/**
 * Reads the kill switch.
 * @param name of the parameter.
 * @returns its state. One that can't be read, or that has any other value than these two, is `unreadable`, which stops
 *   everything too: what was meant is unknown.
 */
export async function killSwitch(client: SSMClient, name: string): Promise<KillSwitch> {
  try {
    const { Parameter: parameter } = await client.send(new GetParameterCommand({ Name: name }));
    const value = parameter?.Value?.trim();
    if (value === disengaged || value === engaged) return { state: value };
    return { state: 'unreadable', because: `${name} is neither "${disengaged}" nor "${engaged}"` };
  } catch (error) {
    const because = `${name} can't be read: ${reasonOf(error)}`;
    return { state: 'unreadable', because, unanswered: isUnanswered(error) };
  }
}
