/** Writes, reads and deletes the SSM parameter with the override. */
import { DeleteParameterCommand, PutParameterCommand, type SSMClient } from '@aws-sdk/client-ssm';
import type { PolicyFile } from '../../../lib/policy/file/schema.ts';
import { longestOverride } from '../../../lib/policy/override.ts';
import { type Answer, answered, ask } from '../../aws/answer.ts';
import {
  description,
  type ParameterVersion,
  parameterExists,
  parameterVersions,
} from '../../aws/parameter.ts';
import { UsageError } from '../../exit.ts';

/** Newest first; empty where the parameter does not exist. */
export async function overrideVersions(
  ssm: SSMClient,
  name: string,
): Promise<Answer<readonly ParameterVersion[]>> {
  const exists = await parameterExists(ssm, name);
  if (!exists.known) return exists;
  return exists.value ? await parameterVersions(ssm, name) : answered([]);
}

/**
 * A policy as the value of a parameter. SSM rejects "{{", which refers to another parameter; in JSON it occurs only
 * inside strings. Source: AWS Systems Manager API Reference, "PutParameter" (Value).
 * @throws UsageError where it is longer than a parameter may be.
 */
export function parameterValue(checked: PolicyFile): string {
  const value = JSON.stringify(checked).replaceAll('{{', String.raw`{\u007b`);
  const bytes = Buffer.byteLength(value);
  if (bytes > longestOverride) {
    throw new UsageError(
      `the policy has ${bytes} bytes as JSON, and a parameter holds at most ${longestOverride}: ` +
        'shorten it (exemptions take the most), or deploy it',
    );
  }
  return value;
}

/**
 * Writes the parameter; its description names actor and reason.
 * @returns the new version.
 */
export function putOverride(
  ssm: SSMClient,
  name: string,
  value: string,
  { actor, reason }: { readonly actor: string; readonly reason: string },
): Promise<Answer<number | undefined>> {
  return ask('ssm:PutParameter', async () => {
    const { Version } = await ssm.send(
      new PutParameterCommand({
        Name: name,
        Value: value,
        Type: 'String',
        Overwrite: true,
        // More than 4 KB need an advanced parameter, which is charged; below, a standard one is enough.
        Tier: 'Intelligent-Tiering',
        Description: description(`by ${actor}: ${reason}`),
      }),
    );
    return Version;
  });
}

export function deleteOverride(ssm: SSMClient, name: string): Promise<Answer<undefined>> {
  return ask('ssm:DeleteParameter', async () => {
    await ssm.send(new DeleteParameterCommand({ Name: name }));
    return undefined;
  });
}
