/**
 * The security group without any rule that isolates interfaces: one in a VPC, created when it is first needed.
 *
 * A new group allows all outbound traffic (`0.0.0.0/0`, and `::/0` where the VPC has IPv6), so these rules are
 * removed before the group is used. Any other rule, or one in a group that already has interfaces, was added by
 * somebody, perhaps to investigate a quarantined instance: removing it could cut that person off, and accepting it
 * would be no isolation. The quarantine stops there and names the rule.
 * Source: Amazon VPC User Guide, "Security groups".
 *
 * Its permissions can be narrowed: ec2:CreateSecurityGroup on `security-group/*` by the condition
 * `aws:RequestTag/trailseal:isolation` (with ec2:CreateTags by `ec2:CreateAction` = CreateSecurityGroup) and on
 * `vpc/*`; ec2:RevokeSecurityGroupEgress by `aws:ResourceTag/trailseal:isolation`, which must not be null.
 */
import {
  CreateSecurityGroupCommand,
  DescribeNetworkInterfacesCommand,
  DescribeSecurityGroupsCommand,
  type EC2Client,
  type IpPermission,
  RevokeSecurityGroupEgressCommand,
} from '@aws-sdk/client-ec2';
import { type ActionDeps, ActionError } from '../../../core/action.ts';
import { isolationGroupName, isolationTag } from './names.ts';
import { settling, until } from './until.ts';

export interface IsolationGroup {
  readonly id: string;
  readonly ingress: readonly IpPermission[];
  readonly egress: readonly IpPermission[];
}

/** The outbound rule of every new group, without IPv6. */
const everythingOut: IpPermission = { IpProtocol: '-1', IpRanges: [{ CidrIp: '0.0.0.0/0' }] };

/**
 * Finds or creates the isolation group of a VPC, and checks that it has no rules.
 * @returns the group's id.
 * @throws ActionError when a group of its name is not Trailseal's, or has a rule that somebody added.
 * @example await ensureIsolationGroup('vpc-0123456789abcdef0', deps) // 'sg-0123456789abcdef0'
 */
export async function ensureIsolationGroup(vpc: string, deps: ActionDeps): Promise<string> {
  const { ec2 } = deps.clients;
  const group = (await findIsolationGroup(ec2, vpc)) ?? (await create(vpc, deps));
  if (isEmpty(group)) return group.id;
  if (!isNew(group) || (await isUsed(ec2, group.id))) throw notEmpty(group, vpc);
  await revoke(ec2, group.id, group.egress);
  const empty = await until(deps, settling, async () => {
    const now = await findIsolationGroup(ec2, vpc);
    return now !== undefined && isEmpty(now) ? now : undefined;
  });
  if (empty === undefined) throw notEmpty(group, vpc);
  return empty.id;
}

/**
 * Reads the isolation group of a VPC.
 * @returns the group with its rules; `undefined` when it does not exist.
 * @throws ActionError when a group of its name is not Trailseal's.
 * @example (await findIsolationGroup(ec2, 'vpc-0123456789abcdef0'))?.egress // []
 */
export async function findIsolationGroup(ec2: EC2Client, vpc: string): Promise<IsolationGroup | undefined> {
  const { SecurityGroups } = await ec2.send(
    new DescribeSecurityGroupsCommand({
      Filters: [
        { Name: 'vpc-id', Values: [vpc] },
        { Name: 'group-name', Values: [isolationGroupName(vpc)] },
      ],
    }),
  );
  const [found] = SecurityGroups ?? [];
  if (found?.GroupId === undefined) return undefined;
  if (!(found.Tags ?? []).some(({ Key, Value }) => Key === isolationTag && Value === vpc)) {
    throw new ActionError(
      `the security group ${found.GroupId} is named ${isolationGroupName(vpc)}, but lacks the tag ${isolationTag} ` +
        `with the value ${vpc} that Trailseal's own has: delete or rename it, or tag it if it is to be used`,
    );
  }
  return { id: found.GroupId, ingress: found.IpPermissions ?? [], egress: found.IpPermissionsEgress ?? [] };
}

/**
 * What the rules of an isolation group allow, each a clause for people.
 * @returns no clause where the group isolates.
 * @example openings({ id: 'sg-1', ingress: [], egress: [{ IpRanges: [{ CidrIp: '0.0.0.0/0' }] }] }) // ['out to 0.0.0.0/0']
 */
