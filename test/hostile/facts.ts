/** A fake AWS that answers at random, with words that a hostile customer wrote. */
import { readdirSync } from 'node:fs';
import path from 'node:path';
import type { FactName, Facts, Resource } from '../../lib/core/control.ts';
import type { CurrentResource, FactRequest, LiveFactProvider } from '../../lib/core/fact-provider.ts';
import { known, type UnknownReason, unknownFact } from '../../lib/core/facts.ts';
import { defaultKeyPolicy, parseKeyPolicy } from '../../lib/iam/document.ts';
import { Matcher } from '../../lib/pipeline/match.ts';
import { TrailFacts } from '../../lib/pipeline/trail-facts.ts';
import { controls } from '../../lib/services/catalogue.ts';
import { controlPlaneLogs } from '../../lib/services/eks/facts.ts';
import type { Random } from '../../scripts/sample/random.ts';
import { eventOf, sample } from '../evaluating.ts';

const events = path.join(import.meta.dirname, '..', '..', 'events');

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
type FactMakers = { readonly [Name in FactName]?: (random: Random, resource: Resource) => Values[Name] };

const word = (random: Random) => random.pick(words);
const flag = (random: Random) => random.below(2) === 0;
const some = (random: Random) => Array.from({ length: random.below(4) }, () => word(random));
const maybe = <T>(random: Random, value: T): T | null => (flag(random) ? value : null);
const key = (random: Random) => ({ arn: word(random), manager: random.pick(['AWS', 'CUSTOMER'] as const) });
const type = (random: Random) => ({ instanceType: word(random), encryptionInTransitSupported: flag(random) });

/** Values with a shape that a control expects, and hostile words in them. */
const makers: FactMakers = {
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
  'kms.keyPolicy': (random, { arn = '', account }) => {
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

/** Of each fact, the values that the samples of `events/` prove: hostile variants are made of them. */
const specimens = await specimensOfFacts();

async function specimensOfFacts(): Promise<ReadonlyMap<string, readonly unknown[]>> {
  const found: { readonly name: string; readonly value: unknown }[] = [];
  for (const control of controls) {
    for (const file of readdirSync(path.join(events, control.id))) {
      const event = eventOf(sample(control.id, path.basename(file, '.json')));
      const facts = new TrailFacts();
      if (event.outcome.kind === 'success') facts.learn(event);
      const resources = new Matcher([control]).match(event).triggered.map(({ resource }) => resource);
      for (const gathered of await facts.gather(
        resources.map((resource) => ({ resource, facts: control.facts })),
      )) {
        for (const [name, fact] of Object.entries(gathered)) {
          if (fact?.known) found.push({ name, value: fact.value });
        }
      }
    }
  }
  return new Map(
    [...Map.groupBy(found, ({ name }) => name)].map(([name, some]) => [name, some.map(({ value }) => value)]),
  );
}

/** A value of a fact; of one that has no maker here, a specimen in which one in three texts is hostile. */
function valueOfFact(name: FactName, random: Random, resource: Resource) {
  const maker = makers[name];
  if (maker !== undefined) return maker(random, resource);
  const some = specimens.get(name);
  if (some === undefined) throw new Error(`no sample proves ${name}: add one, or a maker for hostile values`);
  return JSON.parse(
    JSON.stringify(random.pick(some), (_key, value: unknown) =>
      typeof value === 'string' && random.below(3) === 0 ? word(random) : value,
    ),
  );
}

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

/** Usually AWS knows the resource; otherwise it was deleted, or there is no answer. */
export function randomFacts(random: Random): LiveFactProvider {
  const factsOf = ({ resource, facts }: FactRequest): Partial<Facts> => {
    const shared = random.below(4) === 0 ? random.pick(reasons) : undefined;
    return Object.fromEntries(
      facts.map((name) => {
        const reason = shared ?? (random.below(8) === 0 ? random.pick(reasons) : undefined);
        const fact =
          reason === undefined
            ? known(valueOfFact(name, random, resource), source)
            : unknownFact(reason, `AWS says ${word(random)} of ${resource.id}`);
        return [name, fact];
      }),
    );
  };
  const current = (request: FactRequest): readonly CurrentResource[] => {
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
  return { readCurrent: async (requests) => requests.map(current) };
}
