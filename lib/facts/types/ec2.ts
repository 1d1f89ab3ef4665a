/** Facts about EC2 and EBS. */
import type { Fact } from '../types.ts';

export interface Ec2Facts {
  /** The instance's present type. */
  readonly 'ec2.instance': Fact<{ readonly instanceType: string }>;
  /** What is known of that type. Authority: DescribeInstanceTypes, NetworkInfo.EncryptionInTransitSupported. */
  readonly 'ec2.instanceType': Fact<{ readonly instanceType: string; readonly encryptionInTransitSupported: boolean }>;
}
