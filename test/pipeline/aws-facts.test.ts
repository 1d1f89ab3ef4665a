import {
  DescribeInstancesCommand,
  DescribeInstanceTypesCommand,
  DescribeVolumesCommand,
  type Instance,
} from '@aws-sdk/client-ec2';
import { DescribeKeyCommand, GetKeyPolicyCommand } from '@aws-sdk/client-kms';
import { describe, expect, it } from 'vitest';
import { Cache } from '../../lib/aws/facts/lookups.ts';
import { AwsFacts } from '../../lib/pipeline/aws-facts.ts';
import {
  account,
  ec2Error,
  instance,
  key,
  keyArn,
  kmsError,
  mockAws,
  numbered,
  region,
  start,
  volume,
} from './gathering.ts';

type Aws = ReturnType<typeof mockAws>;

/** Answers DescribeInstances and DescribeInstanceTypes as EC2 does, for the instances that exist. */
function withInstances(aws: Aws, exists: (id: string) => boolean = () => true): void {
  aws.ec2.on(DescribeInstancesCommand).callsFake(({ InstanceIds, Filters }) => {
    const asked: readonly string[] = InstanceIds ?? Filters[0].Values;
    const missing = asked.filter((id) => !exists(id));
    if (InstanceIds !== undefined && missing.length > 0) {
      throw ec2Error('InvalidInstanceID.NotFound', `The instance IDs '${missing.join(', ')}' do not exist`);
    }
    const found = asked.filter(exists).map(
      (id): Instance => ({
        InstanceId: id,
        InstanceType: id.endsWith('1') ? 'm5.large' : 'm6i.large',
      }),
    );
    return { Reservations: [{ Instances: found }] };
  });
  aws.ec2.on(DescribeInstanceTypesCommand).callsFake(({ InstanceTypes }) => ({
    InstanceTypes: InstanceTypes.map((name: string) => ({
      InstanceType: name,
      NetworkInfo: { EncryptionInTransitSupported: name !== 'm5.large' },
    })),
  }));
}

