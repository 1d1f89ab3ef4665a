import { describe, expect, it } from 'vitest';
import type { Facts, Resource, ResourceType } from '../../lib/core/control.ts';
import { type Fact, known, type Source, unknownFact } from '../../lib/core/facts.ts';
import { detailsOf as detailsOfType } from '../../lib/findings/asff-resource.ts';
import { defaultKeyPolicy } from '../../lib/iam/document.ts';
import { resourceTypeOf } from '../../lib/services/catalogue.ts';

const source: Source = { kind: 'api', call: 'Describe', at: '2026-11-21T10:00:00.000Z' };
const keyId = '1234abcd-12ab-34cd-56ef-1234567890ab';
const keyArn = `arn:aws:kms:eu-central-1:111122223333:key/${keyId}`;
const clusterArn = 'arn:aws:eks:eu-central-1:111122223333:cluster/prod';
const denied = unknownFact('denied', 'the call was denied');

function of(type: ResourceType, id: string, arn = `arn:aws:x:eu-central-1:111122223333:${id}`): Resource {
  return { type, id, arn, account: '111122223333', region: 'eu-central-1' };
}

function is<T>(value: T): Fact<T> {
  return known(value, source);
}

const cases: readonly [string, Resource, Partial<Facts>, object][] = [
  [
    'an instance',
    of('AwsEc2Instance', 'i-0abc'),
    {
      'ec2.instance': is({ instanceType: 'm5.large' }),
      'ec2.instanceType': is({ instanceType: 'm5.large', encryptionInTransitSupported: false }),
    },
    { AwsEc2Instance: { Type: 'm5.large' }, Other: { encryptionInTransitSupported: 'false' } },
  ],
  [
    'a volume',
    of('AwsEc2Volume', 'vol-0abc'),
    {
      'ec2.volumeEncryption': is({ encrypted: true, shownBy: 'aws' as const }),
      'ec2.volumeKey': is({ arn: keyArn, manager: 'CUSTOMER' as const }),
    },
    {
      AwsEc2Volume: { VolumeId: 'vol-0abc', Encrypted: true, KmsKeyId: keyArn },
      Other: { encryptionShownBy: 'aws', keyManager: 'CUSTOMER' },
    },
  ],
  [
    'a volume that goes by its instance and device',
    of('AwsEc2Volume', 'i-0abc:/dev/sdb'),
    { 'ec2.volumeEncryption': is({ encrypted: false, shownBy: 'request' as const }) },
    {
      AwsEc2Volume: { DeviceName: '/dev/sdb', Encrypted: false },
      Other: { encryptionShownBy: 'request' },
    },
  ],
  [
    'the EBS defaults of an account',
    of('AwsAccount', '111122223333'),
    { 'ec2.ebsDefaultEncryption': is(false), 'ec2.ebsDefaultKey': is({ arn: keyArn }) },
    { Other: { ebsEncryptionByDefault: 'false', ebsDefaultKmsKeyId: keyArn } },
  ],
  [
    'a snapshot that is shared',
    of('AwsEc2Snapshot', 'snap-0abc'),
    {
      'ec2.snapshotEncryption': is(false),
      'ec2.snapshotSharing': is({ sharedWith: ['all', '444455556666'], coverage: 'complete' as const }),
    },
    { Other: { encrypted: 'false', sharedWith: 'all, 444455556666', sharingCoverage: 'complete' } },
  ],
  [
    'a snapshot that is not shared',
    of('AwsEc2Snapshot', 'snap-0abc'),
    { 'ec2.snapshotSharing': is({ sharedWith: [], coverage: 'complete' as const }) },
    { Other: { sharedWith: 'nobody', sharingCoverage: 'complete' } },
  ],
  [
    'a launch template',
    of('AwsEc2LaunchTemplate', 'lt-0abc'),
    {
      'ec2.launchTemplateVersion': is('7'),
      'ec2.launchTemplateType': is({ instanceType: 'm5.large', byRequirements: false }),
      'ec2.launchTemplateVolumes': is([{ device: '/dev/sda1', encrypted: false }, { device: '/dev/sdb' }]),
    },
    {
      AwsEc2LaunchTemplate: {
        Id: 'lt-0abc',
        LatestVersionNumber: 7,
        LaunchTemplateData: {
          InstanceType: 'm5.large',
          BlockDeviceMappingSet: [
            { DeviceName: '/dev/sda1', Ebs: { Encrypted: false } },
            { DeviceName: '/dev/sdb' },
          ],
        },
      },
      Other: { instanceTypeByRequirements: 'false' },
    },
  ],
  [
    'a cluster',
    of('AwsEksCluster', 'prod', clusterArn),
    {
      'eks.version': is('1.31'),
      'eks.secretsEncryption': is({ key: null }),
      'eks.endpointPublicAccess': is(true),
      'eks.publicAccessCidrs': is(['203.0.113.0/24', '198.51.100.0/24']),
      'eks.logging': is({ api: true, audit: false, authenticator: true }),
    },
    {
      AwsEksCluster: {
        Name: 'prod',
        Arn: clusterArn,
        Version: '1.31',
        ResourcesVpcConfig: { EndpointPublicAccess: true },
        Logging: {
          ClusterLogging: [
            { Enabled: true, Types: ['api', 'authenticator'] },
            { Enabled: false, Types: ['audit'] },
          ],
        },
      },
      Other: { secretsEncryptionKey: 'none', publicAccessCidrs: '203.0.113.0/24, 198.51.100.0/24' },
    },
  ],
  [
    'a node group',
    of('AwsEksNodegroup', 'prod/workers'),
    {
      'eks.nodegroup': is({ instanceTypes: ['m5.large', 'm6i.large'], namedBy: 'node group' as const }),
      'eks.nodegroupTypes': is([
        {
          instanceType: 'm5.large',
          support: is({ instanceType: 'm5.large', encryptionInTransitSupported: false }),
        },
        { instanceType: 'm6i.large', support: denied },
      ]),
    },
    {
      Other: {
        clusterName: 'prod',
        nodegroupName: 'workers',
        instanceTypes: 'm5.large, m6i.large',
        instanceTypesNamedBy: 'node group',
        withoutEncryptionInTransit: 'm5.large',
      },
    },
  ],
  [
    'a key',
    of('AwsKmsKey', keyId, keyArn),
    {
      'kms.key': is({
        origin: 'AWS_KMS',
        keySpec: 'SYMMETRIC_DEFAULT',
        keyUsage: 'ENCRYPT_DECRYPT',
        keyManager: 'CUSTOMER',
        customKeyStoreId: null,
        multiRegionKeyType: 'NONE' as const,
      }),
      'kms.keyState': is({
        keyState: 'PendingDeletion',
        pendingWindowInDays: 7,
        deletionDate: '2026-11-28T10:00:00.000Z',
        changedBy: null,
      }),
      'kms.rotation': is({ enabled: false, rotationPeriodInDays: null }),
      'kms.keyPolicy': is({ policy: defaultKeyPolicy(keyArn, '111122223333'), isDefault: true }),
    },
    {
      AwsKmsKey: {
        AWSAccountId: '111122223333',
        KeyId: keyId,
        KeyManager: 'CUSTOMER',
        KeyState: 'PendingDeletion',
        Origin: 'AWS_KMS',
        KeyRotationStatus: false,
      },
      Other: {
        keySpec: 'SYMMETRIC_DEFAULT',
        keyUsage: 'ENCRYPT_DECRYPT',
        multiRegionKeyType: 'NONE',
        deletionDate: '2026-11-28T10:00:00.000Z',
        pendingWindowInDays: '7',
        policyIsDefault: 'true',
      },
    },
  ],
  [
    'a grant',
    of('AwsKmsGrant', `${keyId}/grant-1`, keyArn),
    {
      'kms.grant': is({
        status: 'ACTIVE' as const,
        granteePrincipal: 'arn:aws:iam::444455556666:role/app',
        granteeServicePrincipal: null,
        retiringPrincipal: null,
        operations: ['Decrypt', 'CreateGrant'],
        constraints: [],
      }),
    },
    {
      Other: {
        keyId,
        grantId: 'grant-1',
        status: 'ACTIVE',
        granteePrincipal: 'arn:aws:iam::444455556666:role/app',
        operations: 'Decrypt, CreateGrant',
      },
    },
  ],
];

