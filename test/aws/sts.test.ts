/** Sessions of another role: how long their credentials are kept, and who shares them. */
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it } from 'vitest';
import { roleSession } from '../../lib/aws/sts.ts';

const sts = mockClient(STSClient);
const role = 'arn:aws:iam::111122223333:role/KmsWriteRole';
const session = { name: 'run.enable-key', actions: ['kms:DescribeKey', 'kms:EnableKey'] };
const minute = 60_000;
let now = 0;

/** Each answer of STS lasts for a quarter of an hour. */
function answer() {
  sts.on(AssumeRoleCommand).callsFake(async () => ({
    Credentials: {
      AccessKeyId: `key-${sts.calls().length}`,
      SecretAccessKey: 'secret',
      SessionToken: 'token',
      Expiration: new Date(now + 15 * minute),
    },
  }));
}

function provider() {
  answer();
  return roleSession(new STSClient({ region: 'eu-central-1' }), role, session, () => now);
}

beforeEach(() => {
  sts.reset();
  now = Date.parse('2026-11-30T12:00:00Z');
});

describe('a session of a role', () => {
  it('is begun with its name, and for its own IAM actions alone, when it is first needed', async () => {
    const credentials = provider();
    expect(sts.calls()).toEqual([]);
    await credentials();
    expect(sts.call(0).args[0].input).toEqual({
      RoleArn: role,
      RoleSessionName: 'run.enable-key',
      DurationSeconds: 900,
      Policy: JSON.stringify({
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Action: session.actions, Resource: '*' }],
      }),
    });
  });

  it('is shared by all who ask, also at the same time', async () => {
    const credentials = provider();
    const ids = await Promise.all([credentials(), credentials(), credentials()]);
    expect(new Set(ids.map(({ accessKeyId }) => accessKeyId)).size).toBe(1);
    expect((await credentials()).accessKeyId).toBe(ids[0]?.accessKeyId);
  });

  it('is begun again when its credentials are about to expire', async () => {
    const credentials = provider();
    const first = await credentials();
    now += 9 * minute;
    expect(await credentials()).toBe(first);
    now += 2 * minute;
    expect((await credentials()).accessKeyId).not.toBe(first.accessKeyId);
  });

  it('that STS refused is asked for again', async () => {
    const credentials = provider();
    sts.on(AssumeRoleCommand).rejects(new Error('AccessDenied'));
    await expect(credentials()).rejects.toThrow('AccessDenied');
    answer();
    expect((await credentials()).secretAccessKey).toBe('secret');
  });
});
