/** Secrets from Parameter Store, kept for a minute. */
import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { type ClientConfig, settings } from '../aws/settings.ts';

/** The IAM action; that of the key is kms:Decrypt, and of a secret in Secrets Manager secretsmanager:GetSecretValue. */
export const readPermission = 'ssm:GetParameter';

export function ssmClient(config: ClientConfig): SSMClient {
  return new SSMClient(settings(config));
}

const kept = 60_000;

/**
 * @param name of a SecureString parameter, or `/aws/reference/secretsmanager/NAME` for a secret in Secrets Manager.
 *   Source: AWS Systems Manager User Guide, "Referencing AWS Secrets Manager secrets from Parameter Store parameters".
 * @returns reads the value, at most once a minute. It rejects with what the SDK throws.
 */
export function secretReader(client: SSMClient, name: string, now: () => number): () => Promise<string> {
  let held: { readonly value: string; readonly until: number } | undefined;
  return async () => {
    if (held !== undefined && now() < held.until) return held.value;
    const answer = await client.send(new GetParameterCommand({ Name: name, WithDecryption: true }));
    const value = answer.Parameter?.Value;
    if (value === undefined) throw new TypeError(`the parameter ${name} has no value`);
    held = { value, until: now() + kept };
    return value;
  };
}
