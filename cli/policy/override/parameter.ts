/** The parameter with the override: its versions, and writing and deleting it. */
import { DeleteParameterCommand, PutParameterCommand, type SSMClient } from '@aws-sdk/client-ssm';
import { longestOverride } from '../../../lib/policy/override.ts';
import type { PolicyFile } from '../../../lib/policy/schema.ts';
import { type Seen, see, seen } from '../../aws/answer.ts';
import { UsageError } from '../../exit.ts';
import { type Change, described, exists, history } from '../../kill-switch/parameter.ts';

/** Newest first; none where there is no such parameter. */
export async function versionsOf(ssm: SSMClient, name: string): Promise<Seen<readonly Change[]>> {
  const there = await exists(ssm, name);
  if (!there.known) return there;
  return there.value ? await history(ssm, name) : seen([]);
}

/**
 * A policy as the value of a parameter. SSM takes no "{{", with which parameters refer to others; in JSON it can stand in
 * text only. Source: AWS Systems Manager API Reference, "PutParameter" (Value).
 * @throws UsageError where it is longer than any parameter may be.
 */
export function parameterValue(checked: PolicyFile): string {
  const value = JSON.stringify(checked).replaceAll('{{', String.raw`{\u007b`);
  const bytes = Buffer.byteLength(value);
  if (bytes > longestOverride) {
    throw new UsageError(
      `the policy is ${bytes} bytes long as JSON, and a parameter holds ${longestOverride} at most: ` +
        'make it shorter (exemptions take the most), or deploy it',
    );
  }
  return value;
}

/**
 * Writes it; who and why go into its description.
 * @returns the new version.
 */
export function putOverride(
  ssm: SSMClient,
  name: string,
  value: string,
  { who, why }: { readonly who: string; readonly why: string },
): Promise<Seen<number | undefined>> {
  return see('ssm:PutParameter', async () => {
    const { Version } = await ssm.send(
      new PutParameterCommand({
        Name: name,
        Value: value,
        Type: 'String',
        Overwrite: true,
        // Beyond 4 KB it is an advanced parameter, which costs something, and below a standard one.
        Tier: 'Intelligent-Tiering',
        Description: described(`by ${who}: ${why}`),
      }),
    );
    return Version;
  });
}

export function deleteOverride(ssm: SSMClient, name: string): Promise<Seen<undefined>> {
  return see('ssm:DeleteParameter', async () => {
    await ssm.send(new DeleteParameterCommand({ Name: name }));
    return undefined;
  });
}
