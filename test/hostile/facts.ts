/** AWS as nobody would have it: it answers at random, and what it answers holds what its customers wrote. */
import type { FactName, Facts, Resource } from '../../lib/core/control.ts';
import type { CurrentResource, FactRequest, LiveFactProvider } from '../../lib/core/fact-provider.ts';
import { known, type UnknownReason, unknownFact } from '../../lib/core/facts.ts';
import { defaultKeyPolicy, parseKeyPolicy } from '../../lib/iam/document.ts';
import { controlPlaneLogs } from '../../lib/services/eks/facts.ts';
import type { Random } from '../../scripts/sample/random.ts';

const source = { kind: 'api', call: 'Describe<b>', at: '2026-03-01T12:00:00.000Z' } as const;

const words = [
  'm6i.large',
  'p4d.24xlarge',
  '1.27',
  '1.31',
  'arn:aws:kms:us-east-1:111122223333:key/1f0c8a52-3d1e-4b7a-9c45-8e2b6a7d9f31',
  'arn:aws:iam::444455556666:role/app',
  '0.0.0.0/0',
  '\u001b[31m<script>\u202e',
  '__proto__',
  '\ud800\uffff\u0000',
  'y'.repeat(2_000),
  '<!channel>',
  '',
];

const reasons: readonly UnknownReason[] = [
  'denied',
  'throttled',
  'failed',
  'not-found',
  'absent',
  'unreadable',
  'not-ready',
  'deleted',
];

const policies: readonly unknown[] = [
  { Statement: [{ Sid: '\u001b[31m"<b>', Effect: 'Allow', Principal: '*', Action: 'kms:*', Resource: '*' }] },
  {
    Statement: {
      Effect: 'Allow',
      Principal: { AWS: ['__proto__', 'arn:aws:iam::444455556666:root', '\ud800'] },
      NotAction: '*',
      Resource: '*',
      Condition: { StringEquals: { '\u0000kms:CallerAccount': '111122223333' } },
    },
  },
  { Statement: [] },
];

type Values = { readonly [Name in FactName]: Extract<Facts[Name], { readonly known: true }>['value'] };
type Makers = { readonly [Name in FactName]: (random: Random, resource: Resource) => Values[Name] };

const word = (random: Random) => random.pick(words);
const flag = (random: Random) => random.below(2) === 0;
const some = (random: Random) => Array.from({ length: random.below(4) }, () => word(random));
const maybe = <T>(random: Random, value: T): T | null => (flag(random) ? value : null);
const key = (random: Random) => ({ arn: word(random), manager: random.pick(['AWS', 'CUSTOMER'] as const) });
const type = (random: Random) => ({ instanceType: word(random), encryptionInTransitSupported: flag(random) });

const makers: Makers = {
  'ec2.instance': (random) => ({ instanceType: word(random) }),
  'ec2.instanceType': type,
  'ec2.volumeEncryption': (random) => ({ encrypted: flag(random), shownBy: 'aws' }),
  'ec2.volumeKey': key,
  'ec2.ebsDefaultEncryption': flag,
  'ec2.ebsDefaultKey': key,
  'ec2.snapshotSharing': (random) => ({ sharedWith: some(random), coverage: 'complete' }),
  'ec2.snapshotEncryption': flag,
  'ec2.launchTemplateVersion': word,
  'ec2.launchTemplateType': (random) => ({ instanceType: word(random), byRequirements: flag(random) }),
  'ec2.launchTemplateVolumes': (random) =>
    some(random).map((device) => ({ device, encrypted: flag(random), kmsKeyId: word(random) })),
  'eks.version': word,
  'eks.secretsEncryption': (random) => ({ key: maybe(random, word(random)) }),
  'eks.endpointPublicAccess': flag,
  'eks.publicAccessCidrs': some,
  'eks.logging': (random) => Object.fromEntries(controlPlaneLogs.map((log) => [log, flag(random)])),
  'eks.nodegroup': (random) => ({ instanceTypes: some(random), namedBy: 'node group' }),
  'eks.nodegroupTypes': (random) =>
    some(random).map((instanceType) => ({ instanceType, support: known(type(random), source) })),
  'kms.key': (random) => ({
    origin: maybe(random, random.pick(['AWS_KMS', 'EXTERNAL', word(random)])),
    keySpec: maybe(random, random.pick(['SYMMETRIC_DEFAULT', word(random)])),
    keyUsage: maybe(random, word(random)),
    keyManager: maybe(random, random.pick(['CUSTOMER', 'AWS'])),
    customKeyStoreId: maybe(random, word(random)),
    multiRegionKeyType: maybe(random, 'REPLICA' as const),
  }),
  'kms.keyState': (random) => ({
    keyState: random.pick(['Enabled', 'Disabled', 'PendingDeletion', word(random)]),
    pendingWindowInDays: maybe(random, random.below(31)),
    deletionDate: maybe(random, word(random)),
    changedBy: maybe(random, word(random)),
  }),
  'kms.rotation': (random) => ({ enabled: flag(random), rotationPeriodInDays: maybe(random, 400) }),
  'kms.keyPolicy': (random, { arn, account }) => {
    const parsed = parseKeyPolicy(random.pick(policies));
    return parsed.ok && flag(random)
      ? { policy: parsed.policy, isDefault: false }
      : { policy: defaultKeyPolicy(arn, account), isDefault: true };
  },
  'kms.grant': (random) => ({
    status: random.pick(['ACTIVE', 'REVOKED', 'RETIRED'] as const),
    granteePrincipal: maybe(random, word(random)),
    granteeServicePrincipal: maybe(random, word(random)),
    retiringPrincipal: maybe(random, word(random)),
    operations: some(random),
    constraints: some(random),
  }),
  'kms.keyMaterial': (random) => ({
    missing: some(random).map((keyMaterialId) => ({ keyMaterialId, because: 'EXPIRED' as const })),
    expirationModel: maybe(random, word(random)),
    validTo: maybe(random, word(random)),
  }),
};

function randomTags(random: Random): Readonly<Record<string, string>> {
  const exempt = random.pick([
    '2027-01-31 load test',
    '9999-99-99 x',
    `2026-06-01 ${word(random)}`,
    word(random),
  ]);
  return Object.fromEntries([
    [word(random), word(random)],
    ['trailseal:exempt', exempt],
  ]);
}

/** Most of the time AWS knows the resource; else it was deleted, or no answer comes. */
export function randomFacts(random: Random): LiveFactProvider {
  const factsOf = ({ resource, facts }: FactRequest): Partial<Facts> => {
    const alike = random.below(4) === 0 ? random.pick(reasons) : undefined;
    return Object.fromEntries(
      facts.map((name) => {
        const reason = alike ?? (random.below(8) === 0 ? random.pick(reasons) : undefined);
        const fact =
          reason === undefined
            ? known(makers[name](random, resource), source)
            : unknownFact(reason, `AWS says ${word(random)} of ${resource.id}`);
        return [name, fact];
      }),
    );
  };
  const looked = (request: FactRequest): readonly CurrentResource[] => {
    const { resource } = request;
    const tags = random.below(3) === 0 ? { tags: randomTags(random) } : {};
    if (resource.type !== 'AwsEc2Volume' || resource.id.startsWith('vol-') || random.below(2) === 0) {
      return [{ resource: { ...resource, ...tags }, facts: factsOf(request) }];
    }
    return [1, 2].map((nth) => {
      const volume = { ...resource, id: `vol-000000000000000${nth}`, ...tags };
      return { resource: volume, facts: factsOf({ ...request, resource: volume }) };
    });
  };
  return { look: async (requests) => requests.map(looked) };
}
