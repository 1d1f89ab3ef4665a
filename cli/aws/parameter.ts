/** SSM parameters that operators set, such as the kill switch: who set which version, and why. SSM keeps 100 versions. */
import {
  GetParameterCommand,
  type ParameterHistory,
  ParameterNotFound,
  PutParameterCommand,
  paginateGetParameterHistory,
  type SSMClient,
} from '@aws-sdk/client-ssm';
import type { disengaged, engaged } from '../../lib/remediation/kill-switch.ts';
import { type Answer, ask } from './answer.ts';

/** One version of a parameter; `undefined` is what SSM does not return. */
export interface ParameterVersion {
  readonly version: number | undefined;
  readonly value: string;
  readonly at: Date | undefined;
  /** The ARN of who wrote it, as SSM knows it. */
  readonly actor: string | undefined;
  /** The description of the version: who wrote it, and why. */
  readonly reason: string | undefined;
}

/** Longest description that SSM takes, in characters. Source: SSM API Reference, "PutParameter". */
const descriptionLength = 1_024;

/** The IAM actions that setting and showing it need, besides reading it. */
export const setPermission = 'ssm:PutParameter';
export const historyPermission = 'ssm:GetParameterHistory';

export async function parameterExists(ssm: SSMClient, name: string): Promise<Answer<boolean>> {
  return ask('ssm:GetParameter', async () => {
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
 * Writes the kill switch's parameter, and creates it where it does not exist.
 * @returns its new version.
 */
export async function setSwitch(
  ssm: SSMClient,
  name: string,
  value: typeof disengaged | typeof engaged,
  actor: string,
  reason: string,
): Promise<Answer<number | undefined>> {
  return ask(setPermission, async () => {
    const { Version } = await ssm.send(
      new PutParameterCommand({
        Name: name,
        Value: value,
        Type: 'String',
        Overwrite: true,
        Description: description(`${value} by ${actor}: ${reason}`),
      }),
    );
    return Version;
  });
}

/** A text as the description of a parameter: one line, not longer than SSM takes. */
export function description(text: string): string {
  const line = text.replace(/\p{Cc}+/gu, ' ').toWellFormed();
  return line.length <= descriptionLength ? line : `${line.slice(0, descriptionLength - 1).toWellFormed()}…`;
}

/** The versions of a parameter, newest first. */
export async function parameterVersions(
  ssm: SSMClient,
  name: string,
): Promise<Answer<readonly ParameterVersion[]>> {
  return ask(historyPermission, async () => {
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
        actor: LastModifiedUser,
        reason: Description,
      }));
  });
}
