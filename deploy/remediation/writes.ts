/**
 * On what each action may write, as narrowly as IAM can tell. A write that is not told here is allowed nowhere.
 * Sources: Service Authorization Reference, "Actions, resources, and condition keys" of each service; Amazon EC2 User
 * Guide, "Grant permission to tag Amazon EC2 resources during creation".
 */
import type { ActionId } from '../../lib/core/action.ts';
import type { Control, ResourceType } from '../../lib/core/control.ts';
import type { Policy } from '../../lib/policy/model.ts';
import { isTaggable, resourceTypeOf, serviceOf } from '../../lib/services/catalogue.ts';
import { isolationTag, quarantineTag } from '../../lib/services/ec2/quarantine/names.ts';
import { eksSecretsEncryption, keyNamed } from '../../lib/services/eks/controls/eks-secrets-encryption.ts';
import { tagAdapterOf } from '../../lib/services/tags.ts';
import { type Grant, ofThisRegion } from '../grants.ts';
import { capital, endpointOf, localArn, ref, sub, type Value } from '../template.ts';

/** A part of what an action may do; without a condition where IAM knows none that fits. */
type Narrow = Pick<Grant, 'sid' | 'resource' | 'condition'>;

/** @throws TypeError for a write of which it is not told here on what it is allowed. */
export function writes(
  action: ActionId,
  permissions: readonly string[],
  controls: readonly Control[],
  policy: Policy,
): readonly Grant[] {
  return granted(action, narrowed(action, controls, policy), permissions, controls);
}

function narrowed(action: ActionId, controls: readonly Control[], policy: Policy): Narrowed {
  if (action === 'tag') return tagging(controls, policy.actions.tag.prefix);
  return action === 'fix:associate-encryption'
    ? { ...byAction[action], 'kms:CreateGrant': grantsForEks(policy) }
    : byAction[action];
}

/** What puts back what the action changed. @throws TypeError as `writes` does. */
export function undoing(
  action: Exclude<ActionId, 'tag'>,
  permissions: readonly string[],
  controls: readonly Control[],
): readonly Grant[] {
  return granted(`undo of ${action}`, { ...byAction[action], ...forUndo[action] }, permissions, controls);
}

function granted(
  what: string,
  narrow: Narrowed,
  permissions: readonly string[],
  controls: readonly Control[],
): readonly Grant[] {
  return permissions.flatMap((permission) => {
    const some = narrow[permission];
    if (some === undefined) throw new TypeError(`on what ${what} may call ${permission} is not told`);
    const why = `${what}, for ${controls.map(({ id }) => id).join(', ')}`;
    return some.map((one) => ({ ...one, action: permission, why }));
  });
}

const keys = localArn('kms', 'key/*');
const clusters = localArn('eks', 'cluster/*');
/** Of snapshots the ARN names no account. */
const snapshots = sub(`arn:\${AWS::Partition}:ec2:\${AWS::Region}::snapshot/*`);
const ec2 = (type: string): Value => localArn('ec2', `${type}/*`);
const absent = (...keysOfRequest: readonly string[]) => ({
  Null: Object.fromEntries(keysOfRequest.map((key) => [key, 'true'])),
});
const present = (key: string) => ({ Null: { [key]: 'false' } });

/** Trailseal's own keys are left alone: CloudFormation tags them, and nobody else can set its tags. */
const notOwn = {
  StringNotEquals: { 'aws:ResourceTag/aws:cloudformation:stack-name': ref('AWS::StackName') },
} as const;
const ofKeys = (sid: string): readonly Narrow[] => [{ sid, resource: keys, condition: notOwn }];

type Narrowed = Readonly<Record<string, readonly Narrow[]>>;

