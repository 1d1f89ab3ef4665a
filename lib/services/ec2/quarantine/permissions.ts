/**
 * What quarantine, and its undo, may call, and on what.
 * Sources: Service Authorization Reference, "Actions, resources, and condition keys for Amazon EC2", "… for Amazon EC2 Auto
 * Scaling", "… for AWS Elastic Load Balancing V2"; Amazon EC2 User Guide, "Grant permission to tag Amazon EC2 resources
 * during creation".
 */
import {
  type ActionPermissions,
  type IamAction,
  notOwn,
  present,
  type Write,
  type WriteCondition,
} from '../../../core/write.ts';
import { allSnapshots, own } from '../write-targets.ts';
import { findingTag, isolationTag, quarantineTag } from './names.ts';

const reads = [
  'autoscaling:DescribeAutoScalingGroups',
  'autoscaling:DescribeAutoScalingInstances',
  'ec2:DescribeIamInstanceProfileAssociations',
  'ec2:DescribeInstanceAttribute',
  'ec2:DescribeInstances',
  'ec2:DescribeNetworkInterfaces',
  'ec2:DescribeSecurityGroups',
  'ec2:DescribeSnapshots',
  'elasticloadbalancing:DescribeTargetGroups',
  'elasticloadbalancing:DescribeTargetHealth',
];

function writesGroupsOfAutoScaling(action: IamAction): Write {
  return { action, on: [{ service: 'autoscaling', resource: 'autoScalingGroup:*:autoScalingGroupName/*' }] };
}

function writesTargetGroups(action: IamAction): Write {
  return { action, on: [{ service: 'elasticloadbalancing', resource: 'targetgroup/*' }] };
}

function writesInstances(action: IamAction): Write {
  return { action, on: [own('instance/*')] };
}

/**
 * A condition that the request sets this attribute of the resource and no other: of an instance, never its user data, which
 * runs as root when it starts next. EC2's documents write the names in more than one way; all of these mean the same.
 * Source: Amazon EC2 User Guide, "Identity-based policies for Amazon EC2" (ec2:Attribute).
 */
function setsOnly(...names: readonly string[]): WriteCondition {
  return { StringEqualsIgnoreCase: { 'ec2:Attribute': names } };
}

const modifiesInterfaces: IamAction = 'ec2:ModifyNetworkInterfaceAttribute';

/**
 * Of interfaces the groups and the idle timeouts alone: not the source/destination check, nor what is attached. EC2 asks
 * for the instance and the subnet without `ec2:Attribute`, and for each group that the interface is to have.
 */
const movesInterfaces: readonly Write[] = [
  {
    action: modifiesInterfaces,
    on: [own('network-interface/*')],
    condition: setsOnly(
      ...['groupSet', 'groups', 'groupId', 'securityGroupId', 'securityGroups'],
      ...['connectionTrackingSpecification', 'connectionTrackingConfiguration'],
    ),
  },
  { action: modifiesInterfaces, on: [own('instance/*'), own('subnet/*')] },
];

/** Only to groups that were made to isolate: they are tagged when they are made, and no role here tags another. */
const toIsolation: Write = {
  action: modifiesInterfaces,
  on: [own('security-group/*')],
  condition: present(`aws:ResourceTag/${isolationTag}`),
};

export const permissions: ActionPermissions = {
  reads,
  writes: [
    writesGroupsOfAutoScaling('autoscaling:DetachInstances'),
    writesGroupsOfAutoScaling('autoscaling:EnterStandby'),
    { action: 'ec2:CreateSecurityGroup', on: [own('vpc/*')] },
    {
      action: 'ec2:CreateSecurityGroup',
      on: [own('security-group/*')],
      condition: present(`aws:RequestTag/${isolationTag}`),
    },
    { action: 'ec2:CreateSnapshots', on: [own('instance/*'), own('volume/*')] },
    {
      action: 'ec2:CreateSnapshots',
      on: [allSnapshots],
      condition: present(`aws:RequestTag/${quarantineTag}`),
    },
    {
      action: 'ec2:CreateTags',
      on: [own('security-group/*'), allSnapshots],
      condition: {
        StringEquals: { 'ec2:CreateAction': ['CreateSecurityGroup', 'CreateSnapshots'] },
        'ForAllValues:StringEquals': { 'aws:TagKeys': [isolationTag, quarantineTag, findingTag, 'Name'] },
        Null: { 'aws:TagKeys': 'false' },
      },
    },
    {
      ...writesInstances('ec2:ModifyInstanceAttribute'),
      condition: {
        ...setsOnly('disableApiTermination'),
        // Protects, and never takes the protection away.
        StringEqualsIgnoreCaseIfExists: { 'ec2:Attribute/DisableApiTermination': 'true' },
      },
    },
    ...movesInterfaces,
    toIsolation,
    {
      action: 'ec2:RevokeSecurityGroupEgress',
      on: [own('security-group/*')],
      condition: present(`aws:ResourceTag/${isolationTag}`),
    },
    writesInstances('ec2:StopInstances'),
    writesTargetGroups('elasticloadbalancing:DeregisterTargets'),
  ],
};

export const undoPermissions: ActionPermissions = {
  reads,
  writes: [
    writesGroupsOfAutoScaling('autoscaling:AttachInstances'),
    writesGroupsOfAutoScaling('autoscaling:ExitStandby'),
    { ...writesInstances('ec2:ModifyInstanceAttribute'), condition: setsOnly('disableApiTermination') },
    ...movesInterfaces,
    { action: modifiesInterfaces, on: [own('security-group/*')] },
    writesInstances('ec2:StartInstances'),
    writesTargetGroups('elasticloadbalancing:RegisterTargets'),
    {
      // EC2 asks for it in the name of whoever starts an instance with volumes under customers' keys, those of other
      // accounts too, whose own policies have to allow it. Source: Amazon EBS User Guide, "Requirements".
      action: 'kms:CreateGrant',
      on: [{ service: 'kms', resource: 'key/*', account: 'any' }],
      condition: {
        Bool: { 'kms:GrantIsForAWSResource': 'true' },
        StringEquals: { 'kms:ViaService': { of: 'endpoint', service: 'ec2' } },
        ...notOwn,
      },
    },
  ],
};