export function openings({ ingress, egress }: IsolationGroup): readonly string[] {
  const peersOf = (permission: IpPermission): readonly (string | undefined)[] => [
    ...(permission.IpRanges ?? []).map(({ CidrIp }) => CidrIp),
    ...(permission.Ipv6Ranges ?? []).map(({ CidrIpv6 }) => CidrIpv6),
    ...(permission.PrefixListIds ?? []).map(({ PrefixListId }) => PrefixListId),
    ...(permission.UserIdGroupPairs ?? []).map(({ GroupId }) => GroupId),
  ];
  const clauses = (preposition: string, permissions: readonly IpPermission[]) =>
    permissions.flatMap((permission) => peersOf(permission).map((peer) => `${preposition} ${peer}`));
  return [...clauses('in from', ingress), ...clauses('out to', egress)];
}

/**
 * Whether a group has no rules except those that AWS gives to every new group.
 * @example isNew({ id: 'sg-1', ingress: [], egress: [] }) // true
 */
export function isNew({ ingress, egress }: IsolationGroup): boolean {
  return ingress.length === 0 && egress.every(isGivenByAws);
}

function isEmpty({ ingress, egress }: IsolationGroup): boolean {
  return ingress.length === 0 && egress.length === 0;
}

async function create(vpc: string, deps: ActionDeps): Promise<IsolationGroup> {
  const { ec2 } = deps.clients;
  try {
    const { GroupId } = await ec2.send(
      new CreateSecurityGroupCommand({
        VpcId: vpc,
        GroupName: isolationGroupName(vpc),
        Description: 'Quarantined by Trailseal: lets nothing in and nothing out. Add no rules.',
        TagSpecifications: [
          {
            ResourceType: 'security-group',
            Tags: [
              { Key: isolationTag, Value: vpc },
              { Key: 'Name', Value: isolationGroupName(vpc) },
            ],
          },
        ],
      }),
    );
    // Revokes at once, without reading the rule first, because reads may be stale.
    if (GroupId !== undefined) await revoke(ec2, GroupId, [everythingOut]);
  } catch (error) {
    // Another quarantine in this VPC was faster.
    if (!isNamed(error, 'InvalidGroup.Duplicate')) throw error;
  }
  const found = await until(deps, settling, () => findIsolationGroup(ec2, vpc));
  if (found === undefined) {
    throw new ActionError(`the isolation group of ${vpc} was made, but is not to be seen yet: try again`);
  }
  return found;
}

/** Whether AWS gives the rule to every new group. */
function isGivenByAws(permission: IpPermission): boolean {
  const { IpProtocol, IpRanges, Ipv6Ranges, PrefixListIds, UserIdGroupPairs } = permission;
  return (
    IpProtocol === '-1' &&
    (IpRanges ?? []).every(({ CidrIp, Description }) => CidrIp === '0.0.0.0/0' && !Description) &&
    (Ipv6Ranges ?? []).every(({ CidrIpv6, Description }) => CidrIpv6 === '::/0' && !Description) &&
    (PrefixListIds ?? []).length === 0 &&
    (UserIdGroupPairs ?? []).length === 0
  );
}

async function isUsed(ec2: EC2Client, id: string): Promise<boolean> {
  const { NetworkInterfaces } = await ec2.send(
    new DescribeNetworkInterfacesCommand({ Filters: [{ Name: 'group-id', Values: [id] }], MaxResults: 5 }),
  );
  return (NetworkInterfaces ?? []).length > 0;
}

async function revoke(ec2: EC2Client, id: string, permissions: readonly IpPermission[]): Promise<void> {
  try {
    await ec2.send(
      new RevokeSecurityGroupEgressCommand({ GroupId: id, IpPermissions: permissions.map(peersAlone) }),
    );
  } catch (error) {
    // Another quarantine in this VPC was faster, or reads are stale: the next read shows the remaining rules.
    if (!isNamed(error, 'InvalidPermission.NotFound', 'InvalidGroup.NotFound')) throw error;
  }
}

/** The permission without the empty lists that a read contains and a call refuses. */
function peersAlone({ IpProtocol, IpRanges = [], Ipv6Ranges = [] }: IpPermission): IpPermission {
  return {
    IpProtocol,
    ...(IpRanges.length === 0 ? {} : { IpRanges }),
    ...(Ipv6Ranges.length === 0 ? {} : { Ipv6Ranges }),
  };
}

function notEmpty(group: IsolationGroup, vpc: string): ActionError {
  return new ActionError(
    `the isolation group ${group.id} of ${vpc} has rules that Trailseal did not make (${openings(group).join('; ')}), ` +
      'so that it isolates nothing: take them out, or rename the group, then try again',
  );
}

function isNamed(error: unknown, ...names: readonly string[]): boolean {
  return error instanceof Error && names.includes(error.name);
}
