/** The kill switch: one SSM parameter, read each time, that stops all writes to resources at once. */
import { GetParameterCommand, type SSMClient } from '@aws-sdk/client-ssm';
import { isUnanswered, reasonOf } from '../aws/reason.ts';
import type { Circumstances } from '../policy/decide/circumstances.ts';

/** Writes are allowed while the parameter has this value, and no other. */
export const disengaged = 'disengaged';
export const engaged = 'engaged';

/** The IAM action that reading it needs. */
export const killSwitchPermission = 'ssm:GetParameter';

export interface KillSwitch {
  readonly state: NonNullable<Circumstances['killSwitch']>;
  /** Why it could not be read, a clause for people. */
  readonly because?: string;
  /** Whether it may be read in a while: see `isUnanswered`. */
  readonly unanswered?: boolean;
}

/**
 * @param name of the parameter.
 * @returns its state. One that can't be read, or that says anything else than these two words, is `unreadable`, which
 *   stops everything too: nobody knows what was meant.
 */
export async function killSwitch(client: SSMClient, name: string): Promise<KillSwitch> {
  try {
    const { Parameter: parameter } = await client.send(new GetParameterCommand({ Name: name }));
    const value = parameter?.Value?.trim();
    if (value === disengaged || value === engaged) return { state: value };
    return { state: 'unreadable', because: `${name} says neither "${disengaged}" nor "${engaged}"` };
  } catch (error) {
    const because = `${name} can't be read: ${reasonOf(error)}`;
    return { state: 'unreadable', because, unanswered: isUnanswered(error) };
  }
}
