/**
 * The security group without any rule into which interfaces are put: one in a VPC, made when it is first needed.
 *
 * A new group lets everything out (`0.0.0.0/0`, and `::/0` where the VPC has IPv6), so these rules are taken away
 * before the group is used. Any other rule, or one in a group that interfaces are in already, was added by somebody,
 * perhaps to look into a quarantined instance: it is neither taken away, which could cut that person off, nor put up
 * with, which would be no isolation. The quarantine stops there and names the rule.
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
import type { ActionDeps } from '../../../core/action.ts';
import { QuarantineError } from './error.ts';
import { isolationGroupName, isolationTag } from './names.ts';
import { settling, until } from './until.ts';

export interface IsolationGroup {
  readonly id: string;
  readonly ingress: readonly IpPermission[];
  readonly egress: readonly IpPermission[];
}

/** What every new group lets out, as far as it has no IPv6. */
const everythingOut: IpPermission = { IpProtocol: '-1', IpRanges: [{ CidrIp: '0.0.0.0/0' }] };

/**
 * The id of the VPC's isolation group, which was seen to be without rules just now; made if there is none.
 * Throws QuarantineError when a group of its name is not Trailseal's, or holds a rule that somebody added.
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

/** The VPC's isolation group, if there is one. Throws QuarantineError when it is not Trailseal's. */
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
    throw new QuarantineError(
      `the security group ${found.GroupId} is named ${isolationGroupName(vpc)}, but lacks the tag ${isolationTag} ` +
        `with the value ${vpc} that Trailseal's own bears: delete or rename it, or tag it if it is to be used`,
    );
  }
  return { id: found.GroupId, ingress: found.IpPermissions ?? [], egress: found.IpPermissionsEgress ?? [] };
}

/** What the group lets through, each a clause for people; nothing, as it should be. */
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

/** Whether it has no rules but those that AWS gives to every new group. */
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
    // At once, and not only when a read tells of the rule, since a read may be behind.
    if (GroupId !== undefined) await revoke(ec2, GroupId, [everythingOut]);
  } catch (error) {
    // Another quarantine in this VPC was faster.
    if (!isNamed(error, 'InvalidGroup.Duplicate')) throw error;
  }
  const found = await until(deps, settling, () => findIsolationGroup(ec2, vpc));
  if (found === undefined) {
    throw new QuarantineError(`the isolation group of ${vpc} was made, but is not to be seen yet: try again`);
  }
  return found;
}

/** Whether it is what every new group comes with. */
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
    // Another quarantine in this VPC was faster, or it is told of later: what is left is looked at next.
    if (!isNamed(error, 'InvalidPermission.NotFound', 'InvalidGroup.NotFound')) throw error;
  }
}

/** The permission without the empty lists that a read fills it with, which a call refuses. */
function peersAlone({ IpProtocol, IpRanges = [], Ipv6Ranges = [] }: IpPermission): IpPermission {
  return {
    IpProtocol,
    ...(IpRanges.length === 0 ? {} : { IpRanges }),
    ...(Ipv6Ranges.length === 0 ? {} : { Ipv6Ranges }),
  };
}

function notEmpty(group: IsolationGroup, vpc: string): QuarantineError {
  return new QuarantineError(
    `the isolation group ${group.id} of ${vpc} has rules that Trailseal did not make (${openings(group).join('; ')}), ` +
      'so that it isolates nothing: take them out, or rename the group, then try again',
  );
}

function isNamed(error: unknown, ...names: readonly string[]): boolean {
  return error instanceof Error && names.includes(error.name);
}
