/**
 * The calls that a function can make, as its bundle tells: the commands of the SDK that it holds. Nothing of what roles are
 * derived from is asked.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { EC2Client } from '@aws-sdk/client-ec2';
import { bundleFunction } from '../../deploy/bundle.ts';
import { makeClients } from '../../lib/services/clients.ts';

/** What IAM asks for a command that has no action of its own name. Source: Service Authorization Reference. */
const actions: Readonly<Record<string, readonly string[]>> = {
  // "TransactWriteItems needs the permissions of what it holds": the state table only puts.
  'dynamodb:TransactWriteItems': ['dynamodb:PutItem'],
  'sqs:ChangeMessageVisibilityBatch': ['sqs:ChangeMessageVisibility'],
  'sqs:SendMessageBatch': ['sqs:SendMessage'],
  // The SDK calls it where endpoint discovery is switched on, which it is not by default.
  'dynamodb:DescribeEndpoints': [],
};

/** The prefixes of IAM actions, by the SDK's package: a client is named by the one, and signs with the other. */
const prefixes = new Map(
  Object.values({ ...makeClients({ region: 'us-east-1' }) }).map((client) => {
    // All clients have the same kind of configuration, of types that have nothing in common.
    const { serviceId, defaultSigningName } = (client as EC2Client).config;
    return [serviceId.toLowerCase().replaceAll(' ', '-'), defaultSigningName];
  }),
);

const anyPolicy = path.join(import.meta.dirname, '..', '..', 'trailseal.policy.yml');

/**
 * @param entry the function's file, `functions/scan.ts`.
 * @returns the IAM actions, each once, in alphabetical order.
 */
export async function actionsOf(entry: string): Promise<readonly string[]> {
  const folder = mkdtempSync(path.join(tmpdir(), 'trailseal-commands-'));
  try {
    const { inputs } = await bundleFunction(entry, folder, anyPolicy);
    const held = [...inputs].filter(([, bytes]) => bytes > 0).map(([file]) => file);
    const calls = held.flatMap((file) => {
      const [, service, operation] =
        /@aws-sdk\/client-([^/]+)\/dist-es\/commands\/(\w+)Command\.js$/.exec(file) ?? [];
      return service === undefined || operation === undefined
        ? []
        : [`${prefixes.get(service) ?? service}:${operation}`];
    });
    return [...new Set(calls.flatMap((call) => actions[call] ?? [call]))].sort();
  } finally {
    rmSync(folder, { recursive: true });
  }
}
