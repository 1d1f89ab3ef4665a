/** What writes to EC2 and EBS are allowed on. Source: Service Authorization Reference, "Resource types defined by Amazon EC2". */
import type { WriteTarget } from '../../core/write.ts';

/**
 * Resources of the deployment's own account.
 * @example own('instance/*')
 */
export function own(resource: string): WriteTarget {
  return { service: 'ec2', resource };
}

/** The ARN of a snapshot names no account. */
export const allSnapshots: WriteTarget = { service: 'ec2', resource: 'snapshot/*', account: 'none' };