describe('gathering', () => {
  it('gives the facts in the order of the requests', async () => {
    const aws = mockAws();
    withInstances(aws);
    const facts = await aws.gather(
      [2, 1].map((n) => ({ resource: instance(numbered('i', n)), facts: ['ec2.instance'] })),
    );
    expect(facts.map((each) => each['ec2.instance'])).toMatchObject([
      { known: true, value: { instanceType: 'm6i.large' } },
      { known: true, value: { instanceType: 'm5.large' } },
    ]);
  });

  it('names the call and its time as the source', async () => {
    const aws = mockAws();
    withInstances(aws);
    expect(await aws.read(instance('i-1'), 'ec2.instance')).toMatchObject({
      source: { kind: 'api', call: 'DescribeInstances', at: start },
    });
  });

  it('makes few calls for 10 events of 100 instances each', async () => {
    const aws = mockAws();
    withInstances(aws);
    const facts = await aws.gather(
      Array.from({ length: 1_000 }, (_, n) => ({
        resource: instance(numbered('i', n)),
        facts: ['ec2.instance', 'ec2.instanceType'],
      })),
    );
    expect(facts.filter((each) => each['ec2.instanceType']?.known)).toHaveLength(1_000);
    expect(aws.calls().toSorted()).toEqual([
      'ec2:DescribeInstanceTypes',
      ...Array.from({ length: 5 }, () => 'ec2:DescribeInstances'),
    ]);
  });

  it('asks for a resource once, however many facts and requests need it', async () => {
    const aws = mockAws();
    aws.kms.on(DescribeKeyCommand).resolves({ KeyMetadata: { KeyId: key.id, KeyState: 'Enabled' } });
    await aws.gather([
      { resource: key, facts: ['kms.key', 'kms.keyState'] },
      { resource: key, facts: ['kms.keyState'] },
    ]);
    expect(aws.calls()).toEqual(['kms:DescribeKey']);
  });

  it('asks each account and Region on its own', async () => {
    const aws = mockAws();
    withInstances(aws);
    await aws.gather(
      [account, '444455556666'].flatMap((owner) =>
        [region, 'eu-west-1'].map((where) => ({
          resource: { ...instance('i-1'), account: owner, region: where },
          facts: ['ec2.instance'] as const,
        })),
      ),
    );
    expect(aws.asked.toSorted()).toEqual([
      '111122223333/eu-west-1',
      '111122223333/us-east-1',
      '444455556666/eu-west-1',
      '444455556666/us-east-1',
    ]);
  });

  it.each([
    { account: 'unknown' },
    { region: 'unknown' },
    { region: 'us-east-1.example.com' },
    { region: '' },
  ])('reads nothing without an account and Region: %j', async (accountRegion) => {
    const aws = mockAws();
    expect(await aws.read({ ...key, ...accountRegion }, 'kms.key')).toMatchObject({ reason: 'unreadable' });
    expect(aws.asked).toEqual([]);
  });

  it('reads all pages', async () => {
    const aws = mockAws();
    aws.ec2
      .on(DescribeInstancesCommand)
      .resolvesOnce({
        Reservations: [{ Instances: [{ InstanceId: 'i-a', InstanceType: 'm5.large' }] }],
        NextToken: 'more',
      })
      .resolves({ Reservations: [{ Instances: [{ InstanceId: 'i-b', InstanceType: 'm5.xlarge' }] }] });
    const facts = await aws.gather(
      ['i-a', 'i-b'].map((id) => ({ resource: instance(id), facts: ['ec2.instance'] })),
    );
    expect(facts.map((each) => each['ec2.instance']?.known)).toEqual([true, true]);
    expect(aws.ec2.call(1).args[0].input).toMatchObject({ NextToken: 'more', InstanceIds: ['i-a', 'i-b'] });
  });

  it('rejects when asked for a fact that it was given no reader of', async () => {
    const provider = new AwsFacts({
      readers: {},
      clients: () => {
        throw new Error('no call is to be made');
      },
      now: () => new Date(start),
      wait: async () => undefined,
    });
    await expect(provider.gather([{ resource: key, facts: ['kms.key'] }])).rejects.toThrow(/kms\.key/);
  });

  it('rejects for an error of the code, and does not call it unknown', async () => {
    const aws = mockAws();
    aws.ec2.on(DescribeInstancesCommand).callsFake(() => {
      throw new TypeError('undefined is not a function');
    });
    await expect(aws.read(instance('i-1'), 'ec2.instance')).rejects.toThrow(TypeError);
  });

  it('makes at most 8 calls at a time', async () => {
    const aws = mockAws();
    let running = 0;
    let most = 0;
    aws.kms.on(DescribeKeyCommand).callsFake(async ({ KeyId }) => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setImmediate(resolve));
      running -= 1;
      return { KeyMetadata: { KeyId, KeyState: 'Enabled' } };
    });
    await aws.gather(
      Array.from({ length: 50 }, (_, n) => ({
        resource: { ...key, arn: `${keyArn}${n}` },
        facts: ['kms.keyState'],
      })),
    );
    expect([aws.calls().length, most]).toEqual([50, 8]);
  });
});

