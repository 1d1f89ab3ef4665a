/** Pulling and releasing the kill switch, and who did so before: SSM keeps the last hundred versions. */
import {
  GetParameterCommand,
  type ParameterHistory,
  ParameterNotFound,
  PutParameterCommand,
  paginateGetParameterHistory,
  type SSMClient,
} from '@aws-sdk/client-ssm';
import type { disengaged, engaged } from '../../lib/remediation/kill-switch.ts';
import { type Seen, see } from '../aws/answer.ts';

/** One version of the parameter; what SSM does not tell is left out. */
export interface Change {
  readonly version: number | undefined;
  readonly value: string;
  readonly at: Date | undefined;
  /** The ARN of who wrote it, as SSM saw it. */
  readonly by: string | undefined;
  /** What whoever wrote it said. */
  readonly why: string | undefined;
}

/** Longest description that SSM takes, in characters. Source: SSM API Reference, "PutParameter". */
const descriptionLength = 1_024;

/** The IAM actions that setting and showing it need, besides reading it. */
export const setPermission = 'ssm:PutParameter';
export const historyPermission = 'ssm:GetParameterHistory';

export async function exists(ssm: SSMClient, name: string): Promise<Seen<boolean>> {
  return see('ssm:GetParameter', async () => {
    try {
      await ssm.send(new GetParameterCommand({ Name: name }));
      return true;
    } catch (error) {
      if (error instanceof ParameterNotFound) return false;
      throw error;
    }
  });
}

/**
 * Writes the parameter, and makes it where it is missing; who and why go into its description.
 * @returns its new version.
 */
export async function setSwitch(
  ssm: SSMClient,
  name: string,
  value: typeof disengaged | typeof engaged,
  who: string,
  why: string,
): Promise<Seen<number | undefined>> {
  return see(setPermission, async () => {
    const { Version } = await ssm.send(
      new PutParameterCommand({
        Name: name,
        Value: value,
        Type: 'String',
        Overwrite: true,
        Description: described(`${value} by ${who}: ${why}`),
      }),
    );
    return Version;
  });
}

/** A parameter's description, as one line that SSM takes. */
export function described(text: string): string {
  const line = text.replace(/\p{Cc}+/gu, ' ').toWellFormed();
  return line.length <= descriptionLength ? line : `${line.slice(0, descriptionLength - 1).toWellFormed()}…`;
}

/** Its versions, newest first. */
export async function history(ssm: SSMClient, name: string): Promise<Seen<readonly Change[]>> {
  return see(historyPermission, async () => {
    const versions: ParameterHistory[] = [];
    for await (const page of paginateGetParameterHistory({ client: ssm, pageSize: 50 }, { Name: name })) {
      versions.push(...(page.Parameters ?? []));
    }
    return versions
      .sort((one, other) => (other.Version ?? 0) - (one.Version ?? 0))
      .map(({ Version, Value, LastModifiedDate, LastModifiedUser, Description }) => ({
        version: Version,
        value: Value ?? '',
        at: LastModifiedDate,
        by: LastModifiedUser,
        why: Description,
      }));
  });
}
