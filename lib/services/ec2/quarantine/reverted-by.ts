/**
 * The calls by which somebody may revert a quarantine: they give the instance other security groups, another network
 * interface or its protection back, start it, or open the isolation group. Moves to a load balancer or an Auto Scaling
 * group let nothing through to an isolated instance: the scheduled scan notices them.
 * Source: EC2 API Reference, the calls' own pages; real records of AttachNetworkInterface (`instanceId`) and
 * ModifyNetworkInterfaceAttribute (`networkInterfaceId`, `groupSet`).
 */
import {
  DescribeSecurityGroupsCommand,
  type EC2Client,
  paginateDescribeNetworkInterfaces,
} from '@aws-sdk/client-ec2';
import type { RevertingCalls } from '../../../core/action.ts';
import type { TrailEvent } from '../../../core/event.ts';
import { list, text } from '../../../core/json.ts';
import { instance, instanceInRequest, instancesInSet } from '../resources/instances.ts';
import { isolationTag } from './names.ts';

export const revertedBy: readonly RevertingCalls[] = [
  {
    eventSource: 'ec2.amazonaws.com',
    eventNames: ['ModifyInstanceAttribute', 'AttachNetworkInterface'],
    resources: async (event) => instanceInRequest(event),
  },
  {
    eventSource: 'ec2.amazonaws.com',
    eventNames: ['StartInstances'],
    resources: async (event) => instancesInSet(event),
  },
  {
    eventSource: 'ec2.amazonaws.com',
    eventNames: ['ModifyNetworkInterfaceAttribute'],
    resources: async (event, { clients: { ec2 } }) => {
      const id = text(event.request, 'networkInterfaceId');
      if (id === undefined) return [];
      const attached = await instancesOf(ec2, 'network-interface-id', [id]);
      return attached.map((each) => instance(event, each));
    },
  },
  {
    eventSource: 'ec2.amazonaws.com',
    eventNames: ['AuthorizeSecurityGroupIngress', 'AuthorizeSecurityGroupEgress'],
    resources: async (event, { clients: { ec2 } }) => {
      const isolating = await isolationGroupsAmong(ec2, groupsIn(event));
      if (isolating.length === 0) return [];
      return (await instancesOf(ec2, 'group-id', isolating)).map((each) => instance(event, each));
    },
  },
];

/** A call that names a group of the default VPC by its name has the id in its answer alone. */
function groupsIn({ request, response }: TrailEvent): readonly string[] {
  const answered = list(response, 'securityGroupRuleSet').map((rule) => text(rule, 'groupId'));
  const named = [text(request, 'groupId'), ...answered].filter((id) => id !== undefined);
  return [...new Set(named)];
}

/** Those of the groups that are Trailseal's own. A filter does not fail for a group that was deleted. */
async function isolationGroupsAmong(ec2: EC2Client, ids: readonly string[]): Promise<readonly string[]> {
  if (ids.length === 0) return [];
  const { SecurityGroups } = await ec2.send(
    new DescribeSecurityGroupsCommand({
      Filters: [
        { Name: 'group-id', Values: [...ids] },
        { Name: 'tag-key', Values: [isolationTag] },
      ],
    }),
  );
  return (SecurityGroups ?? []).flatMap(({ GroupId }) => GroupId ?? []);
}

/** The instances that network interfaces are attached to, each once. */
async function instancesOf(
  ec2: EC2Client,
  filter: 'network-interface-id' | 'group-id',
  values: readonly string[],
): Promise<readonly string[]> {
  const found = new Set<string>();
  const filters = { Filters: [{ Name: filter, Values: [...values] }] };
  for await (const page of paginateDescribeNetworkInterfaces({ client: ec2 }, filters)) {
    for (const { Attachment } of page.NetworkInterfaces ?? []) {
      if (Attachment?.InstanceId !== undefined) found.add(Attachment.InstanceId);
    }
  }
  return [...found];
}