describe('a resource that is not there', () => {
  it('costs the others of its batch one more call, and no answer', async () => {
    const aws = mockAws();
    withInstances(aws, (id) => id !== 'i-bad');
    const facts = await aws.gather(
      ['i-1', 'i-bad', 'i-2'].map((id) => ({
        resource: instance(id),
        facts: ['ec2.instance'],
        mayBeDeleted: true,
      })),
    );
    expect(facts.map((each) => each['ec2.instance'])).toMatchObject([
      { known: true },
      { known: false, reason: 'deleted', detail: expect.stringContaining('i-bad') },
      { known: true },
    ]);
    expect(aws.calls()).toEqual(['ec2:DescribeInstances', 'ec2:DescribeInstances']);
  });

  it('is waited for, alone', async () => {
    const aws = mockAws();
    withInstances(aws, (id) => id !== 'i-late' || aws.waits.length >= 2);
    const facts = await aws.gather(
      ['i-1', 'i-late'].map((id) => ({ resource: instance(id), facts: ['ec2.instance'] })),
    );
    expect(facts.map((each) => each['ec2.instance']?.known)).toEqual([true, true]);
    expect(aws.ec2.calls().map(({ args: [command] }) => command.input)).toMatchObject([
      { InstanceIds: ['i-1', 'i-late'] },
      { Filters: [{ Name: 'instance-id', Values: ['i-1', 'i-late'] }] },
      { Filters: [{ Name: 'instance-id', Values: ['i-late'] }] },
      { Filters: [{ Name: 'instance-id', Values: ['i-late'] }] },
    ]);
  });

  it('is waited for no longer than 10 seconds, over all that is missing', async () => {
    const aws = mockAws();
    withInstances(aws, () => false);
    aws.ec2.on(DescribeVolumesCommand).resolves({ Volumes: [] });
    aws.kms.on(DescribeKeyCommand).rejects(kmsError('NotFoundException', 'no such key'));
    const facts = await aws.gather([
      { resource: instance('i-1'), facts: ['ec2.instance', 'ec2.instanceType'] },
      { resource: volume('vol-1'), facts: ['ec2.volumeEncryption'] },
      { resource: key, facts: ['kms.keyState'] },
    ]);
    expect(facts.flatMap((each) => Object.values(each))).toMatchObject(
      Array.from({ length: 4 }, () => ({ reason: 'deleted' })),
    );
    // Each of the three is waited for on its own, and the clock of this test adds up what runs side by side.
    expect(aws.waits.reduce((sum, wait) => sum + wait, 0)).toBeLessThanOrEqual(10_000);
  });

  it('is not waited for when it may be deleted', async () => {
    const aws = mockAws();
    withInstances(aws, () => false);
    await aws.gather([{ resource: instance('i-1'), facts: ['ec2.instance'], mayBeDeleted: true }]);
    expect(aws.waits).toEqual([]);
  });

  it.each(['i-*', 'i-?1', ''])('is never asked for by an id that would match others: %j', async (id) => {
    const aws = mockAws();
    withInstances(aws);
    expect(await aws.read(instance(id), 'ec2.instance')).toMatchObject({ reason: 'deleted' });
    expect(aws.calls()).toEqual([]);
  });
});

describe('an answer that AWS does not give', () => {
  const encoded = 'You are not authorized. Encoded authorization failure message: x4vWkzT';

  it.each([
    ['UnauthorizedOperation', encoded, 'denied', 'ec2:DescribeInstances was denied (You are not authorized)'],
    [
      'AuthFailure',
      'not able to validate',
      'denied',
      'ec2:DescribeInstances was denied (not able to validate)',
    ],
    [
      'RequestLimitExceeded',
      'Request limit exceeded.',
      'throttled',
      expect.stringContaining('ec2:DescribeInstances'),
    ],
    [
      'InternalError',
      'An internal error',
      'failed',
      'ec2:DescribeInstances failed with InternalError (An internal error)',
    ],
  ])('is unknown, with its reason: %s', async (code, message, reason, detail) => {
    const aws = mockAws();
    aws.ec2.on(DescribeInstancesCommand).rejects(ec2Error(code, message));
    expect(await aws.read(instance('i-1'), 'ec2.instance')).toEqual({ known: false, reason, detail });
    expect(aws.waits).toEqual([]);
  });

  it('is unknown where AWS is not reached, with what Node says', async () => {
    const aws = mockAws();
    const refused = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:9'), { $metadata: {} });
    aws.ec2.on(DescribeInstancesCommand).rejects(refused);
    expect(await aws.read(instance('i-1'), 'ec2.instance')).toMatchObject({
      detail: 'ec2:DescribeInstances failed with Error (connect ECONNREFUSED 127.0.0.1:9)',
    });
  });

  it('is unknown where there are no credentials for the account', async () => {
    const provider = new AwsFacts({
      readers: (await import('../../lib/services/readers.ts')).readers,
      clients: () => {
        throw Object.assign(new Error('no role to assume in 444455556666'), {
          name: 'CredentialsProviderError',
        });
      },
      now: () => new Date(start),
      wait: async () => undefined,
    });
    const [facts] = await provider.gather([{ resource: key, facts: ['kms.keyPolicy'] }]);
    expect(facts?.['kms.keyPolicy']).toMatchObject({
      reason: 'denied',
      detail: expect.stringContaining('444455556666'),
    });
  });

  it('leaves what another call answers', async () => {
    const aws = mockAws();
    aws.kms.on(DescribeKeyCommand).resolves({ KeyMetadata: { KeyId: key.id, KeyManager: 'CUSTOMER' } });
    aws.kms.on(GetKeyPolicyCommand).rejects(kmsError('AccessDeniedException', 'no'));
    const [facts] = await aws.gather([{ resource: key, facts: ['kms.key', 'kms.keyPolicy'] }]);
    expect(facts).toMatchObject({ 'kms.key': { known: true }, 'kms.keyPolicy': { reason: 'denied' } });
  });
});

