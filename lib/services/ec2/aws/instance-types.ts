/** Instance types: DescribeInstanceTypes, the authority; where it does not answer, the shipped snapshot. */
import {
  type _InstanceType,
  DescribeInstanceTypesCommand,
  type DescribeInstanceTypesCommandInput,
  type InstanceTypeInfo,
} from '@aws-sdk/client-ec2';
import { allPages, type Describe, describeAll } from '../../../aws/facts/calls.ts';
import { derive, type Lookup, type Lookups } from '../../../aws/facts/lookups.ts';
import { known, type Unknown, unknownFact } from '../../../core/facts.ts';
import type { Ec2Facts } from '../facts.ts';
import { instanceTypeSnapshot } from '../instance-types.ts';

const action = 'ec2:DescribeInstanceTypes';

function describe(
  input: DescribeInstanceTypesCommandInput,
  lookups: Lookups,
): Promise<readonly InstanceTypeInfo[]> {
  return allPages(async (token) => {
    const answer = await lookups.call(({ ec2 }) =>
      ec2.send(
        new DescribeInstanceTypesCommand({ ...input, ...(token === undefined ? {} : { NextToken: token }) }),
      ),
    );
    return { items: answer.InstanceTypes, next: answer.NextToken };
  });
}

const byNames: Describe<InstanceTypeInfo> = {
  action,
  // Source: EC2 API Reference, "DescribeInstanceTypes": InstanceType.N has at most 100 items.
  size: 100,
  // The SDK lists the types that it knew when it was made; those that came later are types too.
  byId: (names, lookups) => describe({ InstanceTypes: names as _InstanceType[] }, lookups),
  byFilter: (names, lookups) =>
    describe({ Filters: [{ Name: 'instance-type', Values: [...names] }] }, lookups),
  idsOf: (type) => [type.InstanceType],
};

type InstanceTypeFact = Ec2Facts['ec2.instanceType'];
type KnownSupport = Extract<InstanceTypeFact, { known: true }>['value'];

/** Instance types by name, from AWS or else from the snapshot; AWS's answers are cached. */
export const instanceTypes: Lookup<KnownSupport> = {
  permissions: [action],
  async find(names, lookups) {
    const kept = lookups.cache.of<InstanceTypeFact>(instanceTypes);
    const unseen = names.filter((name) => !kept.has(name));
    const found = await describeAll(byNames, unseen, lookups, () => false);
    const facts = new Map<string, InstanceTypeFact>();
    for (const name of names) {
      const asked = found.get(name);
      const fact =
        asked === undefined
          ? kept.get(name)
          : derive(asked, (info, source): InstanceTypeFact => {
              const encrypts = info.NetworkInfo?.EncryptionInTransitSupported;
              return encrypts === undefined
                ? unknownFact('unreadable', `${action} does not tell whether ${name} encrypts`)
                : known({ instanceType: name, encryptionInTransitSupported: encrypts }, source);
            });
      if (fact === undefined) continue;
      if (fact.known) kept.set(name, fact);
      facts.set(name, fact.known ? fact : fromSnapshot(name, fact));
    }
    return facts;
  },
};

/** The snapshot's answer, with the reason why AWS's own is missing; for a type that it lacks, AWS's reason. */
function fromSnapshot(name: string, asked: Unknown): InstanceTypeFact {
  const fact = instanceTypeSnapshot(name);
  if (!fact.known)
    return unknownFact(asked.reason, `${asked.detail}, and the shipped snapshot lacks ${name}`);
  return fact.source.kind === 'snapshot'
    ? known(fact.value, { ...fact.source, name: `${fact.source.name}, because ${asked.detail}` })
    : fact;
}
