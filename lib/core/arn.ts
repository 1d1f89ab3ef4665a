/** Amazon Resource Names. Source: AWS General Reference, "Amazon Resource Names (ARNs)". */

export interface Arn {
  readonly partition: string;
  readonly service: string;
  readonly region: string;
  readonly account: string;
  /** All that follows the fifth colon. */
  readonly resource: string;
}

/**
 * Splits an ARN into its parts.
 * @param value any text; region and account may be empty in an ARN.
 * @returns the parts; `undefined` when `value` is not an ARN.
 * @example parseArn('arn:aws:ec2:eu-central-1:111122223333:instance/i-0123456789abcdef0')?.resource // 'instance/i-0123456789abcdef0'
 */
export function parseArn(value: string | undefined): Arn | undefined {
  if (value === undefined) return undefined;
  const match = /^arn:([^:]*):([^:]*):([^:]*):([^:]*):(.+)$/s.exec(value);
  if (match === null) return undefined;
  const [, partition = '', service = '', region = '', account = '', resource = ''] = match;
  return { partition, service, region, account, resource };
}

/**
 * The partition that holds a Region. Source: botocore `data/partitions.json` (the `regionRegex` of each).
 * @param region as AWS spells it, `eu-central-1`.
 * @returns the partition, `aws` where no other one fits.
 * @example partitionOf('us-gov-west-1') // 'aws-us-gov'
 */
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

/**
 * Builds an ARN; the partition follows from the Region.
 * @param resource all that follows the account.
 * @example arnOf('ec2', 'eu-central-1', '111122223333', 'volume/vol-1') // 'arn:aws:ec2:eu-central-1:111122223333:volume/vol-1'
 */
export function arnOf(service: string, region: string, account: string, resource: string): string {
  return `arn:${partitionOf(region)}:${service}:${region}:${account}:${resource}`;
}

/**
 * The account id in a text that is an account id (12 digits) or an ARN with one.
 * @param value any text.
 * @returns 12 digits; `undefined` where the text holds no account.
 * @example accountIn('arn:aws:iam::111122223333:root') // '111122223333'
 */
export function accountIn(value: string | undefined): string | undefined {
  if (value === undefined) return undefined;
  if (/^\d{12}$/.test(value)) return value;
  const account = parseArn(value)?.account;
  return account !== undefined && /^\d{12}$/.test(account) ? account : undefined;
}

/**
 * The form of the ARNs of one type of resource, for types whose ARN ends in the resource's id.
 * @param prefix the text between the account and the id: `instance/`.
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

/**
 * The id of a KMS key, from the key's ARN.
 * @param arn of a key or of an alias.
 * @returns the key's id; of an alias, its name with `alias/`; of any other text, that text.
 * @example keyIdIn('arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab') // '1234abcd-12ab-34cd-56ef-1234567890ab'
 */
export function keyIdIn(arn: string): string {
  return parseArn(arn)?.resource.replace(/^key\//, '') ?? arn;
}
