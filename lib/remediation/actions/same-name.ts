/**
 * Whether the id and the ARN of a resource name the same. They always do where an event or AWS tells of it; but facts are
 * read by one of them and writes made by the other, so that of a forged entry of the state table one resource would be evaluated
 * and another changed. Source: Service Authorization Reference, "Resource types defined by" EC2, EKS, KMS and IAM.
 */
import type { Arn } from '../../core/arn.ts';
import type { Resource, ResourceType } from '../../core/control.ts';

/** The service, and all that follows the account, of the ARN of a resource of this id. */
const ends: Readonly<Record<ResourceType, (id: string) => readonly [service: string, resource: string]>> = {
  AwsAccount: () => ['iam', 'root'],
  AwsEc2Instance: (id) => ['ec2', `instance/${id}`],
  AwsEc2Volume: (id) => ['ec2', `volume/${id}`],
  AwsEc2Snapshot: (id) => ['ec2', `snapshot/${id}`],
  AwsEc2LaunchTemplate: (id) => ['ec2', `launch-template/${id}`],
  AwsEksCluster: (id) => ['eks', `cluster/${id}`],
  AwsEksNodegroup: (id) => ['eks', `nodegroup/${id}`],
  AwsKmsKey: (id) => ['kms', `key/${id}`],
  // A grant has no ARN, and bears that of its key: `<key id>/<grant id>`.
  AwsKmsGrant: (id) => ['kms', `key/${id.slice(0, Math.max(0, id.lastIndexOf('/')))}`],
};

/** @param arn that of the resource. */
export function sameName({ type, id, account }: Resource, arn: Arn): boolean {
  // What an entry says its type is may be none, and no member of the table's own.
  if (!Object.hasOwn(ends, type)) return false;
  if (type === 'AwsAccount' && id !== account) return false;
  const [service, resource] = ends[type](id);
  // That of a node group ends in an id that only EKS knows.
  const longer = type === 'AwsEksNodegroup' && arn.resource.startsWith(`${resource}/`);
  return arn.service === service && (arn.resource === resource || longer);
}
