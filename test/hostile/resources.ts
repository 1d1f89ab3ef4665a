/**
 * What there is in AWS while hostile orders come in: for nearly everything that may be acted on, the same in another
 * account and in another Region, as it should be, exempt, or Trailseal's own.
 */
import type { ResourceType } from '../../lib/core/control.ts';
import { accountRegion } from './values.ts';

export interface Thing {
  readonly type: ResourceType;
  /** The state table's id of it. */
  readonly id: string;
  readonly arn: string;
  readonly account: string;
  readonly region: string;
  /** The controls that it fails. */
  readonly fails: readonly string[];
  /** Whether it may be acted on where it fails: it is of the deployment's place, and neither exempt nor Trailseal's own. */
  readonly free: boolean;
  readonly tags: Readonly<Record<string, string>>;
  /** Of a key, its state. */
  readonly state: 'Enabled' | 'Disabled' | 'PendingDeletion';
}

export const externalPrincipal = '444455556666';
export const elsewhere = 'eu-west-1';

/** The policy exempts what bears it. */
export const exemptingTag = { name: 'data', value: 'scratch' };
const exempt = { [exemptingTag.name]: exemptingTag.value };
/** CloudFormation's own, of the deployment's stack. */
export const ownTags = { 'aws:cloudformation:stack-name': 'trailseal-dev' };
export const stack = 'trailseal-dev';

const accountRegions = [
  { account: accountRegion.account, region: accountRegion.region, letter: 'a' },
  { account: externalPrincipal, region: accountRegion.region, letter: 'b' },
  { account: accountRegion.account, region: elsewhere, letter: 'c' },
];

function free({ account, region }: { readonly account: string; readonly region: string }): boolean {
  return account === accountRegion.account && region === accountRegion.region;
}

function keys(): readonly Thing[] {
  const named = (nth: number, letter: string) => `0000000${nth}-0000-4000-8000-00000000000${letter}`;
  return accountRegions.flatMap(({ letter, ...where }) =>
    (
      [
        [1, 'Disabled', ['kms-key-disabled']],
        [2, 'PendingDeletion', ['kms-key-deletion']],
        [3, 'Enabled', ['kms-key-rotation', 'kms-key-policy']],
        [4, 'Enabled', []],
      ] as const
    ).map(([nth, state, fails]): Thing => {
      const id = named(nth, letter);
      const arn = `arn:aws:kms:${where.region}:${where.account}:key/${id}`;
      return { type: 'AwsKmsKey', id, arn, ...where, fails, free: free(where), tags: {}, state };
    }),
  );
}

/** The key that the policy names for clusters: a good one, of the deployment's place. */
export const clusterKey = `arn:aws:kms:${accountRegion.region}:${accountRegion.account}:key/00000004-0000-4000-8000-00000000000a`;

export const grantId = 'f'.repeat(64);

/** A grant to an external account, on the third key of each place; it has the same id everywhere. */
function grants(): readonly Thing[] {
  return keys()
    .filter(({ id }) => id.startsWith('00000003'))
    .map((key) => ({ ...key, type: 'AwsKmsGrant', id: `${key.id}/${grantId}`, fails: ['kms-grant'] }));
}

function ec2(
  type: ResourceType,
  prefix: string,
  kind: string,
  control: string,
  withAccount = true,
): readonly Thing[] {
  const thing = (nth: number, where: (typeof accountRegions)[number], more: Partial<Thing> = {}): Thing => {
    const { account, region, letter } = where;
    const id = `${prefix}-000000000000000${nth}${letter}`;
    const arn = `arn:aws:ec2:${region}:${withAccount ? account : ''}:${kind}/${id}`;
    return {
      type,
      id,
      arn,
      account,
      region,
      fails: [control],
      free: free(where),
      tags: { Name: '<b>' },
      state: 'Enabled',
      ...more,
    };
  };
  const [here] = accountRegions;
  if (here === undefined) throw new TypeError('there is no place');
  return [
    ...accountRegions.map((where) => thing(1, where)),
    thing(2, here, { fails: [] }),
    thing(3, here, { free: false, tags: exempt }),
    thing(4, here, { free: false, tags: ownTags }),
  ];
}

function clusters(): readonly Thing[] {
  // EKS names clusters within an account and Region, so that of these only the deployment's can be named.
  const thing = (
    id: string,
    where: Omit<(typeof accountRegions)[number], 'letter'>,
    more: Partial<Thing> = {},
  ): Thing => ({
    type: 'AwsEksCluster',
    id,
    arn: `arn:aws:eks:${where.region}:${where.account}:cluster/${id}`,
    account: where.account,
    region: where.region,
    fails: ['eks-audit-logging', 'eks-endpoint-access', 'eks-secrets-encryption'],
    free: free(where),
    tags: {},
    state: 'Enabled',
    ...more,
  });
  return [
    ...accountRegions.map(({ account, region }) => thing('prod', { account, region })),
    thing('calm', accountRegion, { fails: [] }),
    thing('crown', accountRegion, { free: false, tags: exempt }),
  ];
}

function accounts(): readonly Thing[] {
  return accountRegions.map(({ account, region }) => ({
    type: 'AwsAccount',
    id: account,
    arn: `arn:aws:iam::${account}:root`,
    account,
    region,
    fails: ['ebs-default-encryption'],
    free: free({ account, region }),
    tags: {},
    state: 'Enabled',
  }));
}

export const things: readonly Thing[] = [
  ...keys(),
  ...grants(),
  ...ec2('AwsEc2Instance', 'i', 'instance', 'ec2-transit-encryption'),
  ...ec2('AwsEc2Volume', 'vol', 'volume', 'ec2-volume-encryption'),
  ...ec2('AwsEc2Snapshot', 'snap', 'snapshot', 'ebs-snapshot-sharing', false),
  ...clusters(),
  ...accounts(),
];

/** What AWS understands by a name, called from the deployment's place: an ARN, or an id, or a name in that place. */
export function thingOf(type: ResourceType, name: string): Thing | undefined {
  const alike = things.filter((thing) => thing.type === type);
  if (type === 'AwsEc2Instance' || type === 'AwsEc2Volume' || type === 'AwsEc2Snapshot') {
    // EC2's ids are one of a kind in all the world.
    return alike.find(({ id }) => id === name);
  }
  return (
    alike.find((thing) => thing.arn === name) ?? alike.find((thing) => thing.id === name && isHere(thing))
  );
}

function isHere({ account, region }: Thing): boolean {
  return account === accountRegion.account && region === accountRegion.region;
}
