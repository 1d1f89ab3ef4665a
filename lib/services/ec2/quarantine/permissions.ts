/**
 * What quarantine, and its undo, may call, and on what.
 * Sources: Service Authorization Reference, "Actions, resources, and condition keys for Amazon EC2", "… for Amazon EC2 Auto
 * Scaling", "… for AWS Elastic Load Balancing V2"; Amazon EC2 User Guide, "Grant permission to tag Amazon EC2 resources
 * during creation".
 */
import { type ActionPermissions, type IamAction, notOwn, present, type Write } from '../../../core/write.ts';
import { allSnapshots, own } from '../write-targets.ts';
import { isolationTag, quarantineTag } from './names.ts';

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

/** In both directions: the instance's interfaces go to the isolation group, and back. */
const movesInterfaces: Write = {
  action: 'ec2:ModifyNetworkInterfaceAttribute',
  on: [own('instance/*'), own('network-interface/*'), own('security-group/*'), own('subnet/*')],
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
      condition: { StringEquals: { 'ec2:CreateAction': ['CreateSecurityGroup', 'CreateSnapshots'] } },
    },
    writesInstances('ec2:ModifyInstanceAttribute'),
    movesInterfaces,
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
    writesInstances('ec2:ModifyInstanceAttribute'),
    movesInterfaces,
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