const byAction: Readonly<Record<Exclude<ActionId, 'tag'>, Narrowed>> = {
  'fix:cancel-key-deletion': {
    'kms:CancelKeyDeletion': ofKeys('FixKeys'),
    'kms:EnableKey': ofKeys('FixKeys'),
  },
  'fix:enable-key': { 'kms:EnableKey': ofKeys('FixKeys') },
  'fix:enable-rotation': { 'kms:EnableKeyRotation': ofKeys('FixKeys') },
  'fix:restore-key-policy': {
    'kms:PutKeyPolicy': [
      {
        sid: 'FixKeyPolicies',
        resource: keys,
        condition: { ...notOwn, BoolIfExists: { 'kms:BypassPolicyLockoutSafetyCheck': 'false' } },
      },
    ],
  },
  'fix:revoke-grant': { 'kms:RevokeGrant': ofKeys('FixKeys') },
  'fix:enable-default-encryption': {
    'ec2:EnableEbsEncryptionByDefault': [{ sid: 'FixDefaults', ...ofThisRegion }],
  },
  'fix:unshare-snapshot': {
    'ec2:ModifySnapshotAttribute': [
      // Sharing is only ever taken away.
      { sid: 'FixSnapshots', resource: snapshots, condition: absent('ec2:Add/group', 'ec2:Add/userId') },
    ],
  },
  'fix:restrict-endpoint': { 'eks:UpdateClusterConfig': [{ sid: 'FixClusters', resource: clusters }] },
  'fix:enable-audit-logging': { 'eks:UpdateClusterConfig': [{ sid: 'FixClusters', resource: clusters }] },
  'fix:associate-encryption': {
    'eks:AssociateEncryptionConfig': [{ sid: 'FixClusters', resource: clusters }],
  },
  quarantine: {
    'autoscaling:DetachInstances': members(),
    'autoscaling:EnterStandby': members(),
    'elasticloadbalancing:DeregisterTargets': [
      { sid: 'QuarantineTargets', resource: localArn('elasticloadbalancing', 'targetgroup/*') },
    ],
    'ec2:CreateSecurityGroup': [
      { sid: 'QuarantineVpcs', resource: ec2('vpc') },
      {
        sid: 'QuarantineNewGroups',
        resource: ec2('security-group'),
        condition: present(`aws:RequestTag/${isolationTag}`),
      },
    ],
    'ec2:RevokeSecurityGroupEgress': [
      {
        sid: 'QuarantineGroups',
        resource: ec2('security-group'),
        condition: present(`aws:ResourceTag/${isolationTag}`),
      },
    ],
    'ec2:CreateSnapshots': [
      { sid: 'QuarantineVolumes', resource: [ec2('instance'), ec2('volume')] },
      {
        sid: 'QuarantineSnapshots',
        resource: snapshots,
        condition: present(`aws:RequestTag/${quarantineTag}`),
      },
    ],
    'ec2:CreateTags': [
      {
        sid: 'QuarantineTags',
        resource: [ec2('security-group'), snapshots],
        condition: { StringEquals: { 'ec2:CreateAction': ['CreateSecurityGroup', 'CreateSnapshots'] } },
      },
    ],
    'ec2:ModifyInstanceAttribute': [{ sid: 'QuarantineInstances', resource: ec2('instance') }],
    'ec2:StopInstances': [{ sid: 'QuarantineInstances', resource: ec2('instance') }],
    'ec2:ModifyNetworkInterfaceAttribute': [
      {
        sid: 'QuarantineInterfaces',
        resource: [ec2('instance'), ec2('network-interface'), ec2('security-group'), ec2('subnet')],
      },
    ],
  },
};

