/** Facts about EKS clusters and their node groups. */
import type { Fact, Facts } from '../../core/facts.ts';

/** The control plane's logs. Source: EKS API Reference, LogSetup. */
export const controlPlaneLogs = ['api', 'audit', 'authenticator', 'controllerManager', 'scheduler'] as const;
export type ControlPlaneLog = (typeof controlPlaneLogs)[number];

export interface EksFacts {
  /** The Kubernetes version, as `1.31`. Authority: DescribeCluster, version. */
  readonly 'eks.version': Fact<string>;
  /**
   * The customer's key for the cluster's data, as the caller named it (an ARN or an alias); `null` without
   * encryptionConfig. Authority: DescribeCluster, encryptionConfig[].provider.keyArn.
   */
  readonly 'eks.secretsEncryption': Fact<{ readonly key: string | null }>;
  /** Authority: DescribeCluster, resourcesVpcConfig.endpointPublicAccess. */
  readonly 'eks.endpointPublicAccess': Fact<boolean>;
  /** Which addresses reach the public endpoint while it is on. Authority: resourcesVpcConfig.publicAccessCidrs. */
  readonly 'eks.publicAccessCidrs': Fact<readonly string[]>;
  /** Which logs are exported; a log without an entry is not known. Authority: DescribeCluster, logging. */
  readonly 'eks.logging': Fact<{ readonly [Log in ControlPlaneLog]?: boolean }>;
  /** The instance types that a node group launches, and what names them. Authority: DescribeNodegroup. */
  readonly 'eks.nodegroup': Fact<{
    readonly instanceTypes: readonly string[];
    readonly namedBy: 'node group' | 'launch template' | 'EKS default';
  }>;
  /** What is known about each of these types, in their order. */
  readonly 'eks.nodegroupTypes': Fact<
    readonly { readonly instanceType: string; readonly support: Facts['ec2.instanceType'] }[]
  >;
}

declare module '../../core/facts.ts' {
  interface Facts extends EksFacts {}
}
