/**
 * What each IAM action, under its condition, amounts to in the hands of whoever takes over a function: reviewed by people, line
 * by line. A new action in a role, or one that loses a condition, has no line here, and a test fails until somebody has
 * decided what it amounts to.
 */
import type { Granted } from './granted.ts';

/** From the mildest to the worst. */
export const harms = [
  /** Of the stack's own parts alone. */
  'own parts',
  'reads configuration',
  'availability',
  'weakens protection',
  'exposes data',
  'executes code',
] as const;
export type Harm = (typeof harms)[number];

export interface Reviewed {
  readonly actions: readonly string[];
  /** The conditions without which the line does not hold. */
  readonly when?: readonly string[];
  /** It holds for resources of the stack alone. */
  readonly own?: true;
  /** What its holder may do, a clause: "stop any instance". */
  readonly may: string;
  readonly harm: Harm;
}

const notOwn = 'aws:ResourceTag/aws:cloudformation:stack-name';

export const reviewed: readonly Reviewed[] = [
  {
    actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
    may: 'write false lines into the function’s own log',
    harm: 'own parts',
  },
  {
    actions: ['xray:PutTelemetryRecords', 'xray:PutTraceSegments'],
    may: 'send false traces to X-Ray',
    harm: 'own parts',
  },
  {
    actions: ['sqs:SendMessage'],
    own: true,
    may: 'send messages to queues of the stack, which name findings and never say what is to be written',
    harm: 'own parts',
  },
  {
    actions: [
      'sqs:ChangeMessageVisibility',
      'sqs:DeleteMessage',
      'sqs:GetQueueAttributes',
      'sqs:ReceiveMessage',
    ],
    own: true,
    may: 'read, delay and delete the messages of the function’s own queue',
    harm: 'own parts',
  },
  {
    actions: [
      'dynamodb:BatchGetItem',
      'dynamodb:DescribeStream',
      'dynamodb:GetItem',
      'dynamodb:GetRecords',
      'dynamodb:GetShardIterator',
      'dynamodb:Query',
    ],
    own: true,
    may: 'read the state table: findings, exemptions, the run history',
    harm: 'reads configuration',
  },
  {
    actions: ['dynamodb:ListStreams'],
    may: 'list the streams of tables',
    harm: 'reads configuration',
  },
  {
    actions: ['dynamodb:PutItem'],
    own: true,
    may: 'write false findings and a false run history into the state table',
    harm: 'own parts',
  },
  {
    actions: ['dynamodb:PutItem'],
    own: true,
    when: ['dynamodb:LeadingKeys=exemptions/*'],
    may: 'exempt findings',
    harm: 'own parts',
  },
  {
    actions: ['dynamodb:PutItem'],
    own: true,
    when: ['dynamodb:LeadingKeys=requests/*'],
    may: 'request actions in the name of operators, as far as the policy lets these, within all limits',
    harm: 'availability',
  },
  {
    actions: ['dynamodb:PutItem'],
    own: true,
    when: ['dynamodb:LeadingKeys=events/*'],
    may: 'have people notified of what did not happen',
    harm: 'own parts',
  },
  {
    actions: ['events:PutEvents'],
    own: true,
    when: ['events:source'],
    may: 'publish false events on the stack’s own bus',
    harm: 'own parts',
  },
  {
    actions: ['sns:Publish'],
    own: true,
    may: 'send false notifications',
    harm: 'own parts',
  },
  {
    actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
    own: true,
    when: ['kms:ViaService'],
    may: 'have SNS use the key of the stack’s own topic',
    harm: 'own parts',
  },
  {
    actions: ['ssm:GetParameter'],
    may: 'read the kill switch',
    harm: 'own parts',
  },
  {
    actions: ['scheduler:CreateSchedule'],
    may: 'make schedules of the stack’s own group, which send messages to the queue of remediation',
    harm: 'own parts',
  },
  {
    actions: ['iam:PassRole'],
    own: true,
    when: ['iam:PassedToService'],
    may: 'give schedules the role with which they send these messages',
    harm: 'own parts',
  },
  {
    actions: ['sts:AssumeRole'],
    own: true,
    may: 'do whatever the roles that write may do, one after the other',
    harm: 'own parts',
  },
  {
    actions: ['securityhub:BatchImportFindings'],
    may: 'import false findings into Security Hub as the account’s own product',
    harm: 'own parts',
  },
  {
    actions: ['securityhub:BatchUpdateFindings'],
    when: ['no securityhub:ASFFSyntaxPath/Workflow.Status', 'no securityhub:ASFFSyntaxPath/Severity.Label'],
    may: 'write false notes on findings in Security Hub',
    harm: 'own parts',
  },
  {
    actions: [
      'autoscaling:DescribeAutoScalingGroups',
      'autoscaling:DescribeAutoScalingInstances',
      'ec2:DescribeIamInstanceProfileAssociations',
      'ec2:DescribeInstanceTypes',
      'ec2:DescribeInstances',
      'ec2:DescribeLaunchTemplates',
      'ec2:DescribeNetworkInterfaces',
      'ec2:DescribeSecurityGroups',
      'ec2:DescribeSnapshotAttribute',
      'ec2:DescribeSnapshots',
      'ec2:DescribeVolumes',
      'ec2:GetEbsDefaultKmsKeyId',
      'ec2:GetEbsEncryptionByDefault',
      'eks:DescribeCluster',
      'eks:DescribeNodegroup',
      'eks:DescribeUpdate',
      'eks:ListClusters',
      'eks:ListNodegroups',
      'elasticloadbalancing:DescribeListeners',
      'elasticloadbalancing:DescribeLoadBalancers',
      'elasticloadbalancing:DescribeTags',
      'elasticloadbalancing:DescribeTargetGroups',
      'elasticloadbalancing:DescribeTargetHealth',
      'kms:DescribeKey',
      'kms:GetKeyPolicy',
      'kms:GetKeyRotationStatus',
      'kms:ListGrants',
      'kms:ListKeyRotations',
      'kms:ListKeys',
      'kms:ListResourceTags',
      'securityhub:GetFindings',
    ],
    may: 'read how resources are configured, and the findings about them, but no data in them',
    harm: 'reads configuration',
  },
  {
    actions: ['ec2:DescribeInstanceAttribute', 'ec2:DescribeLaunchTemplateVersions'],
    may: 'read the user data of instances or launch templates, in which there should be no secrets',
    harm: 'reads configuration',
  },
  {
    actions: [
      'ec2:CreateTags',
      'ec2:DeleteTags',
      'eks:TagResource',
      'eks:UntagResource',
      'elasticloadbalancing:AddTags',
      'elasticloadbalancing:RemoveTags',
      'kms:TagResource',
      'kms:UntagResource',
    ],
    when: ['aws:TagKeys'],
    may: 'set or delete the tags of findings (status, controls, finding, at under the policy’s prefix)',
    harm: 'own parts',
  },
  {
    actions: ['ec2:CreateTags'],
    when: ['aws:TagKeys', 'ec2:CreateAction'],
    may: 'tag the groups and snapshots that it makes as those of a quarantine',
    harm: 'own parts',
  },
  {
    actions: ['autoscaling:DetachInstances', 'autoscaling:EnterStandby'],
    may: 'take instances out of service in their Auto Scaling groups',
    harm: 'availability',
  },
  {
    actions: ['elasticloadbalancing:DeregisterTargets'],
    may: 'take targets out of their target groups',
    harm: 'availability',
  },
  { actions: ['ec2:StopInstances'], may: 'stop any instance', harm: 'availability' },
  {
    actions: ['ec2:ModifyInstanceAttribute'],
    when: ['ec2:Attribute', 'ec2:Attribute/DisableApiTermination, if there'],
    may: 'protect instances from termination',
    harm: 'availability',
  },
  {
    actions: ['ec2:ModifyNetworkInterfaceAttribute'],
    when: ['ec2:Attribute'],
    may: 'change the groups and idle timeouts of interfaces',
    harm: 'availability',
  },
  {
    actions: ['ec2:ModifyNetworkInterfaceAttribute'],
    when: ['aws:ResourceTag/trailseal:isolation'],
    may: 'cut instances off by groups that isolate, and by no others',
    harm: 'availability',
  },
  {
    actions: ['ec2:ModifyNetworkInterfaceAttribute'],
    may: 'name instances and subnets whose interfaces are changed, which alone changes nothing',
    harm: 'availability',
  },
  {
    actions: ['ec2:CreateSecurityGroup'],
    may: 'name VPCs for new groups, which alone makes none',
    harm: 'own parts',
  },
  {
    actions: ['ec2:CreateSecurityGroup'],
    when: ['aws:RequestTag/trailseal:isolation'],
    may: 'make security groups that let nothing in',
    harm: 'own parts',
  },
  {
    actions: ['ec2:RevokeSecurityGroupEgress'],
    when: ['aws:ResourceTag/trailseal:isolation'],
    may: 'take rules out of groups that isolate',
    harm: 'availability',
  },
  {
    actions: ['ec2:CreateSnapshots'],
    may: 'name instances and volumes for new snapshots, which alone takes none',
    harm: 'own parts',
  },
  {
    actions: ['ec2:CreateSnapshots'],
    when: ['aws:RequestTag/trailseal:quarantine'],
    may: 'take snapshots, which stay in the account and cost',
    harm: 'own parts',
  },
  {
    actions: ['ec2:EnableEbsEncryptionByDefault'],
    may: 'switch EBS encryption by default on',
    harm: 'availability',
  },
  {
    actions: ['ec2:DisableEbsEncryptionByDefault'],
    may: 'switch EBS encryption by default off, where operators may request an undo: new volumes may be unencrypted',
    harm: 'weakens protection',
  },
  {
    actions: ['ec2:ModifySnapshotAttribute'],
    when: ['ec2:Remove/group', 'no ec2:Add/group', 'no ec2:Add/userId'],
    may: 'take the public sharing of snapshots back',
    harm: 'availability',
  },
  {
    actions: ['ec2:ModifySnapshotAttribute'],
    when: ['ec2:Remove/userId', 'no ec2:Add/group', 'no ec2:Add/userId'],
    may: 'take the sharing of snapshots with accounts back',
    harm: 'availability',
  },
  ...['api', 'audit', 'authenticator', 'controllerManager', 'scheduler'].flatMap((log): Reviewed[] => {
    const others = ['no eks:deletionProtection', 'no eks:endpointPublicAccess', 'no eks:authenticationMode'];
    return [
      {
        actions: ['eks:UpdateClusterConfig'],
        when: [`eks:loggingType/${log}=true`, ...others],
        may: 'switch logs of clusters on, which cost',
        harm: 'own parts',
      },
      {
        actions: ['eks:UpdateClusterConfig'],
        when: [`eks:loggingType/${log}=false`, ...others],
        may: 'switch logs of clusters off, where operators may request an undo',
        harm: 'weakens protection',
      },
    ];
  }),
  {
    actions: ['eks:UpdateClusterConfig'],
    when: ['eks:endpointPrivateAccess=true', 'no eks:endpointPublicAccess', 'no eks:deletionProtection'],
    may: 'open a public API endpoint of a cluster to any address, as IAM knows no address blocks; not one that is private',
    harm: 'exposes data',
  },
  {
    actions: ['eks:AssociateEncryptionConfig'],
    when: ['eks:encryptionConfigProviderKeyArns'],
    may: 'have clusters encrypt their secrets with the one key that the policy names, for good',
    harm: 'availability',
  },
  {
    actions: ['kms:CreateGrant'],
    when: [notOwn],
    may: 'let anybody use the one key that the policy names for the secrets of clusters',
    harm: 'exposes data',
  },
  {
    actions: ['kms:PutKeyPolicy'],
    when: [notOwn, 'kms:BypassPolicyLockoutSafetyCheck, if there'],
    may: 'give anybody any key of the account and Region that is not the stack’s own',
    harm: 'exposes data',
  },
  {
    actions: ['kms:EnableKey', 'kms:CancelKeyDeletion'],
    when: [notOwn],
    may: 'bring keys back that were disabled or are to be deleted, for whomever their policies let in already',
    harm: 'weakens protection',
  },
  {
    actions: ['kms:EnableKeyRotation'],
    when: [notOwn, 'kms:RotationPeriodInDays, if there'],
    may: 'switch the rotation of keys on, which costs',
    harm: 'own parts',
  },
  {
    actions: ['kms:EnableKeyRotation', 'kms:DisableKeyRotation'],
    when: [notOwn],
    may: 'switch the rotation of keys off or make it rarer, where operators may request an undo',
    harm: 'weakens protection',
  },
  {
    actions: ['kms:RevokeGrant'],
    when: [notOwn],
    may: 'revoke any grant of keys, so that what uses it stops',
    harm: 'availability',
  },
  {
    actions: ['dynamodb:PutItem', 'dynamodb:Query'],
    own: true,
    when: ['dynamodb:LeadingKeys=heartbeats/*'],
    may: 'read signs of life, and write false ones, so that a silent part is noticed late or never',
    harm: 'own parts',
  },
  {
    actions: [
      'events:DescribeRule',
      'events:ListTargetsByRule',
      'lambda:ListEventSourceMappings',
      'scheduler:GetSchedule',
    ],
    may: 'read the stack’s own rules and schedule, and which functions of the account read what',
    harm: 'reads configuration',
  },
  {
    actions: ['lambda:TagResource'],
    when: ['aws:TagKeys'],
    may: 'send false canaries: write one tag on the watchdog itself',
    harm: 'own parts',
  },
  {
    actions: ['cloudwatch:PutMetricAlarm'],
    when: ['no cloudwatch:AlarmActions'],
    may: 'change the text and the threshold of the alarm about silence, but not whom it notifies',
    harm: 'own parts',
  },
  {
    actions: ['cloudwatch:SetAlarmState'],
    may: 'set the alarm about silence to a false state until it is evaluated next',
    harm: 'own parts',
  },
  {
    actions: ['lambda:InvokeFunction'],
    may: 'run the watchdog',
    harm: 'own parts',
  },
];

/** The line about what a role allows; `undefined` where nobody has reviewed it: of several, the one with most conditions. */
export function reviewOf({ action, conditions, own }: Granted): Reviewed | undefined {
  const fitting = reviewed.filter(
    (line) =>
      line.actions.includes(action) &&
      (line.own !== true || own) &&
      (line.when ?? []).every((condition) => conditions.includes(condition)),
  );
  return fitting.toSorted((a, b) => (b.when ?? []).length - (a.when ?? []).length)[0];
}