describe('instance types', () => {
  it('are asked for once in the life of a cache', async () => {
    const cache = new Cache();
    const [first, second] = [mockAws(cache), mockAws(cache)];
    for (const aws of [first, second]) {
      withInstances(aws);
      await aws.read(instance('i-1'), 'ec2.instanceType');
    }
    expect([first.calls(), second.calls()]).toEqual([
      ['ec2:DescribeInstances', 'ec2:DescribeInstanceTypes'],
      ['ec2:DescribeInstances'],
    ]);
  });

  it('are known from the shipped snapshot where AWS does not return them, and the source says why', async () => {
    const aws = mockAws();
    withInstances(aws);
    aws.ec2.on(DescribeInstanceTypesCommand).rejects(ec2Error('UnauthorizedOperation', 'no'));
    expect(await aws.read(instance('i-1'), 'ec2.instanceType')).toMatchObject({
      value: { instanceType: 'm5.large', encryptionInTransitSupported: false },
      source: { kind: 'snapshot', name: 'instance types, because ec2:DescribeInstanceTypes was denied (no)' },
    });
  });

  it('are asked for again after the snapshot had to answer', async () => {
    const cache = new Cache();
    const [denied, allowed] = [mockAws(cache), mockAws(cache)];
    withInstances(denied);
    denied.ec2.on(DescribeInstanceTypesCommand).rejects(ec2Error('UnauthorizedOperation', 'no'));
    await denied.read(instance('i-1'), 'ec2.instanceType');
    withInstances(allowed);
    expect(await allowed.read(instance('i-1'), 'ec2.instanceType')).toMatchObject({
      source: { kind: 'api' },
    });
  });

  it('that AWS denies and the snapshot lacks are unknown because they were denied', async () => {
    const aws = mockAws();
    aws.ec2.on(DescribeInstancesCommand).resolves({
      Reservations: [{ Instances: [{ InstanceId: 'i-1', InstanceType: 'x99.large' as 'm5.large' }] }],
    });
    aws.ec2.on(DescribeInstanceTypesCommand).rejects(ec2Error('UnauthorizedOperation', 'no'));
    expect(await aws.read(instance('i-1'), 'ec2.instanceType')).toMatchObject({
      reason: 'denied',
      detail: expect.stringContaining('x99.large'),
    });
  });

  it('that do not exist cost the others no answer', async () => {
    const aws = mockAws();
    withInstances(aws);
    aws.ec2.on(DescribeInstanceTypesCommand).callsFake(({ InstanceTypes }) => {
      if (InstanceTypes !== undefined) throw ec2Error('InvalidInstanceType', 'do not exist: [m6i.large]');
      return {
        InstanceTypes: [{ InstanceType: 'm5.large', NetworkInfo: { EncryptionInTransitSupported: false } }],
      };
    });
    const facts = await aws.gather(
      ['i-1', 'i-2'].map((id) => ({ resource: instance(id), facts: ['ec2.instanceType'] })),
    );
    expect(facts.map((each) => each['ec2.instanceType'])).toMatchObject([
      { value: { instanceType: 'm5.large' }, source: { kind: 'api' } },
      { value: { instanceType: 'm6i.large' }, source: { kind: 'snapshot' } },
    ]);
  });
});
