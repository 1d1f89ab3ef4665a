/** Failing keys and grants. */
import {
  CreateKeyCommand,
  DescribeKeyCommand,
  GetKeyPolicyCommand,
  GetKeyRotationStatusCommand,
  ListGrantsCommand,
  PutKeyPolicyCommand,
  ScheduleKeyDeletionCommand,
} from '@aws-sdk/client-kms';
import { expect } from 'vitest';
import { tableName } from '../../lib/aws/names.ts';
import { dynamodbClient } from '../../lib/aws/sdk.ts';
import type { Resource } from '../../lib/core/control.ts';
import { DynamoMemory } from '../../lib/findings/state/memory.ts';
import { goodKeyPolicy, keyWasEnabled } from '../../lib/services/kms/memory.ts';
import { eventually, stack } from './deployed-stack.ts';
import { account, region } from './emulated-aws.ts';
import type { FailingCase } from './failing-cases.ts';
import { arnOfKey, stage } from './remediation-deployment.ts';
import { createKey, grantToExternalPrincipal } from './resources.ts';
import { event, put, required } from './stack.ts';

/** The ids of keys and of a grant in the samples. */
const sampleKey = '1f0c8a52-3d1e-4b7a-9c45-8e2b6a7d9f31';
const otherSampleKey = '7c4e2b90-5a66-4f0d-b1c8-3e9d2f4a6b57';
const sampleGrant = '7c1d2b90e5a664f0db1c83e9d2f4a6b57e2965a7b81c34d0f9b3e6f7a2c1d450';

/** What the state table remembers about keys. */
const memory = new DynamoMemory({
  client: dynamodbClient({ region }),
  table: tableName(stage),
  wait: async () => undefined,
  random: Math.random,
});

function keyOf(id: string): Resource {
  return { type: 'AwsKmsKey', id, arn: arnOfKey(id), account, region };
}

const own = {
  Sid: 'own',
  Effect: 'Allow',
  Principal: { AWS: `arn:aws:iam::${account}:root` },
  Action: 'kms:*',
  Resource: '*',
};
const goodPolicy = { Version: '2012-10-17', Statement: [own] };
const badPolicy = {
  Version: '2012-10-17',
  Statement: [own, { Sid: 'all', Effect: 'Allow', Principal: '*', Action: 'kms:Decrypt', Resource: '*' }],
};

export const failingKeys: readonly FailingCase[] = [
  {
    control: 'kms-key-deletion',
    action: 'fix:cancel-key-deletion',
    /** The state table knows that it was enabled: otherwise it would be left disabled. */
    async make() {
      const id = await createKey(stack);
      await put(stack, [event('kms-key-disabled/pass-enabled', { [otherSampleKey]: id })]);
      await eventually(
        async () => expect((await keyWasEnabled(memory, keyOf(id)))?.value).toBe(true),
        80_000,
      );
      await stack.kms.send(new ScheduleKeyDeletionCommand({ KeyId: id, PendingWindowInDays: 7 }));
      return id;
    },
    eventOf: (id) => event('kms-key-deletion/fail-scheduled', { [sampleKey]: id }),
    describe: async (id) =>
      (await stack.kms.send(new DescribeKeyCommand({ KeyId: id }))).KeyMetadata?.KeyState,
    before: 'PendingDeletion',
    after: 'Enabled',
    undo: 'command',
  },
  {
    control: 'kms-key-rotation',
    action: 'fix:enable-rotation',
    make: () => createKey(stack),
    eventOf: (id) => event('kms-key-rotation/fail-disabled', { [otherSampleKey]: id }),
    describe: async (id) =>
      (await stack.kms.send(new GetKeyRotationStatusCommand({ KeyId: id }))).KeyRotationEnabled,
    before: false,
    after: true,
    undo: 'restores',
  },
  {
    control: 'kms-key-policy',
    action: 'fix:restore-key-policy',
    /** The state table knows a policy that passed: otherwise there would be none to restore. */
    async make() {
      const made = await stack.kms.send(new CreateKeyCommand({ Policy: JSON.stringify(goodPolicy) }));
      const id = required(made.KeyMetadata?.KeyId, 'the key');
      await put(stack, [event('kms-key-policy/pass-confined-to-account', { [sampleKey]: id })]);
      await eventually(async () => expect(await goodKeyPolicy(memory, keyOf(id))).toBeDefined(), 80_000);
      const Policy = JSON.stringify(badPolicy);
      await stack.kms.send(new PutKeyPolicyCommand({ KeyId: id, PolicyName: 'default', Policy }));
      return id;
    },
    eventOf: (id) => event('kms-key-policy/fail-everyone', { [sampleKey]: id }),
    async describe(id) {
      const { Policy } = await stack.kms.send(new GetKeyPolicyCommand({ KeyId: id, PolicyName: 'default' }));
      return JSON.parse(required(Policy, 'the policy'));
    },
    before: badPolicy,
    after: goodPolicy,
    undo: 'restores',
  },
  {
    control: 'kms-grant',
    action: 'fix:revoke-grant',
    async make() {
      const key = await createKey(stack);
      return `${key}/${await grantToExternalPrincipal(stack, key)}`;
    },
    eventOf(id) {
      const [key = '', grant = ''] = id.split('/');
      return event('kms-grant/fail-external-role', { [sampleKey]: key, [sampleGrant]: grant });
    },
    async describe(id) {
      const [KeyId = ''] = id.split('/');
      const { Grants = [] } = await stack.kms.send(new ListGrantsCommand({ KeyId }));
      return Grants.map(({ GranteePrincipal }) => GranteePrincipal);
    },
    before: ['arn:aws:iam::444455556666:role/app'],
    after: [],
    undo: 'command',
  },
];