const detailsOf = (resource: Resource, facts: Partial<Facts>) =>
  detailsOfType(resourceTypeOf(resource.type), resource, facts);

describe('the details of', () => {
  it.each(cases)('%s are what the facts say', (_what, resource, facts, expected) => {
    expect(detailsOf(resource, facts)).toEqual(expected);
  });

  it('any resource come back from JSON as they were, for the state table keeps them so', () => {
    for (const [, resource, facts] of cases) {
      const details = detailsOf(resource, facts);
      expect(JSON.parse(JSON.stringify(details))).toEqual(details);
    }
  });

  it('a resource leave out what is not known', () => {
    const facts: Partial<Facts> = {
      'ec2.instance': is({ instanceType: 'm5.large' }),
      'ec2.instanceType': denied,
    };
    expect(detailsOf(of('AwsEc2Instance', 'i-0abc'), facts)).toEqual({
      AwsEc2Instance: { Type: 'm5.large' },
    });
  });

  it('a resource of which nothing is known are none, so that earlier ones stay', () => {
    expect(detailsOf(of('AwsEc2Volume', 'vol-0abc'), { 'ec2.volumeKey': denied })).toBeUndefined();
  });

  it('a snapshot shared with very many stay within what ASFF takes', () => {
    const sharedWith = Array.from({ length: 1_000 }, () => '444455556666');
    const facts: Partial<Facts> = {
      'ec2.snapshotSharing': is({ sharedWith, coverage: 'complete' as const }),
    };
    expect(detailsOf(of('AwsEc2Snapshot', 'snap-0abc'), facts)).toMatchObject({
      Other: { sharedWith: expect.stringMatching(/^.{1022}…$/) },
    });
  });
});