/** What an undo may write besides, or on other conditions than its action. */
const forUndo: Readonly<Partial<Record<ActionId, Narrowed>>> = {
  'fix:enable-key': { 'kms:DisableKey': ofKeys('FixKeys') },
  'fix:enable-rotation': { 'kms:DisableKeyRotation': ofKeys('FixKeys') },
  'fix:enable-default-encryption': {
    'ec2:DisableEbsEncryptionByDefault': [{ sid: 'FixDefaults', ...ofThisRegion }],
  },
  'fix:unshare-snapshot': {
    'ec2:ModifySnapshotAttribute': [
      // The other way round: sharing is only ever given back.
      {
        sid: 'UndoSnapshots',
        resource: snapshots,
        condition: absent('ec2:Remove/group', 'ec2:Remove/userId'),
      },
    ],
  },
  quarantine: {
    'autoscaling:AttachInstances': members(),
    'autoscaling:ExitStandby': members(),
    'elasticloadbalancing:RegisterTargets': [
      { sid: 'QuarantineTargets', resource: localArn('elasticloadbalancing', 'targetgroup/*') },
    ],
    'ec2:StartInstances': [{ sid: 'QuarantineInstances', resource: ec2('instance') }],
    'kms:CreateGrant': [
      {
        sid: 'UndoVolumeKeys',
        // Those of other accounts too, whose own policies have to allow it.
        resource: sub(`arn:\${AWS::Partition}:kms:\${AWS::Region}:*:key/*`),
        // Only as EC2 asks for it in the name of whoever starts an instance.
        condition: {
          Bool: { 'kms:GrantIsForAWSResource': 'true' },
          StringEquals: { 'kms:ViaService': endpointOf('ec2') },
          ...notOwn,
        },
      },
    ],
  },
};

/**
 * A grant lets others use the key: only on the one key that the policy names; where it names none, the action is skipped.
 * EKS makes the grant in the caller's name, but not so that kms:GrantIsForAWSResource holds. Source: Amazon EKS User
 * Guide, "Encrypt Kubernetes secrets with KMS on existing clusters" (last note).
 */
function grantsForEks({ controls }: Policy): readonly Narrow[] {
  const settings = eksSecretsEncryption.settings.safeParse(controls.get(eksSecretsEncryption.id)?.settings);
  const key = settings.success ? keyNamed(settings.data.key) : undefined;
  if (key === undefined || !/^arn:[\w-]+:kms:[\w-]+:\d{12}:key\/[\w-]+$/.test(key)) return [];
  return [{ sid: 'AssociateKey', resource: key, condition: notOwn }];
}

function members(): readonly Narrow[] {
  const resource = localArn('autoscaling', 'autoScalingGroup:*:autoScalingGroupName/*');
  return [{ sid: 'QuarantineMembers', resource }];
}

/** Tags whose names begin with the policy's prefix, on the kinds of resources that the controls are about. */
function tagging(controls: readonly Control[], prefix: string): Narrowed {
  const types = [...new Set(controls.map(({ resourceType }) => resourceType))];
  const names = { 'ForAllValues:StringLike': { 'aws:TagKeys': `${prefix}*` }, ...present('aws:TagKeys') };
  const narrowed = types.flatMap((type) => {
    const service = serviceOf(type)?.id ?? '';
    const permissions = tagAdapterOf(type)?.permissions;
    const narrow: Narrow = {
      sid: `Tag${capital(service)}`,
      resource: allOf(types.filter((other) => serviceOf(other)?.id === service)),
      // Of what CloudFormation tags for the stack itself, only keys could be taken for a customer's.
      condition: service === 'kms' ? { ...names, ...notOwn } : names,
    };
    return permissions === undefined
      ? []
      : [permissions.set, permissions.remove].map((one) => [one, [narrow]]);
  });
  return Object.fromEntries(narrowed);
}

/** The ARNs of all resources of these types in this account and Region, of those that can have tags. */
function allOf(types: readonly ResourceType[]): readonly Value[] {
  return types
    .filter((type) => isTaggable({ type }))
    .map((type) => {
      const { service, resource, withoutAccount } = resourceTypeOf(type).arn;
      return withoutAccount === true
        ? sub(`arn:\${AWS::Partition}:${service}:\${AWS::Region}::${resource('*')}`)
        : localArn(service, resource('*'));
    });
}
