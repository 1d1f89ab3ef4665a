/**
 * The fake resources in AWS while hostile messages come in: of nearly every type that may be acted on, one that fails in the
 * deployment's account and Region, in another account and in another Region, and ones that pass, are exempt or Trailseal's own.
 */
import type { ResourceType } from '../../lib/core/control.ts';
import { accountRegion } from './values.ts';

export interface FakeResource {
  readonly type: ResourceType;
  /** Its id in the state table. */
  readonly id: string;
  readonly arn: string;
  readonly account: string;
  readonly region: string;
  /** The controls that it fails. */
  readonly fails: readonly string[];
  /** Whether an action may change it: it is in the deployment's account and Region, and neither exempt nor Trailseal's own. */
  readonly free: boolean;
  readonly tags: Readonly<Record<string, string>>;
  /** The state of a key. */
  readonly state: 'Enabled' | 'Disabled' | 'PendingDeletion';
}

export const externalPrincipal = '444455556666';
export const elsewhere = 'eu-west-1';

/** The policy exempts resources with this tag. */
export const exemptingTag = { name: 'data', value: 'scratch' };
const exempt = { [exemptingTag.name]: exemptingTag.value };
/** The tag that CloudFormation gives to resources of the deployment's stack. */
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

function keys(): readonly FakeResource[] {
  const named = (nth: number, letter: string) => `0000000${nth}-0000-4000-8000-00000000000${letter}`;
  return accountRegions.flatMap(({ letter, ...where }) =>
    (
      [
        [1, 'Disabled', ['kms-key-disabled']],
        [2, 'PendingDeletion', ['kms-key-deletion']],
        [3, 'Enabled', ['kms-key-rotation', 'kms-key-policy']],
        [4, 'Enabled', []],
      ] as const
    ).map(([nth, state, fails]): FakeResource => {
      const id = named(nth, letter);
      const arn = `arn:aws:kms:${where.region}:${where.account}:key/${id}`;
      return { type: 'AwsKmsKey', id, arn, ...where, fails, free: free(where), tags: {}, state };
    }),
  );
}

/** The key that the policy names for clusters: one that passes, in the deployment's account and Region. */
export const clusterKey = `arn:aws:kms:${accountRegion.region}:${accountRegion.account}:key/00000004-0000-4000-8000-00000000000a`;

export const grantId = 'f'.repeat(64);

/** A grant to an external account on the third key of each account and Region, with the same id everywhere. */
function grants(): readonly FakeResource[] {
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
): readonly FakeResource[] {
  const resource = (
    nth: number,
    where: (typeof accountRegions)[number],
    more: Partial<FakeResource> = {},
  ): FakeResource => {
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
  if (here === undefined) throw new TypeError('there is no account and Region');
  return [
    ...accountRegions.map((where) => resource(1, where)),
    resource(2, here, { fails: [] }),
    resource(3, here, { free: false, tags: exempt }),
    resource(4, here, { free: false, tags: ownTags }),
  ];
}

function clusters(): readonly FakeResource[] {
  // EKS identifies clusters by their names within an account and Region, so that only the deployment's can be called.
  const resource = (
    id: string,
    where: Omit<(typeof accountRegions)[number], 'letter'>,
    more: Partial<FakeResource> = {},
  ): FakeResource => ({
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
    ...accountRegions.map(({ account, region }) => resource('prod', { account, region })),
    resource('passing', accountRegion, { fails: [] }),
    resource('exempt', accountRegion, { free: false, tags: exempt }),
  ];
}

function accounts(): readonly FakeResource[] {
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

export const fakeResources: readonly FakeResource[] = [
  ...keys(),
  ...grants(),
  ...ec2('AwsEc2Instance', 'i', 'instance', 'ec2-transit-encryption'),
  ...ec2('AwsEc2Volume', 'vol', 'volume', 'ec2-volume-encryption'),
  ...ec2('AwsEc2Snapshot', 'snap', 'snapshot', 'ebs-snapshot-sharing', false),
  ...clusters(),
  ...accounts(),
];

/** The resource that AWS finds by an ARN, an id or a name, for a caller in the deployment's account and Region. */
export function fakeResourceOf(type: ResourceType, name: string): FakeResource | undefined {
  const alike = fakeResources.filter((resource) => resource.type === type);
  if (type === 'AwsEc2Instance' || type === 'AwsEc2Volume' || type === 'AwsEc2Snapshot') {
    // EC2's ids are globally unique.
    return alike.find(({ id }) => id === name);
  }
  return (
    alike.find((resource) => resource.arn === name) ??
    alike.find((resource) => resource.id === name && isHere(resource))
  );
}

function isHere({ account, region }: FakeResource): boolean {
  return account === accountRegion.account && region === accountRegion.region;
}
