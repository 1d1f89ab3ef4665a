/** Facts about EC2 and EBS. */
import type { Fact, Unknown } from '../../core/facts.ts';

/** A KMS key that encrypts EBS storage. */
export interface EncryptionKey {
  /** The key's ARN; where only its alias is known, the alias's ARN. */
  readonly arn: string;
  /** Whose key it is, as DescribeKey's KeyManager says; absent where it is not known. */
  readonly manager?: 'AWS' | 'CUSTOMER';
  /** Why it is not known whose key it is, where AWS was asked. */
  readonly managerUnknown?: Unknown;
}

/** Whether a volume is encrypted, and what shows it. */
export interface VolumeEncryption {
  readonly encrypted: boolean;
  /**
   * `aws`: AWS's own answer. `request`: what the call asked for. `launch-template`: what the template that the
   * launch used prescribes. `snapshot`: the snapshot that it was made from. `default`: the account's encryption
   * by default, at the time.
   */
  readonly shownBy: 'aws' | 'request' | 'launch-template' | 'snapshot' | 'default';
}

/** Who may restore a snapshot besides its owner. */
export interface SnapshotSharing {
  /** Account ids, and groups by their name: `all` is everyone. */
  readonly sharedWith: readonly string[];
  /**
   * `complete`: there are no others. `since-trail-began`: there may be others, made before the trail began.
   * `partly-unreadable`: an event changed the shares without saying how, or AWS returned a share without saying with
   * whom.
   */
  readonly coverage: 'complete' | 'since-trail-began' | 'partly-unreadable';
}

/** An instance type, and whether instances of it encrypt the traffic between them. */
export interface InstanceTypeSupport {
  readonly instanceType: string;
  readonly encryptionInTransitSupported: boolean;
}

/**
 * A version of a launch template as its user names it: a number, `$Latest` or `$Default`; without one, `$Default`.
 */
export interface LaunchTemplateUse {
  readonly id: string | undefined;
  readonly name: string | undefined;
  readonly version: string | undefined;
  /** Its user, as the beginning of a sentence: `the node group`. */
  readonly usedBy: string;
}

/** The type of the instances that a launch template prescribes: one, or requirements on it, or nothing. */
export interface TemplateInstanceType {
  readonly instanceType?: string;
  /** Whether InstanceRequirements choose the type at launch. */
  readonly byRequirements: boolean;
}

/** An EBS volume that a launch template prescribes. */
export interface TemplateVolume {
  readonly device: string;
  /** As the template says; absent where it does not. */
  readonly encrypted?: boolean;
  /** The key as the template names it: id, ARN or alias. To name one is to ask for encryption. */
  readonly kmsKeyId?: string;
  /** The snapshot that the volume is made from, where the template names one. */
  readonly snapshotId?: string;
}

export interface Ec2Facts {
  /** The instance's present type. */
  readonly 'ec2.instance': Fact<{ readonly instanceType: string }>;
  /**
   * Whether that type, or the one that a launch template prescribes, encrypts in transit. Authority:
   * DescribeInstanceTypes, NetworkInfo.EncryptionInTransitSupported.
   */
  readonly 'ec2.instanceType': Fact<InstanceTypeSupport>;
  /** Authority: DescribeVolumes, Encrypted. */
  readonly 'ec2.volumeEncryption': Fact<VolumeEncryption>;
  /** Authority: DescribeVolumes, KmsKeyId. */
  readonly 'ec2.volumeKey': Fact<EncryptionKey>;
  /** Whether EBS encryption by default is on, in the resource's account and Region: GetEbsEncryptionByDefault. */
  readonly 'ec2.ebsDefaultEncryption': Fact<boolean>;
  /** The key for volumes that name none, in the resource's account and Region: GetEbsDefaultKmsKeyId. */
  readonly 'ec2.ebsDefaultKey': Fact<EncryptionKey>;
  /** Authority: DescribeSnapshotAttribute, CreateVolumePermissions. */
  readonly 'ec2.snapshotSharing': Fact<SnapshotSharing>;
  /** Authority: DescribeSnapshots, Encrypted. */
  readonly 'ec2.snapshotEncryption': Fact<boolean>;
  /** The number of the template's newest version: DescribeLaunchTemplates, LatestVersionNumber. */
  readonly 'ec2.launchTemplateVersion': Fact<string>;
  /** What its newest version prescribes: DescribeLaunchTemplateVersions, InstanceType, InstanceRequirements. */
  readonly 'ec2.launchTemplateType': Fact<TemplateInstanceType>;
  /** What its newest version prescribes: DescribeLaunchTemplateVersions, BlockDeviceMappings with Ebs. */
  readonly 'ec2.launchTemplateVolumes': Fact<readonly TemplateVolume[]>;
}

declare module '../../core/facts.ts' {
  interface Facts extends Ec2Facts {}

  interface RelatedFacts {
    /** What is known of an instance type, by its name. */
    readonly 'ec2.instanceTypeSupport': { readonly key: string; readonly value: InstanceTypeSupport };
    /** The instance type that a version of a launch template prescribes. */
    readonly 'ec2.launchTemplateInstanceType': {
      readonly key: LaunchTemplateUse;
      readonly value: TemplateInstanceType;
    };
  }
}
