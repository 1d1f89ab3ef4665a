/** Amazon Resource Names. Source: AWS General Reference, "Amazon Resource Names (ARNs)". */

export interface Arn {
  readonly partition: string;
  readonly service: string;
  readonly region: string;
  readonly account: string;
  /** All that follows the fifth colon. */
  readonly resource: string;
}

/** The parts of an ARN, or `undefined` when `value` is not one. */
export function parseArn(value: string | undefined): Arn | undefined {
  if (value === undefined) return undefined;
  const match = /^arn:([^:]*):([^:]*):([^:]*):([^:]*):(.+)$/s.exec(value);
  if (match === null) return undefined;
  const [, partition = '', service = '', region = '', account = '', resource = ''] = match;
  return { partition, service, region, account, resource };
}

/** The partition a Region lies in. Source: botocore `data/partitions.json` (the `regionRegex` of each). */
export function partitionOf(region: string): string {
  if (region.startsWith('cn-')) return 'aws-cn';
  if (region.startsWith('us-gov-')) return 'aws-us-gov';
  if (region.startsWith('us-isob-')) return 'aws-iso-b';
  if (region.startsWith('us-isof-')) return 'aws-iso-f';
  if (region.startsWith('eu-isoe-')) return 'aws-iso-e';
  if (region.startsWith('us-iso-')) return 'aws-iso';
  if (region.startsWith('eusc-')) return 'aws-eusc';
  return 'aws';
}

/** An ARN from its parts; the partition follows from the Region. */
export function arnOf(service: string, region: string, account: string, resource: string): string {
  return `arn:${partitionOf(region)}:${service}:${region}:${account}:${resource}`;
}

/** The account id in `value`, when it is one (12 digits) or an ARN that holds one. */
export function accountIn(value: string | undefined): string | undefined {
  if (value === undefined) return undefined;
  if (/^\d{12}$/.test(value)) return value;
  const account = parseArn(value)?.account;
  return account !== undefined && /^\d{12}$/.test(account) ? account : undefined;
}

/**
 * The form of the ARNs of one type of resource that end in its id.
 * @param prefix what stands between the account and the id: `instance/`.
 * @example arnForm('ec2', 'instance/').resource('i-0abc') // 'instance/i-0abc'
 */
export function arnForm(
  service: string,
  prefix: string,
  particular: { readonly withoutAccount?: true } = {},
): {
  readonly service: string;
  readonly resource: (id: string) => string;
  readonly idIn: (resource: string) => string | undefined;
  readonly withoutAccount?: true;
} {
  return {
    service,
    resource: (id) => `${prefix}${id}`,
    idIn: (resource) => {
      const id = resource.startsWith(prefix) ? resource.slice(prefix.length) : '';
      return /^[^/#]+$/.test(id) ? id : undefined;
    },
    ...particular,
  };
}

/** The id of the KMS key with this ARN; of an alias, which names no key, what names it. */
export function keyIdIn(arn: string): string {
  return parseArn(arn)?.resource.replace(/^key\//, '') ?? arn;
}
